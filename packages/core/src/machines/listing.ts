import type { Failure } from '../lib/errors.ts';
import type { ProducerClaim, Taken, WireError } from '../protocol/frames.ts';
import type { Entry, ProducerLog } from './producer-log.ts';

/** A log as one connection of a session knows it: what the server was asked and has said, and how far the wire is. */
export class Listing {
  readonly log: ProducerLog;
  /** Place in the order in which this connection listed its producers. */
  readonly index: number;
  /** What the server is asked about the log. */
  readonly claim: ProducerClaim;
  /** Whether the server has said what it took: only then messages flow. */
  isReady = false;
  /** Last seq that the server counts as seen. */
  #onWire = 0;

  constructor(log: ProducerLog, index: number) {
    this.log = log;
    this.index = index;
    this.claim = [log.id, log.firstUnsettled, log.nextSeq, log.maybeSent];
  }

  /** The server's word on what it has: the rest is sent, in order, from there. */
  begin(taken: Taken): void {
    const [seq, refused, doubtUpTo = 0] = taken ?? [0, []];
    for (const [place, error] of refused) this.#refuse(place, error);
    this.#settleThrough(seq);
    // What the server lacks now it will never take by an earlier sending: nothing of it can be on the way. Only what a
    // server that crashed may have run before it could write that down stays in doubt, and all where it has forgotten.
    if (taken !== null) {
      for (const entry of this.log.entries) if (entry.seq > doubtUpTo) entry.maybeSent = false;
      this.log.doubtTo = Math.min(this.log.doubtTo, doubtUpTo);
    }
    this.#onWire = Math.max(seq, this.claim[1] - 1);
    this.isReady = true;
  }

  /** Marks the next message as sent. Tells up to which seq the wire must skip before it, null: nothing. */
  send(entry: Entry): number | null {
    const skipsTo = entry.seq === this.#onWire + 1 ? null : entry.seq - 1;
    this.log.send(entry);
    this.#onWire = entry.seq;
    return skipsTo;
  }

  /** The server took everything up to `seq`. False: it can't have. */
  acknowledge(seq: number): boolean {
    const can = this.#canHave(seq);
    if (can) this.#settleThrough(seq);
    return can;
  }

  /** The server refused one message for good. False: it never had it. */
  refuse(seq: number, error: WireError): boolean {
    const can = this.#canHave(seq);
    if (can) this.#refuse(seq, error);
    return can;
  }

  /** Whether a server that knows this log by this page alone can have taken it up to `seq`. */
  canBeTakenTo(seq: number): boolean {
    return seq <= Math.max(this.log.maybeSent, this.claim[1] - 1);
  }

  #canHave(seq: number): boolean {
    return this.isReady && seq <= this.#onWire;
  }

  #settleThrough(seq: number): void {
    this.log.takenTo = Math.max(this.log.takenTo, seq);
    this.log.settleWhile((entry) => entry.seq <= seq);
  }

  #refuse(seq: number, error: WireError): void {
    const entry = this.log.find(seq);
    if (entry === undefined && seq > this.log.storedTo - this.log.behind && seq <= this.log.storedTo)
      this.log.refused.set(seq, refusal(error));
    if (entry !== undefined && !entry.isWithdrawn) this.log.fail(entry, refusal(error));
  }
}

function refusal({ code, message, details }: WireError): Failure {
  return { code: code === 'HANDLER_FAILED' ? code : 'REFUSED', message, details: { ...details, code } };
}
