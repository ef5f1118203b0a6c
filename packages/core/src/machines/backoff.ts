/** What chance does to a delay; `ReconnectOptions.jitter` has what each word means. */
export type Jitter = 'equal' | 'full' | 'decorrelated' | 'none';

/**
 * How long a retry waits: `initialDelayMs` times `factor` for each one before it, at most `maxDelayMs`, then drawn by
 * `jitter`.
 */
export interface BackoffOptions {
  readonly initialDelayMs: number;
  readonly factor: number;
  readonly maxDelayMs: number;
  /** How the delay is drawn; `full` where it is left out, as in the drop-in class. */
  readonly jitter?: Jitter;
}

/** The delay before retry number `attempt` (1 for the first), after a delay of `lastMs` (0: there was none). */
export type Backoff = (attempt: number, random: number, lastMs: number, options: BackoffOptions) => number;

/**
 * Exponential (a factor below 1 counts as 1: delays that shrink end in none) and clamped first, drawn after: a jitter that
 * is clamped afterwards is none at the cap, where all clients meet. All of the delay is drawn.
 */
export const fullJitter: Backoff = (attempt, random, _lastMs, { initialDelayMs, factor, maxDelayMs }) =>
  Math.min(maxDelayMs, initialDelayMs * Math.max(1, factor) ** (attempt - 1)) * random;

/**
 * The kinds of M. Brooker, "Exponential Backoff and Jitter", AWS Architecture Blog, 2015: `full` draws all of the delay,
 * `equal` half of it, `decorrelated` between the initial delay and three times the last one.
 */
export const anyJitter: Backoff = (attempt, random, lastMs, options) => {
  const { initialDelayMs, maxDelayMs, jitter } = options;
  if (jitter === 'decorrelated') {
    const least = Math.min(initialDelayMs, maxDelayMs);
    return least + (Math.min(maxDelayMs, Math.max(lastMs, least) * 3) - least) * random;
  }
  const drawn = jitter === 'none' ? 1 : jitter === 'equal' ? 0.5 + random / 2 : random;
  return fullJitter(attempt, drawn, lastMs, options);
};
