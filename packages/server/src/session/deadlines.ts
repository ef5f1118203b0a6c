import type { Run } from './context.ts';
import type { EngineEnvironment } from './environment.ts';

/** What a handler whose time is over gets to end by itself. */
const GRACE_MS = 1_000;

/**
 * Ends the patience with handlers that take too long. One timer for all: a timer for each would cost more than most
 * handlers do.
 */
export class Deadlines {
  readonly #environment: EngineEnvironment;
  readonly #limitMs: number;
  /** The one that began first in front. */
  readonly #runs: ReadonlySet<Run>;
  readonly #onLate: (run: Run) => void;
  #cancelTimer: (() => void) | null = null;

  constructor(options: {
    environment: EngineEnvironment;
    limitMs: number;
    runs: ReadonlySet<Run>;
    onLate: (run: Run) => void;
  }) {
    this.#environment = options.environment;
    this.#limitMs = options.limitMs;
    this.#runs = options.runs;
    this.#onLate = options.onLate;
  }

  /** A run has begun. */
  watch(): void {
    if (this.#cancelTimer === null) this.#again(this.#limitMs);
  }

  stop(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = null;
  }

  #again(ms: number): void {
    this.#cancelTimer = this.#environment.setTimer(ms, () => {
      this.#cancelTimer = null;
      this.#look();
    });
  }

  #look(): void {
    const now = this.#environment.now();
    let nextMs = Number.POSITIVE_INFINITY;
    for (const run of this.#runs) {
      const leftMs = this.#limitMs - (now - run.startedAt);
      if (leftMs > 0) {
        // The others began later still.
        nextMs = Math.min(nextMs, leftMs);
        break;
      }
      if (run.isGivenUp) continue;
      if (!run.isLate) {
        run.isLate = true;
        this.#onLate(run);
        run.abort.abort(new Error('the handler takes too long'));
      }
      if (leftMs > -GRACE_MS) nextMs = Math.min(nextMs, leftMs + GRACE_MS);
      else {
        run.isGivenUp = true;
        run.giveUp();
      }
    }
    if (nextMs < Number.POSITIVE_INFINITY) this.#again(nextMs);
  }
}
