const final: { readonly retryable: false } = { retryable: false };
const passing: { readonly retryable: true } = { retryable: true };

/**
 * The closed set of failure codes. `retryable` says whether the same call, or the same connection, can succeed later
 * without the app changing anything.
 */
export const ERROR_CODES = {
  /** An option or argument has the wrong shape. Thrown at the call. */
  INVALID_OPTION: final,
  /** The data given to `send` can't be encoded (a cycle, a BigInt, `undefined`). Thrown at the call. */
  INVALID_MESSAGE: final,
  /** The message is larger than the server's limit. */
  MESSAGE_TOO_LARGE: final,
  /** The outbox holds as many messages as it may. */
  QUEUE_FULL: passing,
  /** `ttlMs` passed before the message was on any wire. It never was, and never will be, delivered. */
  EXPIRED: final,
  /** Cancelled by a signal or by `close()` before the message was on any wire. */
  ABORTED: final,
  /** The message may have been delivered or not: nobody can know any more. */
  OUTCOME_UNKNOWN: final,
  /** The server's handler refused the message for good; `details` has its reason. */
  REFUSED: final,
  /** The server's handler failed as often as the server retries. */
  HANDLER_FAILED: final,
  /** The socket is closed: it takes no more messages. */
  CLOSED: final,
  /** No connection, for a reason that the browser does not tell: no network, no server, or a refused handshake. */
  CONNECT_FAILED: passing,
  /** Connecting took longer than `reconnect.connectTimeoutMs`. */
  CONNECT_TIMEOUT: passing,
  /** The connection ended without the server saying why. */
  CONNECTION_LOST: passing,
  /** The peer gave no sign of life within the heartbeat's deadline. */
  HEARTBEAT_MISSED: passing,
  /** The `url` function threw, rejected or gave no WebSocket URL. */
  URL_FAILED: passing,
  /** The `auth` function threw or rejected. */
  TOKEN_FAILED: passing,
  /** `onConnect` threw or rejected. */
  PREPARE_FAILED: passing,
  /** The server does not accept the token (close code 4401), nor a fresh one. */
  UNAUTHORIZED: final,
  /** The server refuses this client for good (close codes 1008, 4403). */
  FORBIDDEN: final,
  /** The server answered as another identity than the one this outbox belongs to. */
  IDENTITY_MISMATCH: final,
  /** Another page or device took the session over (close code 4409). */
  SESSION_TAKEN_OVER: final,
  /** The server said that the conversation is over (close code 1000). */
  SERVER_CLOSED: final,
  /** The server is restarting or overloaded (close codes 1012, 1013, 4429). */
  SERVER_BUSY: passing,
  /** A frame that breaks the protocol, sent or received (close codes 1002, 1003, 1007, 1010). */
  PROTOCOL_ERROR: final,
  /** A message of a plain server that the codec can't decode. The conversation goes on. */
  BAD_MESSAGE: final,
  /** `reconnect.maxAttempts` failed attempts in a row. */
  RETRIES_EXHAUSTED: passing,
  /** Nothing can be stored here: no IndexedDB, no Web Locks, or a memory outbox. */
  STORAGE_UNAVAILABLE: final,
  /** Storage failed in the middle; messages are kept in memory from here on. */
  STORAGE_FAILED: passing,
  /** The page lost its stored log to another page while it was frozen; that page delivers what is in it. */
  LOG_TAKEN_OVER: final,
  /** A listener of the app threw. */
  LISTENER_FAILED: final,
  /** A reader of `messages()` was slower than the server for longer than its buffer holds. */
  BUFFER_OVERFLOW: passing,
  /** The pool had no room for another socket within `acquireTimeoutMs`. */
  ACQUIRE_TIMEOUT: passing,
  /** A lease of the pool was given up without `release()`: its socket stays open. `cause` names where it was taken. */
  LEASE_LEAKED: final,
} as const;

export type ErrorCode = keyof typeof ERROR_CODES;

/** Anything that JSON can carry. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** A failure as plain data, as the pure floor passes it on. */
export interface Failure {
  readonly code: ErrorCode;
  readonly message: string;
  readonly details?: { readonly [key: string]: Json };
  readonly cause?: unknown;
}

/** Every failure that Holdfast throws, rejects with or reports. */
export class HoldfastError extends Error {
  override readonly name = 'HoldfastError';
  readonly code: ErrorCode;
  /** When it happened, in milliseconds since the epoch. */
  readonly timestamp: number;
  readonly details: { readonly [key: string]: Json };

  constructor(failure: Failure, timestamp: number) {
    super(failure.message, failure.cause === undefined ? undefined : { cause: failure.cause });
    this.code = failure.code;
    this.timestamp = timestamp;
    this.details = failure.details ?? {};
  }

  /** Whether the same can succeed later with nothing changed by the app. */
  get retryable(): boolean {
    return ERROR_CODES[this.code].retryable;
  }

  /** How long the server asked to wait, milliseconds; null: it did not say. */
  get retryAfterMs(): number | null {
    const { retryAfterMs } = this.details;
    return typeof retryAfterMs === 'number' ? retryAfterMs : null;
  }

  toJSON(): { code: ErrorCode; message: string; timestamp: number; details: { readonly [key: string]: Json } } {
    return { code: this.code, message: this.message, timestamp: this.timestamp, details: this.details };
  }
}
