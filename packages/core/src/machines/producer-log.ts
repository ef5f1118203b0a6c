import { Deque } from '../lib/deque.ts';
import type { Failure } from '../lib/errors.ts';
import type { ProducerClaim, Taken, WireError } from '../protocol/frames.ts';

/**
 * What is known of a message. Only the server's word settles what may have been sent: `delivered` and `failed` are
 * final, `withdrawn` waits for storage to forget the message and is never sent from then on.
 */
export type EntryStatus = 'queued' | 'inFlight' | 'withdrawn' | 'delivered' | 'failed';

export interface Entry {
  readonly seq: number;
  /** The JSON text that goes on the wire, encoded once. */
  readonly payload: string;
  readonly bytes: number;
  status: EntryStatus;
  /** Whether it may have reached a server: only a `taken` that lacks it makes this false again. */
  maybeSent: boolean;
  /** Time to live and when it began by the server's clock, as it is stored. */
  readonly ttl: { readonly ms: number; readonly since: number | null } | null;
  /** On the clock of `now`; null: never, or not known before the server's clock is. */
  expiresAt: number | null;
}

/** How a log tells what became of an entry: null is success. */
export type OnSettled = (entry: Entry, failure: Failure | null) => void;

/**
 * The messages of one producer, in order: what is unsettled, and how far this connection has come. Ends of the log:
 * acknowledged messages leave at the front, new ones enter at the back. Nothing is ever copied.
 */
export class ProducerLog {
  readonly id: string;
  /** Seq of the next message. */
  nextSeq: number;
  /** Highest seq that was ever written to a socket, as far as anybody can know. */
  maybeSent: number;
  /** Sends nothing before this log is settled. */
  after: ProducerLog | null = null;
  /** Place in the order in which this connection listed its producers; null: not listed yet. */
  index: number | null = null;
  /** Whether a message of it can expire: a log without one is never searched. */
  hasTtl = false;
  /** Whether the server has said what it took: only then messages flow. */
  isReady = false;
  readonly #entries = new Deque<Entry>();
  /** Entries before this place were sent or skipped on this connection. */
  #cursor = 0;
  /** What the last claim gave as first unsettled: the server counts from there. */
  #claimedFirst = 1;
  /** Last seq that the server of this connection counts as seen. */
  #onWire = 0;
  #inFlight = 0;
  #inFlightBytes = 0;
  #unsettled = 0;
  readonly #onSettled: OnSettled;

  constructor(id: string, onSettled: OnSettled, nextSeq = 1, maybeSent = 0) {
    this.id = id;
    this.nextSeq = nextSeq;
    this.maybeSent = maybeSent;
    this.#onSettled = onSettled;
  }

  get firstUnsettled(): number {
    return this.#entries.at(0)?.seq ?? this.nextSeq;
  }

