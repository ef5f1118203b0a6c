import type { Refusal, WireError } from '@holdfast/core/protocol';

/**
 * The last refusals of a producer: as many messages back as can be unacknowledged at once. Counted in messages, not in
 * seqs, because withdrawn seqs take no place in the window: a refusal that the client doesn't know may be far back.
 */
export class Refusals {
  readonly #window: number;
  #entries: { readonly seq: number; readonly error: WireError; readonly message: number }[] = [];
  #messages = 0;

  constructor(window: number) {
    this.#window = window;
  }

  load(refusals: readonly Refusal[]): void {
    this.#messages = 0;
    this.#entries = refusals.map(([seq, error]) => ({ seq, error, message: 0 }));
  }

  /** A message was run; `error`: and refused. */
  count(seq: number, error?: WireError): void {
    this.#messages += 1;
    if (error !== undefined) this.#entries.push({ seq, error, message: this.#messages });
    if (this.#entries.length === 0) return;
    this.#entries = this.#entries.filter(({ message }) => this.#messages - message < this.#window).slice(-this.#window);
  }

  /** The client has settled everything below `seq`. */
  forgetBelow(seq: number): void {
    this.#entries = this.#entries.filter((entry) => entry.seq >= seq);
  }

  between(after: number, through: number): readonly Refusal[] {
    return this.#entries
      .filter(({ seq }) => seq > after && seq <= through)
      .map(({ seq, error }): Refusal => [seq, error]);
  }

  all(): readonly Refusal[] {
    return this.#entries.map(({ seq, error }): Refusal => [seq, error]);
  }
}
