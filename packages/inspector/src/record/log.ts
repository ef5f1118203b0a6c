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
const TELL_MS = 100;

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

  producer(id: string, known: Partial<ProducerRecord>): void {
    const before = this.producers.get(id);
    if (before === undefined && this.producers.size >= PRODUCERS) {
      for (const oldest of this.producers.keys()) {
        this.producers.delete(oldest);
        break;
      }
    }
    const none = { id, firstUnsettled: 1, nextSeq: 1, sent: 0, settled: 0, refused: 0, isFinished: false };
    this.producers.set(id, { ...none, ...before, ...known });
  }

  clear(): void {
    const state = this.states.last;
    for (const ring of [this.states, this.events, this.signals, this.roundTrips, this.seconds, this.frames])
      ring.clear();
    if (state !== undefined) this.states.push(state);
    this.changed();
  }
}
