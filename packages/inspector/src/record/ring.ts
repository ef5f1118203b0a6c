/** The last so many of all that was pushed. */
export class Ring<Item> {
  readonly limit: number;
  readonly #items: Item[] = [];
  /** Where the oldest one is, once it is full. */
  #start = 0;
  #pushed = 0;

  constructor(limit: number) {
    this.limit = limit;
  }

  get length(): number {
    return this.#items.length;
  }

  /** How many there ever were since it was cleared. */
  get pushed(): number {
    return this.#pushed;
  }

  /** How many had to go. */
  get dropped(): number {
    return this.#pushed - this.#items.length;
  }

  get last(): Item | undefined {
    return this.at(this.#items.length - 1);
  }

  push(item: Item): void {
    this.#pushed += 1;
    if (this.#items.length < this.limit) {
      this.#items.push(item);
      return;
    }
    this.#items[this.#start] = item;
    this.#start = (this.#start + 1) % this.limit;
  }

  /** Counts from the oldest. */
  at(index: number): Item | undefined {
    return index < 0 || index >= this.#items.length
      ? undefined
      : this.#items[(this.#start + index) % this.#items.length];
  }

  /** Puts another item in the place of one; what is not kept any more stays forgotten. */
  replace(index: number, item: Item): void {
    if (index >= 0 && index < this.#items.length) this.#items[(this.#start + index) % this.#items.length] = item;
  }

  /** All of them, the oldest first; with `most`, the newest so many. */
  toArray(most: number = this.limit): Item[] {
    const ordered = [...this.#items.slice(this.#start), ...this.#items.slice(0, this.#start)];
    return ordered.slice(Math.max(0, ordered.length - most));
  }

  clear(): void {
    this.#items.length = 0;
    this.#start = 0;
    this.#pushed = 0;
  }
}
