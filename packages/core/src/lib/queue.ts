/** First in, first out, in O(1) on average: what comes in is turned around once, when all that came before has left. */
export class Queue<T> {
  #in: T[] = [];
  /** The next to leave is the last. */
  #out: T[] = [];

  get length(): number {
    return this.#in.length + this.#out.length;
  }

  push(item: T): void {
    this.#in.push(item);
  }

  shift(): T | undefined {
    if (this.#out.length === 0) {
      const turned = this.#in.reverse();
      this.#in = this.#out;
      this.#out = turned;
    }
    return this.#out.pop();
  }

  clear(): void {
    this.#in = [];
    this.#out = [];
  }
}
