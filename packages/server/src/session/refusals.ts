import type { Refusal, WireError } from '@holdfast/core/protocol';

interface Entry {
  readonly refusal: Refusal;
  /** Which of the messages it was, counted from 1; 0: one before them. */
  readonly message: number;
}

/**
 * The last refusals of a producer: as many messages back as can be unacknowledged at once. Counted in messages, not in
 * seqs, because withdrawn seqs take no place in the window: a refusal that the client doesn't know may be far back.
 */
export class Refusals {
  readonly #window: number;
  /** In the order of their messages, which is that of their seqs. */
  #entries: Entry[] = [];
  #messages = 0;

  constructor(window: number) {
    this.#window = window;
  }

  load(refusals: readonly Refusal[]): void {
    this.#messages = 0;
    this.#entries = refusals.map((refusal) => ({ refusal, message: 0 }));
  }

  /** A message was run; `error`: and refused. */
  count(seq: number, error?: WireError): void {
    this.#messages += 1;
    if (error !== undefined) this.#entries.push({ refusal: [seq, error], message: this.#messages });
    if (this.#entries.length > 0)
      this.#forget(({ message }, left) => this.#messages - message >= this.#window || left > this.#window);
  }

  /** The client has settled everything below `seq`. */
  forgetBelow(seq: number): void {
    this.#forget(({ refusal }) => refusal[0] < seq);
  }

  between(after: number, through: number): readonly Refusal[] {
    // Asked for with every message, and nearly always of those behind the last refusal.
    if ((this.#entries.at(-1)?.refusal[0] ?? 0) <= after) return [];
    return this.all().filter(([seq]) => seq > after && seq <= through);
  }

  all(): readonly Refusal[] {
    return this.#entries.map(({ refusal }) => refusal);
  }

  /** Lets go of the first ones, as long as they are old; `left`: how many there are from this one on. */
  #forget(isOld: (entry: Entry, left: number) => boolean): void {
    const { length } = this.#entries;
    const first = this.#entries.findIndex((entry, place) => !isOld(entry, length - place));
    if (first !== 0) this.#entries = first < 0 ? [] : this.#entries.slice(first);
  }
}
