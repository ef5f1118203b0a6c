import type { ConnectionState, SocketStats } from '@holdfast/core';

/** A socket that has not started. The same on every server and in every page, so that hydration finds what it expects. */
export const NOT_STARTED: ConnectionState = {
  phase: 'idle',
  since: 0,
  attempt: 0,
  breaker: 'closed',
  retryAt: null,
  reason: 'user',
  error: null,
};

/** And its numbers. */
export const NO_STATS: SocketStats = { rttMs: null, queued: 0, inFlight: 0 };
