import type { EngineEnvironment } from './environment.ts';

/** How many keys are remembered at most; past it the one used longest ago begins anew. */
const MOST_KEYS = 100_000;

/**
 * A token bucket as one number: the time at which the next one would be due (the generic cell rate algorithm of ITU-T
 * I.371). `burst` may come at once after a quiet time.
 */
export class Bucket {
  readonly #environment: EngineEnvironment;
  readonly #intervalMs: number;
  readonly #aheadMs: number;
  #due = 0;
  /** When the clock was asked last: there was room already then, most of the time. */
  #askedAt = -Infinity;

  constructor(perSecond: number, burst: number, environment: EngineEnvironment) {
    this.#environment = environment;
    this.#intervalMs = 1_000 / perSecond;
    this.#aheadMs = (burst - 1) * this.#intervalMs;
  }

  /** How long until there is room for one; 0: now. */
  get waitMs(): number {
    const roomAt = this.#due - this.#aheadMs;
    return roomAt <= this.#askedAt ? 0 : Math.max(0, roomAt - this.#now());
  }

  /** Takes one, whether there is room or not. */
  take(): void {
    this.#due = Math.max(this.#due, this.#now()) + this.#intervalMs;
  }

  #now(): number {
    return (this.#askedAt = this.#environment.now());
  }
}

/** A bucket for each key, with bounded memory. */
export class Buckets {
  readonly #options: readonly [perSecond: number, burst: number, environment: EngineEnvironment];
  /** The one used longest ago in front. */
  readonly #buckets = new Map<string, Bucket>();

  constructor(...options: readonly [perSecond: number, burst: number, environment: EngineEnvironment]) {
    this.#options = options;
  }

  get size(): number {
    return this.#buckets.size;
  }

  /** Takes one and gives 0, or gives how long until there is room: what is turned away costs nothing. */
  ask(key: string): number {
    const bucket = this.#buckets.get(key) ?? new Bucket(...this.#options);
    this.#buckets.delete(key);
    this.#buckets.set(key, bucket);
    const [oldest] = this.#buckets.keys();
    if (this.#buckets.size > MOST_KEYS && oldest !== undefined) this.#buckets.delete(oldest);
    const { waitMs } = bucket;
    if (waitMs === 0) bucket.take();
    return waitMs;
  }
}
