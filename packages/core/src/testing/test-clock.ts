import { setTimer } from '../environment/browser.ts';
import { turn, type Timeline, VirtualClock } from './virtual-clock.ts';

/** Time in the hand of a test: it passes only here. Each method resolves when all that it set off has run. */
export interface TestClock extends Timeline {
  /** Milliseconds since the world began; with `timers: 'global'`, since the epoch. */
  readonly now: number;
  /** Lets `ms` pass, with every timer and message in its order, promises included. Rejects with what a timer threw. */
  advance(ms: number): Promise<void>;
  /** The same up to a time on this clock; nothing where it has passed. */
  advanceTo(now: number): Promise<void>;
  /**
   * Lets time pass until the promise settles and gives its value, or until the condition holds. Rejects when that is not so
   * within `withinMs` (default 60,000), and with the promise's own error.
   */
  until<T>(promise: Promise<T>, withinMs?: number): Promise<T>;
  until(condition: () => boolean, withinMs?: number): Promise<void>;
  /**
   * Runs everything that is scheduled until nothing is left. Rejects when something is after `withinMs` (default
   * 3,600,000): a heartbeat never ends, there `until` and `advance` are the way.
   */
  runUntilIdle(withinMs?: number): Promise<void>;
}

/** A world's own time. */
export class OwnClock implements TestClock {
  readonly #clock = new VirtualClock();
  /** One call after the other: two that run the same queue would each skip the promises of the other's tasks. */
  #last: Promise<unknown> = Promise.resolve();

  get now(): number {
    return this.#clock.now;
  }

  after(ms: number, run: () => void): () => void {
    return this.#clock.after(ms, run);
  }

  advance(ms: number): Promise<void> {
    return this.#inTurn(() => this.#clock.run(this.now + Math.max(0, ms), () => true));
  }

  advanceTo(now: number): Promise<void> {
    return this.#inTurn(() => this.#clock.run(now, () => true));
  }

  async until<T>(goal: Promise<T> | (() => boolean), withinMs = 60_000): Promise<T> {
    let isSettled = false;
    const isReached = typeof goal === 'function' ? goal : (): boolean => isSettled;
    const settled = (): void => {
      isSettled = true;
    };
    if (typeof goal !== 'function') goal.then(settled, settled);
    await this.#inTurn(async () => {
      if (!isReached()) await this.#clock.run(this.now + withinMs, () => !isReached());
      if (isReached()) return;
      const rest = this.#clock.nextAt === null ? '; nothing is left that could change it' : '';
      throw new Error(`still not so after ${withinMs} ms of the world's time${rest}`);
    });
    return (typeof goal === 'function' ? undefined : goal) as Promise<T>;
  }

  runUntilIdle(withinMs = 3_600_000): Promise<void> {
    return this.#inTurn(async () => {
      const end = this.now + withinMs;
      for (let at = this.#clock.nextAt; at !== null; at = this.#clock.nextAt) {
        if (at > end) {
          throw new Error(`not idle after ${withinMs} ms: a timer that repeats never ends, use until() or advance()`);
        }
        await this.#clock.run(at, () => true);
      }
    });
  }

  #inTurn(run: () => Promise<void>): Promise<void> {
    const mine = this.#last.then(turn).then(run);
    // Its own caller hears of a failure; the next call goes on.
    this.#last = mine.catch(() => {});
    return mine;
  }
}

/** The global timers as they are when they are used: those that a test runner fakes. */
export const globalClock: TestClock = {
  get now() {
    return Date.now();
  },
  after: setTimer,
  advance: notMine,
  advanceTo: notMine,
  until: notMine,
  runUntilIdle: notMine,
};

function notMine(): Promise<never> {
  return Promise.reject(
    new Error("with timers: 'global' time is the test runner's: use its own, such as vi.advanceTimersByTimeAsync()"),
  );
}
