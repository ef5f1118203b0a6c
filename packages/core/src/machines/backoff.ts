export interface BackoffOptions {
  readonly initialDelayMs: number;
  readonly factor: number;
  readonly maxDelayMs: number;
}

/**
 * The delay before retry number `attempt` (1 for the first): exponential, clamped, then with equal jitter, so that at
 * the cap clients still differ (a jitter that is clamped afterwards is none).
 * Equal jitter: half is fixed, half is drawn; see M. Brooker, "Exponential Backoff and Jitter", AWS Architecture Blog, 2015.
 */
export function backoffDelayMs(attempt: number, random: number, options: BackoffOptions): number {
  const clamped = Math.min(options.maxDelayMs, options.initialDelayMs * options.factor ** (attempt - 1));
  return clamped / 2 + (clamped / 2) * random;
}
