/** When a client may come back. */
export interface Delay {
  readonly retryAfterMs: number;
  /** The place that is kept for it at that time; null: none is. */
  readonly slot?: string | null;
}

/**
 * A close reason that a client can read: a browser tells its page code and reason of a close, and no header or status
 * of an upgrade. A close frame has room for 123 bytes: `words` are a few.
 */
export function closeReason(words: string, { retryAfterMs, slot = null }: Delay): string {
  const parts = [words];
  if (retryAfterMs > 0) parts.push(`retry-after-ms=${Math.ceil(retryAfterMs)}`);
  if (slot !== null) parts.push(`slot=${slot}`);
  return parts.join('; ');
}