  get isSettled(): boolean {
    return this.#entries.length === 0;
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  get inFlightBytes(): number {
    return this.#inFlightBytes;
  }

  /** Messages that are not settled. */
  get unsettled(): number {
    return this.#unsettled;
  }

  get entries(): Iterable<Entry> {
    return this.#entries;
  }

  append(message: { payload: string; bytes: number; ttl: Entry['ttl']; expiresAt: number | null }): Entry {
    const entry: Entry = { ...message, seq: this.nextSeq, status: 'queued', maybeSent: false };
    this.hasTtl ||= message.ttl !== null;
    this.nextSeq += 1;
    this.#entries.push(entry);
    this.#unsettled += 1;
    return entry;
  }

  /** Puts back what storage had, in order. All of it may have been sent by the page that wrote it. */
  restore(message: { seq: number; payload: string; bytes: number; ttl: Entry['ttl'] }): void {
    this.#entries.push({ ...message, status: 'queued', maybeSent: true, expiresAt: null });
    this.hasTtl ||= message.ttl !== null;
    this.#unsettled += 1;
    this.nextSeq = message.seq + 1;
    this.maybeSent = message.seq;
  }

  /** What the server is asked about this log. */
  claim(): ProducerClaim {
    this.#claimedFirst = this.firstUnsettled;
    return [this.id, this.#claimedFirst, this.nextSeq, this.maybeSent];
  }

  /** The connection is gone: what was in flight waits for the next server's word. */
  unlist(): void {
    this.index = null;
    this.isReady = false;
    this.#inFlight = 0;
    this.#inFlightBytes = 0;
    for (const entry of this.#entries) if (entry.status === 'inFlight') entry.status = 'queued';
  }

  /** The server's word on what it has: the rest is sent, in order, from there. */
  begin(taken: Taken): void {
    if (taken !== null) {
      for (const [seq, error] of taken[1]) this.#refuse(seq, error);
      this.#settleThrough(taken[0]);
      // What the server lacks now it will never take by an earlier sending: nothing of it can be on the way. Only what a
      // server that crashed may have run before it could write that down stays in doubt.
      const doubtUpTo = taken[2] ?? 0;
      for (const entry of this.#entries) if (entry.seq > doubtUpTo) entry.maybeSent = false;
    }
    this.#cursor = 0;
    this.#inFlight = 0;
    this.#inFlightBytes = 0;
    this.#onWire = Math.max(taken?.[0] ?? 0, this.#claimedFirst - 1);
    this.isReady = true;
  }

  /** The next message to send, if there is one. */
  peek(): Entry | undefined {
    let entry = this.#entries.at(this.#cursor);
    while (entry !== undefined && entry.status !== 'queued') {
      this.#cursor += 1;
      entry = this.#entries.at(this.#cursor);
    }
    return entry;
  }

  /** Marks the message that `peek` gave as sent. Tells whether seqs before it must be skipped on the wire. */
  send(entry: Entry): { readonly skipsTo: number | null } {
    const skipsTo = entry.seq === this.#onWire + 1 ? null : entry.seq - 1;
    entry.status = 'inFlight';
    entry.maybeSent = true;
    this.#cursor += 1;
    this.#inFlight += 1;
    this.#inFlightBytes += entry.bytes;
    this.#onWire = entry.seq;
    this.maybeSent = Math.max(this.maybeSent, entry.seq);
    return { skipsTo };
  }

  /** The server took everything up to `seq`. False: it can't have. */
  acknowledge(seq: number): boolean {
    if (seq > this.#onWire) return false;
    this.#settleThrough(seq);
    return true;
  }

  /** The server refused one message for good. False: it never had it. */
  refuse(seq: number, error: WireError): boolean {
    if (seq > this.#onWire) return false;
    this.#refuse(seq, error);
    return true;
  }

  /** Whether a server that knows this log by this page alone can have taken it up to `seq`. */
  canBeTakenTo(seq: number): boolean {
    return seq <= Math.max(this.maybeSent, this.#claimedFirst - 1);
  }

  /** Takes back a message that is on no wire. False: it may have been sent, or is settled. */
  withdraw(entry: Entry): boolean {
    if (entry.status !== 'queued' || entry.maybeSent) return false;
    entry.status = 'withdrawn';
    return true;
  }

  /** Ends an entry with a failure; the log forgets it. */
  fail(entry: Entry, failure: Failure): void {
    if (entry.status === 'delivered' || entry.status === 'failed') return;
    this.#settle(entry, failure);
    this.#trim();
  }

  #refuse(seq: number, error: WireError): void {
    for (const entry of this.#entries) {
      if (entry.seq < seq) continue;
      if (entry.seq === seq && (entry.status === 'queued' || entry.status === 'inFlight')) {
        this.#settle(entry, refusal(error));
      }
      break;
    }
    this.#trim();
  }

  #settleThrough(seq: number): void {
    for (const entry of this.#entries) {
      if (entry.seq > seq) break;
      if (entry.status === 'queued' || entry.status === 'inFlight') this.#settle(entry, null);
    }
    this.#trim();
  }

  #settle(entry: Entry, failure: Failure | null): void {
    if (entry.status === 'inFlight') {
      this.#inFlight -= 1;
      this.#inFlightBytes -= entry.bytes;
    }
    this.#unsettled -= 1;
    entry.status = failure === null ? 'delivered' : 'failed';
    this.#onSettled(entry, failure);
  }

  /** Drops what is settled at the front. */
  #trim(): void {
    for (let head = this.#entries.at(0); head !== undefined; head = this.#entries.at(0)) {
      if (head.status !== 'delivered' && head.status !== 'failed') return;
      this.#entries.shift();
      this.#cursor = Math.max(0, this.#cursor - 1);
    }
  }
}

function refusal(error: WireError): Failure {
  return {
    code: error.code === 'HANDLER_FAILED' ? 'HANDLER_FAILED' : 'REFUSED',
    message: error.message,
    details: { ...error.details, code: error.code },
  };
}
