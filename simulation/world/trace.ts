import type { Clock } from './clock.ts';

/** What happened, one line an event: a ring for the report of a failure, and a hash over all of it to compare two runs. */
export class Trace {
  readonly #clock: Clock;
  readonly #most: number;
  readonly #print: ((line: string) => void) | undefined;
  #lines: string[] = [];
  #hash = 0x811c9dc5;
  #count = 0;

  constructor(clock: Clock, most: number, print?: (line: string) => void) {
    this.#clock = clock;
    this.#most = most;
    this.#print = print;
  }

  add(who: string, what: string): void {
    const line = `${(this.#clock.now / 1000).toFixed(3).padStart(9)} ${who.padEnd(6)} ${what}`;
    this.#count += 1;
    for (let index = 0; index < line.length; index += 1) {
      this.#hash = Math.imul(this.#hash ^ line.charCodeAt(index), 0x01000193);
    }
    this.#lines.push(line);
    if (this.#lines.length >= this.#most * 2) this.#lines = this.#lines.slice(-this.#most);
    this.#print?.(line);
  }

  get last(): readonly string[] {
    return this.#lines.slice(-this.#most);
  }

  /** The same for two runs exactly when they went the same way. */
  get fingerprint(): string {
    return `${this.#count}-${(this.#hash >>> 0).toString(16)}`;
  }
}
