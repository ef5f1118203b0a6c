import type { Clock } from './clock.ts';
import type { Chance } from './prng.ts';

/** The process that has the file open: a write is lost unless it still lives when the disk has it. */
export interface StoreClient {
  readonly isAlive: boolean;
  post(run: () => void): void;
}

/** Writes take their time, happen in order, and survive a killed process once they are done. */
export class Disk {
  readonly #clock: Clock;
  readonly #chance: Chance;
  readonly #client: StoreClient;
  readonly #writeMs: number;
  readonly #waiting: (() => void)[] = [];
  #lastAt = 0;
  #isClosed = false;

  constructor(clock: Clock, chance: Chance, client: StoreClient, writeMs: number) {
    this.#clock = clock;
    this.#chance = chance;
    this.#client = client;
    this.#writeMs = writeMs;
  }

  close(): void {
    this.#isClosed = true;
  }

  write<T>(work: () => T | Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.#isClosed) {
        reject(new Error('the store is closed'));
        return;
      }
      // In order, as a file's writer would.
      this.#lastAt = Math.max(this.#lastAt, this.#clock.now + this.#chance.between(0, this.#writeMs));
      this.#waiting.push(() => {
        if (!this.#client.isAlive) return;
        try {
          const result = work();
          this.#client.post(() => resolve(result));
        } catch (cause) {
          this.#client.post(() => reject(cause instanceof Error ? cause : new Error(String(cause))));
        }
      });
      // Whichever it was set for: two that are due at once may be told apart by a rounding.
      this.#clock.after(this.#lastAt - this.#clock.now, () => this.#waiting.shift()?.());
    });
  }
}
