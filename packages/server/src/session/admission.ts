import type { Delay } from './close-reason.ts';
import type { EngineEnvironment } from './environment.ts';

/** How many new connections the server lets in. */
export interface AdmissionLimits {
  /** Connections a second, 1 to 1,000,000. */
  readonly perSecond: number;
  /** How many may come at once after a quiet time. Default: `perSecond`, a second's worth. */
  readonly burst?: number;
}

/** No place is kept further ahead: clients come back by then, whatever they are told. */
const HORIZON_MS = 600_000;
/** Places that are kept at most. */
const MOST_SLOTS = 100_000;
/** A timer at the client may be a little fast; a connect takes its time, on a bad network a long one. */
const EARLY_MS = 250;
const LATE_MS = 5_000;

/**
 * Lets connections in at a steady pace and gives each one that comes too soon a place in the queue: a time that is kept
 * for it. The token bucket in its scheduling form (ITU-T I.371, the generic cell rate algorithm): one number, the time
 * at which the next connection would be due, is bucket and queue at once.
 *
 * A place that nobody has used goes to the next one that comes without any. So clients that know nothing of slots,
 * each try of which takes another place, are let in at the full pace, too.
 */
export class Admission {
  readonly #environment: EngineEnvironment;
  readonly #intervalMs: number;
  readonly #burst: number;
  #due = 0;
  /** Places by name, the earliest in front, with their times. */
  readonly #slots = new Map<string, number>();
  /** Places whose time has passed with nobody there. */
  #unused = 0;

  constructor({ perSecond, burst = perSecond }: AdmissionLimits, environment: EngineEnvironment) {
    this.#environment = environment;
    this.#intervalMs = 1_000 / perSecond;
    this.#burst = burst;
  }

  /** Null: the connection may come in. Else when it may come again. @param slot The place that it says it has. */
  ask(slot: string | undefined): Delay | null {
    const now = this.#environment.now();
    this.#expire(now);
    const kept = slot === undefined ? undefined : this.#slots.get(slot);
    if (slot !== undefined && kept !== undefined) {
      if (kept > now + EARLY_MS) return { retryAfterMs: kept - now, slot };
      this.#slots.delete(slot);
      return null;
    }
    const due = Math.max(this.#due, now);
    const waitMs = due - now - (this.#burst - 1) * this.#intervalMs;
    if (waitMs < 1) {
      this.#due = due + this.#intervalMs;
      this.#unused = 0;
      return null;
    }
    if (this.#unused > 0) {
      this.#unused -= 1;
      return null;
    }
    if (waitMs > HORIZON_MS || this.#slots.size >= MOST_SLOTS) return { retryAfterMs: Math.min(waitMs, HORIZON_MS) };
    this.#due = due + this.#intervalMs;
    const name = this.#environment.randomId();
    this.#slots.set(name, now + waitMs);
    return { retryAfterMs: waitMs, slot: name };
  }

  #expire(now: number): void {
    for (const [slot, at] of this.#slots) {
      if (at + LATE_MS > now) return;
      this.#slots.delete(slot);
      this.#unused = Math.min(this.#burst, this.#unused + 1);
    }
  }
}
