/**
 * The closed set of failure codes. `retryable` says whether the same call, or the same connection, can succeed later
 * without the app changing anything.
 */
export const ERROR_CODES = {
  /** An option or argument has the wrong shape. Thrown at the call. */
  INVALID_OPTION: { retryable: false },
  /** The data given to `send` can't be encoded (a cycle, a BigInt, `undefined`). Thrown at the call. */
  INVALID_MESSAGE: { retryable: false },
  /** The message is larger than the server's limit. */
  MESSAGE_TOO_LARGE: { retryable: false },
  /** The outbox holds as many messages as it may. */
  QUEUE_FULL: { retryable: true },
  /**
   * Connection after connection ended right after this message was sent on it alone: it is not sent again. It may have been
   * taken; `details.tries` says how often it was tried.
   */
  MESSAGE_POISONOUS: { retryable: false },
  /** `ttlMs` passed before the message was on any wire. It never was, and never will be, delivered. */
  EXPIRED: { retryable: false },
  /** Cancelled by a signal or by `close()` before the message was on any wire. */
  ABORTED: { retryable: false },
  /** The message may have been delivered or not: nobody can know any more. */
  OUTCOME_UNKNOWN: { retryable: false },
  /** The server's handler refused the message for good; `details` has its reason. */
  REFUSED: { retryable: false },
  /** The server's handler failed as often as the server retries. */
  HANDLER_FAILED: { retryable: false },
  /** The socket is closed: it takes no more messages. */
  CLOSED: { retryable: false },
  /** No connection, for a reason that the browser does not tell: no network, no server, or a refused handshake. */
  CONNECT_FAILED: { retryable: true },
  /** Connecting took longer than `reconnect.connectTimeoutMs`. */
  CONNECT_TIMEOUT: { retryable: true },
  /** The connection ended without the server saying why. */
  CONNECTION_LOST: { retryable: true },
  /** The peer gave no sign of life within the heartbeat's deadline. */
  HEARTBEAT_MISSED: { retryable: true },
  /** The `url` function threw, rejected or gave no WebSocket URL. */
  URL_FAILED: { retryable: true },
  /** The `auth` function threw or rejected. */
  TOKEN_FAILED: { retryable: true },
  /** `onConnect` threw or rejected. */
  PREPARE_FAILED: { retryable: true },
  /** The server does not accept the token (close code 4401), nor a fresh one. */
  UNAUTHORIZED: { retryable: false },
  /** The server refuses this client for good (close codes 1008, 4403). */
  FORBIDDEN: { retryable: false },
  /** The server answered as another identity than the one this outbox belongs to. */
  IDENTITY_MISMATCH: { retryable: false },
  /** Another page or device took the session over (close code 4409). */
  SESSION_TAKEN_OVER: { retryable: false },
  /** The server said that the conversation is over (close code 1000). */
  SERVER_CLOSED: { retryable: false },
  /** The server is restarting or overloaded (close codes 1012, 1013, 4429). */
  SERVER_BUSY: { retryable: true },
  /** A frame that breaks the protocol, sent or received (close codes 1002, 1003, 1007, 1010). */
  PROTOCOL_ERROR: { retryable: false },
  /** A message of a plain server that the codec can't decode. The conversation goes on. */
  BAD_MESSAGE: { retryable: false },
  /** `reconnect.maxAttempts` failed attempts in a row. */
  RETRIES_EXHAUSTED: { retryable: true },
  /** Nothing can be stored here: no IndexedDB, no Web Locks, or a memory outbox. */
  STORAGE_UNAVAILABLE: { retryable: false },
  /** Storage failed in the middle; messages are kept in memory from here on. */
  STORAGE_FAILED: { retryable: true },
  /** There is no room to store more: what is new is in memory, and is stored when there is room. */
  STORAGE_FULL: { retryable: true },
  /** What was stored has vanished: the user or the browser cleared it. */
  STORAGE_LOST: { retryable: false },
  /** The page lost its stored log to another page while it was frozen; that page delivers what is in it. */
  LOG_TAKEN_OVER: { retryable: false },
  /** A listener of the app threw. */
  LISTENER_FAILED: { retryable: false },
  /** A reader of `messages()` was slower than the server for longer than its buffer holds. */
  BUFFER_OVERFLOW: { retryable: true },
  /** The pool had no room for another socket within `acquireTimeoutMs`. */
  ACQUIRE_TIMEOUT: { retryable: true },
  /** A lease of the pool was given up without `release()`: its socket stays open. `cause` names where it was taken. */
  LEASE_LEAKED: { retryable: false },
} as const;

/** The codes of all failures: a closed set, in `ERROR_CODES`; docs/errors.md says what each means and what to do. */
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
