import type { MessageData } from '@holdfast/core/protocol';
import type { IncomingMessage, Server as HttpServer } from 'node:http';
import type { Server as HttpsServer } from 'node:https';
import type { AdmissionLimits } from './session/admission.ts';
import type {
  AuthenticateRequest,
  EngineMessage,
  EventRecord,
  Identity,
  Sendable,
  Session,
  SessionEndReason,
} from './session/app.ts';
import type { EngineMetrics } from './session/engine.ts';
import type { HeartbeatLimits, Limits } from './session/limits.ts';
import type { SendToStatus } from './session/user-queue.ts';
import type { SendToOptions } from './session/user-queues.ts';
import type { PositionHook, ProducerStore } from './stores/ports.ts';

/** A message on its way into the handler. */
export interface Message<Incoming = MessageData, Tx = unknown> extends EngineMessage<Incoming, Tx> {
  readonly signal: AbortSignal;
}

/** What `createServer` takes. Only `onMessage` is needed. */
export interface ServerOptions<Incoming = MessageData, Outgoing = Sendable, Tx = unknown> {
  /**
   * Takes a message. Messages of one producer come one at a time and in order, each once or marked `redelivered`; it is
   * acknowledged when this resolves and the position is written. Throw `Refuse` to refuse it for good; any other error
   * is tried again `limits.handlerRetries` times, then the message is refused with HANDLER_FAILED.
   */
  onMessage(message: Message<Incoming, Tx>, session: Session<Outgoing>): void | Promise<void>;
  /** A new session began; one that was resumed is not new. */
  onSession?: (session: Session<Outgoing>) => void | Promise<void>;
  /** A session is over, after which nobody comes back to it. Told of each that `onSession` was. */
  onSessionEnd?: (session: Session<Outgoing>, reason: SessionEndReason) => void | Promise<void>;
  /**
   * Gives the client's identity: a stable name for the user, 1 to 256 characters, never the token; with `expiresAt`
   * when that ends. Asked at every connection, and for every fresh token. Throw `Unauthorized` (the client fetches a fresh token once) or `Forbidden` (it stops); any other error
   * closes with 1011. Default: everybody is `anonymous`.
   */
  authenticate?: (request: AuthenticateRequest) => string | Identity | Promise<string | Identity>;
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
   * How many new connections a second are let in, so that the clients of a server that comes back don't put it down
   * again. One that comes too soon is closed with 1013 before its hello; the reason has the time at which a place is
   * kept for it, and a client with `holdfast()` comes back then and is let in. Such a refusal is a whole upgrade and a
   * close frame, since a browser tells its page no HTTP status. A place that nobody uses goes to the next that comes.
   * Limits no messages. Default: no limit.
   */
  admission?: AdmissionLimits;
  /**
   * Which pages may connect. Default: those of the server's own host, and whatever is no browser (it sends no Origin).
   * A list of origins such as `https://app.example`, `'*'` for all, or a function that decides; others get HTTP 403.
   */
  allowedOrigins?: AllowedOrigins;
  /**
   * Compression of messages (permessage-deflate). Default false: it costs memory and time for each socket, and the length
   * of what is compressed tells something about what is in it. True, or a threshold, compresses messages of at least
   * `thresholdBytes` (default 1,024), each by itself: what one message holds never shows in the length of another. What a
   * client sends may not grow beyond what it could send uncompressed.
   */
  compression?: boolean | { readonly thresholdBytes?: number };
  /**
   * The client's address, for the limits by address and for `authenticate`. Default: that of the socket's other end, which
   * behind a proxy is the proxy's. Take it from a header only where a proxy of yours always sets it.
   */
  clientAddress?: (request: IncomingMessage) => string | undefined;
  /**
   * One sink for structured records. Payloads and tokens are never in them; `cause` has what the app or the store threw.
   * Default: `console.warn` with what goes wrong (levels `warn` and `error`, but for `limit.reached`), of each name at most
   * one line a second, with the stack of what was thrown but not its message. For silence give `() => {}`.
   */
  onEvent?: (record: EventRecord) => void;
}

/** Which pages may connect: `'*'` for all, a list of origins, or a function that decides. */
export type AllowedOrigins =
  | '*'
  | readonly string[]
  | ((origin: string | undefined, request: IncomingMessage) => boolean);

/** A picture of now, with counters since the start. */
export type Metrics = EngineMetrics;

/** A server of `holdfast.v1`, which answers the upgrades of any number of HTTP servers. */
export interface HoldfastServer<Outgoing = Sendable> {
  /**
   * Answers WebSocket upgrades on `path` (default `/`); other paths are left to other listeners of the same server.
   * Returns the function that stops it; connections that are open stay.
   * @throws TypeError when `path` does not start with a slash, and for what is no server of Node, such as an Express app.
   */
  attach(httpServer: HttpServer | HttpsServer, options?: { readonly path?: string }): () => void;
  /** All sessions by id, with those that wait for their client to come back. A live view. */
  readonly sessions: ReadonlyMap<string, Session<Outgoing>>;
  /** What there is now, and how often each limit has stopped somebody: for a monitor that asks now and then. */
  metrics(): Metrics;
  /**
   * Sends a message to a user, at least once: to every session of this identity, or, when it has none, to the next one
   * that begins. It waits in the user's queue, which `limits.userQueue` bounds and which survives the process where the
   * store does, until a session has acknowledged it or `ttlMs` is over.
   *
   * Within one session every message comes once, and in the order of the calls. A client that ends before it could
   * acknowledge gets it again in its next session; where that matters, put an id of your own into `data`.
   *
   * Resolves when the message is in the queue, with `sent`: it went out to a client that is there; `queued`: it waits;
   * `duplicate`: the `id` is known, and nothing was sent; `dropped`: there was no room. What expires or has no room is
   * told as a `user-queue.dropped` record.
   *
   * Rejects with TypeError or RangeError for arguments that can't be sent, when the server is closing, and when the store
   * fails: then the message was not taken.
   */
  sendTo(user: string, data: Outgoing, options?: SendToOptions): Promise<SendToStatus>;
  /**
   * Asks the clients of all connections that there are to move to new ones within `withinMs` (default 30,000, at most
   * 3,600,000), spread over that time by themselves: each opens its next socket while the old one still works.
   * Resolves when every one of these connections is over (its session has moved or ended, or its socket is gone), or
   * after `withinMs`, when what is left is closed with 1012. New connections are accepted meanwhile and not asked: take
   * the process out of the load balancer before, and call `close` after.
   *
   * Sessions live in a process: on a connection that comes back to this one they go on as if nothing had happened; on
   * another process a client begins a new one (`resumed: false`, and `gap` tells what may be missing), while its own
   * messages are taken once, or marked `redelivered`, where both processes share a store.
   *
   * Rejects only for a time that is no whole number of milliseconds within these bounds.
   */
  drain(options?: { readonly withinMs?: number }): Promise<void>;
  /**
   * Refuses upgrades with HTTP 503, lets running handlers end within `graceMs` (default 5,000) and aborts their signals
   * then, tells what was taken, closes all connections with 1012 and the store. Leaves no timer, listener or socket of
   * its own. Rejects only for a time that is no whole number of milliseconds.
   *
   * `retryAfterMs` (default 0: none, at most 600,000) tells the clients when to come back, each at a time of its own in
   * the later half of it: give the time that a restart takes, twice.
   */
  close(options?: { readonly graceMs?: number; readonly retryAfterMs?: number }): Promise<void>;
}
