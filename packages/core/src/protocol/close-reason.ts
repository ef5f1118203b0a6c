/** However long a server asks its clients to wait, it is asked again by then. */
export const MOST_RETRY_AFTER_MS = 600_000;

/** What a server's close reason says about coming back; `slot` names a place in its queue that it keeps. */
export interface RetryAfter {
  readonly retryAfterMs: number | null;
  readonly slot: string | null;
}

/**
 * Reads a close reason such as `busy; retry-after-ms=1500; slot=a1B2`: a browser shows a page neither the status nor the
 * headers of a refused handshake, so a close frame is the only place where a server can say when to come back.
 */
export function readCloseReason(reason: string): RetryAfter {
  const ms = /\bretry-after-ms=(\d+)\b/.exec(reason)?.[1];
  return {
    retryAfterMs: ms === undefined ? null : Math.min(Number(ms), MOST_RETRY_AFTER_MS),
    slot: (ms !== undefined && /\bslot=([\w-]{1,64})(?![\w-])/.exec(reason)?.[1]) || null,
  };
}
