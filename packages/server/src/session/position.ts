import type { ProducerClaim, Taken } from '@holdfast/core/protocol';
import type { ClaimedProducer } from '../stores/ports.ts';
import { Refusals } from './refusals.ts';

/**
 * How far a producer has come, how much of that is written down, and what cannot be known.
 *
 * There are two kinds of not knowing. *Forgotten*: no position was ever written, so the client is told null. *In doubt*:
 * an earlier owner may have run more than the position says; how much, only claims tell, and it bounds the marks.
 */
export class Position {
  fence = 0;
  /** Everything up to here was taken, refused or withdrawn. */
  done = 0;
  /** And everything up to here is written down. */
  persisted = 0;
  /** Whether `done` holds what only the store can keep. */
  needsWrite = false;
  readonly refusals: Refusals;
  #isForgotten = false;
  #isInDoubt = false;
  /** Positions are the app's own, committed with what its handler did: what they don't show did not happen. */
  #isExact = false;
  /** Up to here a message may have been run by an earlier owner. */
  #suspectUpTo = 0;

  /** `window`: how many messages can be unacknowledged at once. */
  constructor(window: number) {
    this.refusals = new Refusals(window);
  }

  get isForgotten(): boolean {
    return this.#isForgotten;
  }

  /** Whether an owner that ends now leaves nothing for the next one to wonder about. */
  get isCertain(): boolean {
    return !this.#isInDoubt && this.done >= this.#suspectUpTo;
  }

  /** Begins with what the store has. `committed`: the app's own position; undefined: it keeps none. */
  load(claimed: ClaimedProducer, committed: number | null | undefined): void {
    const taken = typeof committed === 'number' ? Math.max(committed, claimed.taken ?? 0) : claimed.taken;
    this.fence = claimed.fence;
    this.done = taken ?? 0;
    this.persisted = this.done;
    this.needsWrite = false;
    this.refusals.load(claimed.refused);
    this.#isForgotten = taken === null;
    this.#isExact = committed !== undefined;
    this.#isInDoubt = !this.#isExact && (taken === null || claimed.isDirty);
    this.#suspectUpTo = 0;
  }

  /** What the client of this claim is told; its next message follows `done`. */
  begin([, firstUnsettled, , maybeSent]: ProducerClaim): Taken {
    const isForgotten = this.#isForgotten;
    const isBehind = this.done < firstUnsettled - 1;
    // Not once and for all: a claim that was long on its way may know less than the one after it.
    if (this.#isInDoubt || (isBehind && !this.#isExact)) this.#suspectUpTo = Math.max(this.#suspectUpTo, maybeSent);
    if (isBehind) {
      // All before was settled in the client's eyes. Written with the next position, or on release.
      this.done = firstUnsettled - 1;
      this.persisted = this.done;
      this.needsWrite = true;
      // A later claim may know of less: it is told what this one taught.
      this.#isForgotten = false;
    }
    this.refusals.forgetBelow(firstUnsettled);
    if (isForgotten) return null;
    // What is suspect can't be called untaken: the client must not withdraw it.
    const isDoubtful = this.#suspectUpTo > this.done;
    return isDoubtful ? [this.done, this.refusals.all(), this.#suspectUpTo] : [this.done, this.refusals.all()];
  }

  /** What is true for a claim that another has overtaken. */
  glimpse([, firstUnsettled]: ProducerClaim): Taken {
    if (this.#isForgotten) return null;
    return [this.persisted, this.refusals.between(firstUnsettled - 1, this.persisted)];
  }

  /** The owner sends: from here on this server knows what was sent, and to whom. */
  sending(): void {
    this.#isInDoubt = false;
  }

  /** Whether an earlier owner may have run this message. */
  isSuspect(seq: number): boolean {
    return seq <= this.#suspectUpTo;
  }

  advance(seq: number, needsWrite: boolean): void {
    this.done = seq;
    this.#isForgotten = false;
    this.needsWrite ||= needsWrite;
  }
}
