/**
 * A queue with O(1) push, shift and access by position. `shift` only moves a head index; the space before it is given
 * back once it is more than half of the array, so that each item is moved at most once on average.
 */
export class Deque<T> {
  #items: (T | undefined)[] = [];
  #head = 0;

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
    if (this.#head > 32 && this.#head * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    return item;
  }

  clear(): void {
    this.#items = [];
    this.#head = 0;
  }

  *[Symbol.iterator](): IterableIterator<T> {
    for (let position = 0; position < this.length; position += 1) yield this.at(position) as T;
  }
}
