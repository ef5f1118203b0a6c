import type { Json } from '@holdfast/core/protocol';
import type { IncomingMessage, Server as HttpServer } from 'node:http';
import type { Server as HttpsServer } from 'node:https';
import type { AuthenticateRequest, EngineMessage, EventRecord, Session } from './session/app.ts';
import type { HeartbeatLimits, Limits } from './session/limits.ts';
import type { PositionHook, ProducerStore } from './stores/ports.ts';

/** A message on its way into the handler. */
export interface Message<Incoming = Json, Tx = unknown> extends EngineMessage<Incoming, Tx> {
  readonly signal: AbortSignal;
}

export interface ServerOptions<Incoming = Json, Outgoing = Json, Tx = unknown> {
  /**
   * Takes a message. Messages of one producer come one at a time and in order, each once or marked `redelivered`; it is
   * acknowledged when this resolves and the position is written. Throw `Refuse` to refuse it for good; any other error
   * is tried again `limits.handlerRetries` times, then the message is refused with HANDLER_FAILED.
   */
  onMessage(message: Message<Incoming, Tx>, session: Session<Outgoing>): void | Promise<void>;
  /** A new session began; one that was resumed is not new. */
  onSession?: (session: Session<Outgoing>) => void | Promise<void>;
  /**
   * Gives the client's identity: a stable name for the user, 1 to 256 characters, never the token. Asked at every
   * connection. Throw `Unauthorized` (the client fetches a fresh token once) or `Forbidden` (it stops); any other error
   * closes with 1011. Default: everybody is `anonymous`.
   */
  authenticate?: (request: AuthenticateRequest) => string | Promise<string>;
  /** Remembers what was taken. Default `memoryStore()`: until the process ends. The server closes it. */
  store?: ProducerStore;
  /**
   * Positions in the app's own transactions: exactly once. Costs: every handler has to call `message.commit(tx)`, and a
   * refusal is written before the next message runs. Refusals are kept in `store`: give one that is as durable.
   */
  positions?: PositionHook<Tx>;
  /** Milliseconds. Default `{ intervalMs: 15_000, timeoutMs: 5_000 }`. */
  heartbeat?: Partial<HeartbeatLimits>;
  /** Bounds, each with its own default. */
  limits?: Partial<Limits>;
  /**
   * Which pages may connect. Default: those of the server's own host, and whatever is no browser (it sends no Origin).
   * A list of origins such as `https://app.example`, `'*'` for all, or a function that decides; others get HTTP 403.
   */
  allowedOrigins?: AllowedOrigins;
  /** One sink for structured records. Payloads and tokens are never in them. */
  onEvent?: (record: EventRecord) => void;
}

export type AllowedOrigins =
  | '*'
  | readonly string[]
  | ((origin: string | undefined, request: IncomingMessage) => boolean);

export interface HoldfastServer<Outgoing = Json> {
  /**
   * Answers WebSocket upgrades on `path` (default `/`); other paths are left to other listeners of the same server.
   * Returns the function that stops it; connections that are open stay.
   * @throws TypeError when `path` does not start with a slash.
   */
  attach(httpServer: HttpServer | HttpsServer, options?: { readonly path?: string }): () => void;
  /** All sessions by id, with those that wait for their client to come back. A live view. */
  readonly sessions: ReadonlyMap<string, Session<Outgoing>>;
  /**
   * Refuses upgrades with HTTP 503, lets running handlers end within `graceMs` (default 5,000) and aborts their signals
   * then, tells what was taken, closes all connections with 1012 and the store. Leaves no timer, listener or socket of
   * its own. Rejects only for a `graceMs` that is no whole number of milliseconds.
   */
  close(options?: { readonly graceMs?: number }): Promise<void>;
}
