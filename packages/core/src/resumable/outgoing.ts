import type { EncodedPayload } from '../lib/bytes.ts';
import { Deque } from '../lib/deque.ts';
import { outboxQueue, type OutboxQueue } from '../machines/outbox.ts';
import { ProducerLog, type Entry } from '../machines/producer-log.ts';

/** A message of the library, or one of our own, whose `size` is 0. */
export interface Outgoing extends Entry {
  payload: EncodedPayload;
  isReading: boolean;
  /** What it counts to the library: the bytes that a plain WebSocket would send. */
  readonly size: number;
}

/** A socket, as far as it tells what has left it. */
interface Outlet {
  readonly bufferedAmount: number;
}

/**
 * What goes to the server, until the server has it. A message is *waiting* until its last byte has left a socket: what a
 * socket held when it died waits again, and what went out once never counts again, however often it is sent.
 */
export class OutgoingLog {
  readonly queue: OutboxQueue;
  readonly #log: ProducerLog;
  readonly #onSettled: (isTaken: boolean) => void;
  readonly #unwritten = new Deque<Outgoing>();
  /** Those whose payload is on its way: the first of them holds up what follows. */
  #reading: Outgoing[] = [];
  /** Bytes that have not left this page. */
  #waiting = 0;
  /** Bytes that the server may not have. */
  kept = 0;
  /** Bytes given to the socket in use, and which message ended where. */
  #given = 0;
  #marks = new Deque<{ seq: number; readonly end: number }>();

  /** @param onSettled The server has taken a message, or has refused it. */
  constructor(id: string, onSettled: (isTaken: boolean) => void) {
    this.#onSettled = onSettled;
    this.#log = new ProducerLog(id, (entry, failure) => {
      this.kept -= (entry as Outgoing).size;
      this.#wrote(entry.seq);
      this.#onSettled(failure === null);
    });
    this.queue = outboxQueue(this.#log);
  }

  /** @param payload As it goes on the wire, where it counts `bytes`; null: it is still on its way, see `read`. */
  append(payload: EncodedPayload | null, bytes: number, size: number): Outgoing {
    const entry: Outgoing = {
      seq: 0,
      payload: payload ?? '',
      isReading: payload === null,
      bytes,
      size,
      status: 'queued',
      maybeSent: false,
      isWithdrawn: false,
      ttl: null,
      expiresAt: null,
    };
    this.#log.append(entry);
    this.#unwritten.push(entry);
    if (payload === null) this.#reading.push(entry);
    this.#waiting += size;
    this.kept += size;
    return entry;
  }

  /** A payload has come that was still on its way. */
  read(entry: Outgoing, payload: EncodedPayload): void {
    entry.payload = payload;
    entry.isReading = false;
    this.#reading = this.#reading.filter(({ isReading }) => isReading);
  }

  /** Bytes that wait. */
  waiting(socket: Outlet | null): number {
    this.#look(socket);
    return this.#waiting;
  }

  /** Something was written to the socket in use, which held `before` bytes then. */
  written(socket: Outlet, before: number): void {
    this.#look(socket);
    this.#given += Math.max(0, socket.bufferedAmount - before);
    // The newest of them may not be in this one: a frame that finds no room in a batch has it written first.
    this.#marks.push({ seq: this.#sent - 1, end: this.#given });
  }

  /** The socket in use is left for good. */
  left(socket: Outlet | null): void {
    this.#look(socket);
    this.#given = 0;
    this.#marks = new Deque();
  }

  /** Seq of the last message that was written to the socket in use. */
  get #sent(): number {
    return (this.#log.peek() ?? this.#reading[0] ?? { seq: this.#log.nextSeq }).seq - 1;
  }

  /** Never asked in the middle of a flush, at whose end all is written that counts as sent. */
  #look(socket: Outlet | null): void {
    const newest = this.#marks.at(this.#marks.length - 1);
    if (socket === null || newest === undefined) return;
    const gone = this.#given - socket.bufferedAmount;
    if (gone >= newest.end) newest.seq = this.#sent;
    for (let mark = this.#marks.at(0); mark !== undefined && mark.end <= gone; mark = this.#marks.at(0)) {
      this.#marks.shift();
      this.#wrote(mark.seq);
    }
  }

  #wrote(seq: number): void {
    for (let first = this.#unwritten.at(0); first !== undefined && first.seq <= seq; first = this.#unwritten.at(0)) {
      this.#unwritten.shift();
      this.#waiting -= first.size;
    }
  }
}
