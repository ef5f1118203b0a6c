import type { Json, MessageData } from '@holdfast/core/protocol';
import type { AbortSignalLike, Headers } from './environment.ts';

/** What `session.send` takes: JSON, or bytes, which are copied and arrive as a `Uint8Array`. */
export type Sendable = Json | ArrayBuffer | ArrayBufferView;

/** A message on its way into the handler. */
export interface EngineMessage<Incoming = MessageData, Tx = unknown> {
  /**
   * `producer id:seq`, the same at every delivery, and the id of the sender's receipt. A client chooses its producer
   * ids: a key that no other client can forge is `producer` with `seq`.
   */
  readonly id: string;
  /** The log that it belongs to: identity, client and producer id in one string, the key of the store's record. */
  readonly producer: string;
  /** Place in that log, from 1, rising. Gaps are messages that their sender withdrew. */
  readonly seq: number;
  /** What the client sent: bytes are a `Uint8Array` of their own, whatever they were there. */
  readonly data: Incoming;
  /** True where an earlier handler may have taken it: the server that ran that one ended before it could tell. */
  readonly redelivered: boolean;
  readonly identity: string;
  /** The sender's install. */
  readonly client: string;
  /** Rises with every owner of the log: what the handler writes under an older one may be refused. */
  readonly fence: number;
  /** Aborts when the server closes and its grace is over, and when the app closes the session. */
  readonly signal: AbortSignalLike;
  /**
   * Writes the position of this message into the app's own transaction, through `positions`. It makes message and
   * position one: either both are committed or none. Call it before the handler resolves, inside the transaction.
   * @throws Error without `positions`, and after the handler has settled.
   */
  commit(tx?: Tx): void;
}

/** One client's conversation. It outlives its sockets by `limits.sessionTtlMs`. */
export interface Session<Outgoing = Sendable> {
  readonly id: string;
  readonly identity: string;
  /** The client's install: the same over reloads and restarts. */
  readonly client: string;
  /** Whether a socket carries it now. What is sent meanwhile waits within `limits.replay`. */
  readonly isConnected: boolean;
  /** What is kept until the client confirms it, a character of JSON counted as the two bytes that it costs at most. */
  readonly keptBytes: number;
  /**
   * Sends a message; it is kept until the client has it, within `limits.replay`. Gives its offset, from 1; 0 when the
   * session has ended, and nothing was sent.
   * @throws TypeError when JSON can't encode it, or its buffer was transferred; RangeError when it alone is above `limits.replay.bytes`.
   */
  send(data: Outgoing): number;
  /**
   * Asks the client to prove again who it is: after a change of its rights, say. `authenticate` is asked with a fresh
   * token. A client that does not answer within `withinMs` (default `limits.reauthMs`) is closed with 4401, one that is
   * refused as `authenticate` says, one that is somebody else with 4403. A session without a socket proves itself
   * anyway when it comes back.
   * @throws RangeError for a time that is no whole number of milliseconds up to 3,600,000.
   */
  reauthenticate(options?: { readonly withinMs?: number }): void;
  /**
   * Ends the session: its socket is closed, its signals abort, and what has not started is dropped.
   * @param code 1000 (the default: the client stops), 1008, or 3000 to 4999. @param reason At most 123 bytes.
   * @throws RangeError for another code.
   */
  close(code?: number, reason?: string): void;
}

/**
 * Why a session ended. `closed`: by its client or by `session.close`. `expired`: its client did not come back in time.
 * `evicted`: another took its place in `limits.sessions` or `limits.sessionsPerIdentity`. `replaced`: its client began
 * anew. `shutdown`: the server has closed.
 */
export type SessionEndReason = 'closed' | 'expired' | 'evicted' | 'replaced' | 'shutdown';

/** Likewise; `never-welcomed`: nobody has known it. */
export type SessionEnd = SessionEndReason | 'never-welcomed';

/** What `authenticate` gets to know. */
export interface AuthenticateRequest {
  /** What the client's `auth` gave: with this hello, or just now on the live connection. */
  readonly token: string | undefined;
  readonly client: string;
  readonly origin: string | undefined;
  readonly remoteAddress: string | undefined;
  /** What the adapter knows of the upgrade. */
  readonly upgrade?: unknown;
  /** Path and query of the upgrade, such as `/socket?ticket=…`: for apps that put a ticket there. */
  readonly url: string;
  /** Headers of the upgrade by their names in lower case: cookies, and what a proxy adds. */
  readonly headers: Headers;
  /** Aborts after `limits.authenticateTimeoutMs`, when the answer counts no more. */
  readonly signal: AbortSignalLike;
}

/** Who a client is. */
export interface Identity {
  /** A stable name for the user, 1 to 256 characters, never the token. */
  readonly identity: string;
  /**
   * When that ends, milliseconds since the epoch by this server's clock: what the token says. The client is asked for a
   * fresh token in time; one that has none by then is closed with 4401, and nothing that it sent starts any more.
   * Default: it holds as long as the connection.
   */
  readonly expiresAt?: number;
}

/** One structured record. Payloads, tokens and keys are never in it; identities are hashed. */
export interface EventRecord {
  /** Milliseconds since the epoch. */
  readonly timestamp: number;
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  /** What happened, such as `session.began` or `handler.failed`. */
  readonly name: string;
  readonly message?: string;
  readonly details?: { readonly [key: string]: Json };
  /** What the app or the store threw, as it is: its message may quote a payload or a token, so think before you log it. */
  readonly cause?: unknown;
}

/** The app's side of the engine. Whatever throws in it is reported and hurts nobody else. */
export interface EngineApp {
  onMessage(message: EngineMessage, session: Session): void | Promise<void>;
  onSession?: ((session: Session) => void | Promise<void>) | undefined;
  onSessionEnd?: ((session: Session, reason: SessionEndReason) => void | Promise<void>) | undefined;
  authenticate?: ((request: AuthenticateRequest) => string | Identity | Promise<string | Identity>) | undefined;
  onEvent?: ((record: EventRecord) => void) | undefined;
}
