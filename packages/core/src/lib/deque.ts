/**
 * A queue with O(1) push, shift and access by position. `shift` only moves a head index; the space before it is given
 * back once it is more than half of the array, so that each item is moved at most once on average.
 */
export class Deque<T> {
  #items: (T | undefined)[] = [];
  #head = 0;
  /** How many items have ever left at the front. */
  #gone = 0;

  get length(): number {
    return this.#items.length - this.#head;
  }

  push(item: T): void {
    this.#items.push(item);
  }

  /** The item at `position`, counted from the front; undefined outside the queue. */
  at(position: number): T | undefined {
    return position < 0 ? undefined : this.#items[this.#head + position];
  }

  shift(): T | undefined {
    if (this.length === 0) return undefined;
    const item = this.#items[this.#head];
    this.#items[this.#head] = undefined;
    this.#head += 1;
    this.#gone += 1;
    if (this.#head > 32 && this.#head * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    return item;
  }

  clear(): void {
    this.#gone += this.length;
    this.#items = [];
    this.#head = 0;
  }

  /** Sees each item once that is there when its turn comes, though the loop shifts and pushes. */
  *[Symbol.iterator](): IterableIterator<T> {
    // Counted since the beginning: a position would mean another item once the front has gone.
    for (let number = this.#gone; number < this.#gone + this.length; number = Math.max(number + 1, this.#gone)) {
      yield this.at(number - this.#gone) as T;
    }
  }
}
