import type { Bytes } from '@holdfast/core/protocol';
import type { Session } from './app.ts';

/** What the engine needs from the outside: it has no clock, timer, chance or cryptography of its own. */
export interface EngineEnvironment {
  /** Milliseconds on a clock that never jumps. */
  now(): number;
  /** Milliseconds since the epoch, for welcomes, records and the ends of tokens in the moment that they are proved. */
  wallClock(): number;
  /** At least 128 random bits as text of at most 64 characters: ids, epochs and keys of sessions. */
  randomId(): string;
  /** Runs `run` once after `ms`; the function returned cancels it. */
  setTimer(ms: number, run: () => void): () => void;
  /** Runs `run` at the end of this turn of the event loop: frames sent until then travel together. */
  defer(run: () => void): void;
  /** A one-way name for an identity, at most 64 characters: what clients and records get to see of it. */
  hashIdentity(identity: string): string;
  /** Compares two secrets in a time that does not depend on where they differ. */
  equalSecrets(left: string, right: string): boolean;
  /** `new AbortController()`, which the language's own library lacks. */
  createAbort(): AbortHandle;
}

/** The part of an `AbortController` that the engine uses. */
export interface AbortHandle {
  readonly signal: AbortSignalLike;
  abort(reason?: unknown): void;
}

/** The part of an `AbortSignal` that the engine uses. */
export interface AbortSignalLike {
  readonly aborted: boolean;
  readonly reason: unknown;
  addEventListener(type: 'abort', listener: () => void): void;
  removeEventListener(type: 'abort', listener: () => void): void;
}

/** One socket, as the engine writes to it. None of the calls throws, whatever state the socket is in. */
export interface EngineConnection {
  /**
   * @param data text, or bytes for a binary message
   * @param offset That of the newest server message that was written to this socket, with this data; 0: none was.
   */
  send(data: string | Bytes, offset: number): void;
  /** The session that it carries from here on: a new one, or one that goes on. */
  welcomed?(session: Session): void;
  /** Starts the closing handshake. */
  close(code: number, reason: string): void;
  /** Drops the socket without one. */
  terminate(): void;
  /** Bytes given to `send` that the network has not taken yet. */
  readonly bufferedAmount: number;
}

/** Headers of a request by their names in lower case. */
export interface Headers {
  readonly [name: string]: string | readonly string[] | undefined;
}

/** What is known of a socket before its first frame. */
export interface ConnectionRequest {
  /** The `Origin` header; undefined: not a browser. */
  readonly origin: string | undefined;
  /** The address of the socket's other end: a proxy's, behind one. */
  readonly remoteAddress: string | undefined;
  /** What the adapter knows of the upgrade, for `authenticate`. */
  readonly upgrade?: unknown;
  /** The place in the queue that the client says was kept for it. */
  readonly slot?: string | undefined;
  /** Path and query that the upgrade asked for. */
  readonly url?: string | undefined;
  /** The upgrade's headers. */
  readonly headers?: Headers | undefined;
  /** A token that came with the upgrade, in a subprotocol. */
  readonly token?: string | undefined;
}

/** What the owner of a socket tells the engine about it. */
export interface ConnectionEvents {
  /** A WebSocket message: a string, or a buffer or a view of one for a binary message. */
  message(data: unknown): void;
  /** The socket is gone. Called once. @param code the close code, where there was one. */
  closed(code?: number): void;
}
