import type { ErrorCode } from '../lib/errors.ts';

// Those that the client itself sends, each by itself: a bundle takes the number, not the table.
export const NORMAL = 1000;
export const GOING_AWAY = 1001;
export const PROTOCOL_ERROR = 1002;
export const HEARTBEAT_MISSED = 4408;

/** How a connection ended. */
export interface End {
  readonly code: number;
  readonly reason: string;
  readonly wasClean: boolean;
}

/** How a browser tells of a connection that ended without a closing handshake. */
export const LOST: End = { code: 1006, reason: '', wasClean: false };

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

const CAUSES: { readonly [closeCode: number]: ErrorCode } = {
  1000: 'SERVER_CLOSED',
  1002: 'PROTOCOL_ERROR',
  1003: 'PROTOCOL_ERROR',
  1007: 'PROTOCOL_ERROR',
  1008: 'FORBIDDEN',
  1010: 'PROTOCOL_ERROR',
  1012: 'SERVER_BUSY',
  1013: 'SERVER_BUSY',
  4401: 'UNAUTHORIZED',
  4403: 'FORBIDDEN',
  4408: 'HEARTBEAT_MISSED',
  4409: 'SESSION_TAKEN_OVER',
  4429: 'SERVER_BUSY',
};

/** What a close code of the other side means; whether to try again depends on that alone (machines/retry.ts). */
export function causeOfClose(closeCode: number): ErrorCode {
  return CAUSES[closeCode] ?? 'CONNECTION_LOST';
}
