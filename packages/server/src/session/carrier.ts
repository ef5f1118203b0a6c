import { Deque } from '@holdfast/core/protocol';
import { payloadCost } from './payload-cost.ts';
import type { Limits } from './limits.ts';
import type { ServerSession } from './server-session.ts';
import type { UserEntry } from './user-queue.ts';

/** What a user's queue hears of one of the user's sessions. */
export interface CarrierHost {
  /** Place of the queue's first entry. */
  readonly place: number;
  /** Everything up to this seq of the queue was acknowledged. */
  confirmed(through: number): void;
  /** The session may take more. */
  ready(): void;
  ended(): void;
}

interface Travelling {
  readonly offset: number;
  /** In the queue. */
  readonly place: number;
  readonly entry: UserEntry;
}

/** A user's queue as it travels in one session: under which offsets, and what of it the client has acknowledged. */
export class Carrier {
  /** Place of the next entry in the queue, counted from the first ever. */
  place: number;
  readonly #session: ServerSession;
  readonly #host: CarrierHost;
  /** Half of the session's replay buffer: the rest is for what the app sends to the session itself. */
  readonly #room: { readonly messages: number; readonly bytes: number };
  #travelling = new Deque<Travelling>();
  #bytes = 0;
  #newest = 0;

  constructor(session: ServerSession, replay: Limits['replay'], host: CarrierHost) {
    this.#session = session;
    this.#host = host;
    this.place = host.place;
    this.#room = { messages: replay.messages / 2, bytes: replay.bytes / 2 };
  }

  /** Whether one more may travel now. */
  hasRoom({ payload }: UserEntry): boolean {
    if (!this.#session.isConnected) return false;
    const { length } = this.#travelling;
    return length === 0 || (length < this.#room.messages && this.#bytes + payloadCost(payload) <= this.#room.bytes);
  }

  /** Whether a message went out to a client that is there. */
  hasSent(seq: number): boolean {
    return this.#session.isConnected && this.#newest >= seq;
  }

  take(entry: UserEntry): void {
    this.#keep({ offset: this.#session.push(entry.payload), place: this.place, entry });
    this.#newest = entry.seq;
    // What another session has acknowledged is kept here as long as the replay buffer keeps it, and no longer.
    while (this.#travelling.length > this.#room.messages && this.#travelling.at(0)?.entry.isGone === true)
      this.#shift();
  }

  /** The client has everything up to `offset`. */
  confirmed(offset: number): void {
    let through = 0;
    for (
      let first = this.#travelling.at(0);
      first !== undefined && first.offset <= offset;
      first = this.#travelling.at(0)
    ) {
      through = first.entry.seq;
      this.#shift();
    }
    if (through > 0) this.#host.confirmed(through);
  }

  /**
   * Everything up to this offset has fallen out of the replay buffer, and the client that comes back has seen nothing behind
   * it. What is still in the queue moves up to the offsets of the messages of this queue that follow; for the last ones
   * none is left: they travel again. So order is kept, and what the session itself was sent keeps its offsets.
   */
  lost(through: number): void {
    const all = [...this.#travelling];
    const waiting = new Deque<Travelling>();
    for (const item of all) if (!item.entry.isGone) waiting.push(item);
    this.#travelling = new Deque();
    this.#bytes = 0;
    for (const item of all) {
      if (item.offset <= through) continue;
      const first = waiting.at(0);
      // What another session has acknowledged is before all that waits, and stays. What has expired behind it makes room.
      const next = first !== undefined && first.place <= item.place ? (waiting.shift() as Travelling) : item;
      if (next !== item) this.#session.replace(item.offset, next.entry.payload);
      this.#keep({ ...next, offset: item.offset });
    }
    this.place = waiting.at(0)?.place ?? this.place;
  }

  /** The client is back. */
  ready(): void {
    this.#host.ready();
  }

  ended(): void {
    this.#host.ended();
  }

  #keep(item: Travelling): void {
    this.#travelling.push(item);
    this.#bytes += payloadCost(item.entry.payload);
  }

  #shift(): void {
    this.#bytes -= payloadCost(this.#travelling.shift()?.entry.payload ?? '');
  }
}
