import type { ErrorCode } from '../lib/errors.ts';

/** The close codes that Holdfast's own ends use, beyond those that RFC 6455 section 7.4.1 names. */
export const CLOSE = {
  NORMAL: 1000,
  GOING_AWAY: 1001,
  PROTOCOL_ERROR: 1002,
  UNSUPPORTED_DATA: 1003,
  POLICY_VIOLATION: 1008,
  TOO_LARGE: 1009,
  INTERNAL_ERROR: 1011,
  RESTART: 1012,
  OVERLOADED: 1013,
  UNAUTHORIZED: 4401,
  FORBIDDEN: 4403,
  HEARTBEAT_MISSED: 4408,
  TAKEN_OVER: 4409,
  TOO_MANY: 4429,
} as const;

/** What a client does about a close code: `retry` with backoff, fetch a fresh token once (`renew`), or `stop`. */
export interface CloseReaction {
  readonly action: 'retry' | 'renew' | 'stop';
  readonly code: ErrorCode;
}

/** One total map from a close code to what happens next. */
export function reactToClose(closeCode: number): CloseReaction {
  switch (closeCode) {
    case 1000:
      return { action: 'stop', code: 'SERVER_CLOSED' };
    case 1002:
    case 1003:
    case 1007:
    case 1010:
      return { action: 'stop', code: 'PROTOCOL_ERROR' };
    case 1008:
    case 4403:
      return { action: 'stop', code: 'FORBIDDEN' };
    case 1012:
    case 1013:
    case 4429:
      return { action: 'retry', code: 'SERVER_BUSY' };
    case 4401:
      return { action: 'renew', code: 'UNAUTHORIZED' };
    case 4408:
      return { action: 'retry', code: 'HEARTBEAT_MISSED' };
    case 4409:
      return { action: 'stop', code: 'SESSION_TAKEN_OVER' };
    default:
      return { action: 'retry', code: 'CONNECTION_LOST' };
  }
}
