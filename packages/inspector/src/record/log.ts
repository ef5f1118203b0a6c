import type { EventRecord } from '@holdfast/core';
import type {
  ConnectionRecord,
  DescribedFrame,
  Direction,
  FrameRecord,
  ProducerRecord,
  RoundTrip,
  SecondRecord,
  SessionRecord,
  SignalRecord,
  StateRecord,
} from './records.ts';
import { Ring } from './ring.ts';

/** Whoever looks is told at most so often: a panel that changes faster can't be read. */
const TELL_MS = 200;

/** Most producers that are told apart; the one that was first seen goes first. */
const PRODUCERS = 100;

/** All that an inspector has seen. Every part is a ring: the newest push the oldest out. */
export class InspectorLog {
  readonly states: Ring<StateRecord> = new Ring(500);
  readonly events: Ring<EventRecord> = new Ring(500);
  readonly connections: Ring<ConnectionRecord> = new Ring(100);
  readonly sessions: Ring<SessionRecord> = new Ring(50);
  readonly signals: Ring<SignalRecord> = new Ring(200);
  readonly roundTrips: Ring<RoundTrip> = new Ring(1_000);
  /** Ten minutes. */
  readonly seconds: Ring<SecondRecord> = new Ring(600);
  readonly producers: Map<string, ProducerRecord> = new Map();
  readonly frames: Ring<FrameRecord>;
  #version = 0;
  #frameId = 0;
  #connectionId = 0;
  readonly #listeners = new Set<() => void>();
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(maxFrames: number) {
    this.frames = new Ring(maxFrames);
  }

  /** Another number whenever there is something new. */
  readonly getVersion = (): number => this.#version;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size > 0) return;
      clearTimeout(this.#timer);
      this.#timer = undefined;
    };
  };

  /** Something was pushed. */
  changed(): void {
    this.#version += 1;
    if (this.#listeners.size === 0) return;
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      for (const listener of this.#listeners) listener();
    }, TELL_MS);
  }

  state(record: StateRecord): void {
    this.states.push(record);
    this.changed();
  }

  frame(at: number, connection: number, direction: Direction, frame: DescribedFrame): void {
    this.#frameId += 1;
    this.frames.push({ id: this.#frameId, at, connection, direction, ...frame });
  }

  nextConnection(): number {
    this.#connectionId += 1;
    return this.#connectionId;
  }

  /** A new WebSocket, or what is known of one that is kept. */
  connection(record: ConnectionRecord): void {
    const { connections } = this;
    const at = connections.length - 1 - ((connections.last?.id ?? 0) - record.id);
    if (record.id > (connections.last?.id ?? 0)) connections.push(record);
    else connections.replace(at, record);
    this.changed();
  }

  /** One WebSocket message went over the wire. */
  traffic(at: number, direction: Direction, bytes: number): void {
    const second = Math.floor(at / 1_000);
    let bucket = this.seconds.last;
    if (bucket === undefined || bucket.second < second) {
      bucket = { second, messagesUp: 0, messagesDown: 0, bytesUp: 0, bytesDown: 0 };
      this.seconds.push(bucket);
    }
    if (direction === 'up') {
      bucket.messagesUp += 1;
      bucket.bytesUp += bytes;
    } else {
      bucket.messagesDown += 1;
      bucket.bytesDown += bytes;
    }
    this.changed();
  }

  /** A fault was made here, or is over: a record like those of the socket. */
  fault(name: string, message: string): void {
    const timestamp = Date.now();
    this.events.push({ timestamp, level: 'warn', name: `fault.${name}`, connectionId: 0, traceId: '', message });
    this.changed();
  }

  /** Numbers only rise: a late frame of an older connection takes nothing back. Refusals add up. */
  producer(id: string, known: Partial<Omit<ProducerRecord, 'id'>>): void {
    const before = this.producers.get(id);
    if (before === undefined && this.producers.size >= PRODUCERS) {
      for (const oldest of this.producers.keys()) {
        this.producers.delete(oldest);
        break;
      }
    }
    const { sent = 0, settled = 0, refused = 0, isFinished = false, nextSeq = 1 } = before ?? {};
    this.producers.set(id, {
      id,
      nextSeq: Math.max(nextSeq, known.nextSeq ?? 1, (known.sent ?? 0) + 1),
      sent: Math.max(sent, known.sent ?? 0),
      settled: Math.max(settled, known.settled ?? 0),
      refused: refused + (known.refused ?? 0),
      isFinished: isFinished || known.isFinished === true,
    });
  }

  /** Forgets the frames; states, records and numbers stay. */
  clearFrames(): void {
    this.frames.clear();
    this.changed();
  }
}
