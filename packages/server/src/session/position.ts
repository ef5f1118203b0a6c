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
    // With the app's own positions no message can have had an effect that its position doesn't show.
    this.#isInDoubt = committed === undefined && (taken === null || claimed.isDirty);
    this.#suspectUpTo = 0;
  }

  /** What the client of this claim is told; its next message follows `done`. */
  begin([, firstUnsettled, , maybeSent]: ProducerClaim): Taken {
    // Not once and for all: a claim that was long on its way may know less than the one after it.
    if (this.#isInDoubt || this.done < firstUnsettled - 1) this.#suspectUpTo = Math.max(this.#suspectUpTo, maybeSent);
    if (this.done < firstUnsettled - 1) {
      // All before was settled in the client's eyes. Written with the next position, or on release.
      this.done = firstUnsettled - 1;
      this.persisted = this.done;
      this.needsWrite = true;
    }
    this.refusals.forgetBelow(firstUnsettled);
    return this.#isForgotten ? null : [this.done, this.refusals.all()];
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
