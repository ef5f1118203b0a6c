/** Lets at most so many in at once; the others wait in the order in which they came. */
export class Gate {
  readonly #most: number;
  readonly #waiting: (() => void)[] = [];
  #inside = 0;

  constructor(most: number) {
    this.#most = most;
  }

  get isFull(): boolean {
    return this.#inside >= this.#most;
  }

  /** Resolves when there is a place; `leave` gives it back. */
  async enter(): Promise<void> {
    if (this.isFull) await new Promise<void>((resolve) => void this.#waiting.push(resolve));
    else this.#inside += 1;
  }

  leave(): void {
    const next = this.#waiting.shift();
    // The place is handed on: nobody who comes now can take it.
    if (next === undefined) this.#inside -= 1;
    else next();
  }
}
