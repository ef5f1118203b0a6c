/// <reference lib="esnext.disposable" preserve="true" />
import type { Environment } from '../environment/ports.ts';
import type { ErrorCode, HoldfastError, Json } from '../lib/errors.ts';
import type { LostReason, MessageData } from '../protocol/frames.ts';
import type { Protocol } from '../machines/conversation.ts';
import type { MessagesOptions } from './messages.ts';
import type { Jitter } from '../machines/backoff.ts';
import type { RetryContext, RetryPolicies } from '../machines/connection-state.ts';
import type { Outbox } from '../storage/keeper.ts';

/**
 * What `send` takes: JSON, or bytes. Bytes are copied in the call; a Blob is read after it, and what is sent later waits for
 * it. They arrive as a `Uint8Array`.
 */
export type Sendable = Json | ArrayBuffer | ArrayBufferView | Blob;

/** What an app sees of the connection. */
export type Phase = 'idle' | 'connecting' | 'open' | 'waiting' | 'paused' | 'suspended' | 'closing' | 'closed';

/** One immutable picture of the connection: a new object whenever something changed, the same one otherwise. */
export interface ConnectionState {
  /**
   * `idle`: not started. `connecting`: on the way. `open`: messages flow. `waiting`: tries again at `retryAt`.
   * `paused`: by the app, or by a frozen or a hidden page. `suspended`: gave up, `connect()` tries again. `closing`, `closed`: by
   * `close()` or the signal, for good.
   */
  readonly phase: Phase;
  /** When this phase began, milliseconds since the epoch. */
  readonly since: number;
  /** Failed tries since a connection last proved stable. */
  readonly attempt: number;
  /**
   * The circuit breaker: `open` after the limits of `reconnect` (`suspended` until `retryAt`, `online`, a page that comes to
   * the front, or the app), `half-open` while one try decides, `closed` once a connection is stable.
   */
  readonly breaker: 'closed' | 'open' | 'half-open';
  /** When the next try starts, milliseconds since the epoch; null when none is due. */
  readonly retryAt: number | null;
  /** Why the connection is in this phase. */
  readonly reason: StateReason;
  /** The failure that led here, if one did. */
  readonly error: HoldfastError | null;
}

/** Why the connection is in its phase. */
export type StateReason =
  /** The app asked for it. */
  | 'user'
  /** The first connect, by `autoConnect`. */
  | 'start'
  /** The connection was lost or could not be made; `error` says how. */
  | 'lost'
  /** The browser says that there is no network: tries are far apart until it says otherwise. */
  | 'offline'
  /** Network or page came back. */
  | 'wake'
  /** The backoff has passed. */
  | 'retry'
  /** The page is frozen or in the back/forward cache. */
  | 'frozen'
  /** The page is hidden, and the option `hidden` lets go of its connection. */
  | 'hidden'
  /** The server ended it for good, or no retry is wanted; `error` says why. */
  | 'refused'
  /** The limits of `reconnect` are reached. */
  | 'exhausted'
  /** The connection is up. */
  | 'connected';

/** The numbers of a socket that change all the time, which is why they are no part of its state. */
export interface SocketStats {
  /** Last measured round trip, milliseconds; null before the first. */
  readonly rttMs: number | null;
  /** Messages that wait: not on the current connection's wire. */
  readonly queued: number;
  /** Messages on the wire whose outcome is not known yet. */
  readonly inFlight: number;
}

/** When a socket tries again. Durations are milliseconds; docs/connection.md has them side by side. */
export interface ReconnectOptions {
  /** Longest delay before the first retry. Default 300. */
  readonly initialDelayMs?: number;
  /** Factor from one retry to the next. Default 1.25. */
  readonly factor?: number;
  /** Longest delay, applied before the jitter. Default 6,000. */
  readonly maxDelayMs?: number;
  /**
   * What chance does to a delay `d`. `full` (the default): from 0 to d. `equal`: from d/2 to d. `decorrelated`: from the
   * initial delay to three times the last one. `none`: d; all clients of a server that restarts then return at once.
   */
  readonly jitter?: Jitter;
  /** Retries in a row after which the socket is `suspended`. Default Infinity. */
  readonly maxAttempts?: number;
  /** Time of failing tries after which the socket is `suspended`. Default Infinity. */
  readonly maxElapsedMs?: number;
  /** How long it is `suspended` then, before one try; doubled by every failure, at most sixteen-fold. Default 60,000. */
  readonly coolDownMs?: number;
  /** How long a connection must live until `attempt` starts over. Default 5,000. */
  readonly stableAfterMs?: number;
  /** Longest time for each step of connecting: open, welcome, `onConnect`. Default 10,000. */
  readonly connectTimeoutMs?: number;
  /** By cause: `false` stops at it, an object retries with its own delays. What a server says, and `offline`, come first. */
  readonly policies?: RetryPolicies;
  /**
   * The app's word on each end: a delay in milliseconds, `false` to stop, `undefined` for the default. When it throws,
   * that is reported and the default is taken.
   */
  readonly decide?: (context: RetryContext) => number | false | undefined;
}

/** When to ask whether the peer is alive. Durations are milliseconds. */
export interface HeartbeatSettings {
  /** Longest pause between two pings, or less where the server asks for it; shorter after trouble. Default 15,000. */
  readonly intervalMs?: number;
  /** Without a sign of life for this long, in four pings, the connection counts as dead; less on a fast link. Default 5,000. */
  readonly timeoutMs?: number;
}

/** What `onConnect` gets. */
export interface ConnectContext<Outgoing> {
  /**
   * Sends ahead of the outbox, on this connection only: not queued, not stored, not repeated. Resolves when delivered.
   */
  send(data: Outgoing): Promise<void>;
  /** Whether the server went on with the session: nothing it sent was lost. */
  readonly resumed: boolean;
  readonly attempt: number;
  /** Aborts when this connection ends. */
  readonly signal: AbortSignal;
}

/** What `createSocket` takes. Only `url` is needed. */
export interface SocketOptions<Outgoing = Sendable> {
  /**
   * Where to connect: `ws:` or `wss:` (`http:` and `https:` are taken as such). A function is called at every attempt, with
   * the number of tries that have failed since a connection last proved stable: 0 at first, and 1 after each loss.
   */
  readonly url: string | URL | ((tries: { readonly attempt: number }) => string | URL | Promise<string | URL>);
  /** `plain()` (the default) for any server, `holdfast()` for `@holdfast/server`. */
  readonly protocol?: Protocol;
  /** `memory()` (the default), or `indexedDB({ name, identity })` from `@holdfast/core/indexeddb`. */
  readonly outbox?: Outbox;
  /** How to try again; false: never by itself. */
  readonly reconnect?: ReconnectOptions | false;
  /** When to ask whether the peer is alive; false: never. Needs `holdfast()`, or `plain({ ping })`. */
  readonly heartbeat?: HeartbeatSettings | false;
  /**
   * What a hidden page does with its connection: `keep` it, ping half as often (`slow`, the default), or let go of it
   * after a time; never while messages are unsent. It is back when the page is visible, or has something to send. The time
   * counts from when the page is hidden; for a connection opened after that, from when it is stable.
   */
  readonly hidden?: 'keep' | 'slow' | { readonly releaseAfterMs: number };
  /**
   * Gives the token for the server's `authenticate`: asked for at every attempt, and on a live connection before the
   * last one ends. It travels in the first message, and in no URL. Needs `holdfast()`.
   */
  readonly auth?: () => string | Promise<string>;
  /** Closes the socket when it aborts. */
  readonly signal?: AbortSignal;
  /** Connect at once. Default true. */
  readonly autoConnect?: boolean;
  /** Runs on each new connection before the outbox flows. A rejection is a failed attempt. */
  readonly onConnect?: (context: ConnectContext<Outgoing>) => void | Promise<void>;
  /** One sink for structured records. Payloads and tokens are never in them. */
  readonly onEvent?: (record: EventRecord) => void;
  /** The outside world; the browser's by default. */
  readonly environment?: Environment;
}

/** One structured record of something that happened. */
export interface EventRecord {
  /** Milliseconds since the epoch. */
  readonly timestamp: number;
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  /** What happened, such as `connection.open` or `outbox.storage-failed`. */
  readonly name: string;
  /** Counts the connections of this socket; 0 before the first. */
  readonly connectionId: number;
  /** One id for all records of this socket. */
  readonly traceId: string;
  readonly code?: ErrorCode;
  readonly message?: string;
  readonly details?: { readonly [key: string]: Json };
}

/**
 * Where a message is: `queued` on no wire, `inFlight` on one, `delivered` taken, `failed` never to be delivered, or
 * nobody knows.
 */
export type ReceiptStatus = 'queued' | 'inFlight' | 'delivered' | 'failed';

/** What is known of one sent message. */
export interface Receipt {
  /** The message's id for its whole life, the same at the server's handler. */
  readonly id: string;
  readonly status: ReceiptStatus;
  /** Whether it is in storage now or was until it was delivered. */
  readonly isStored: boolean;
  /** Why it failed; null otherwise. */
  readonly error: HoldfastError | null;
  /**
   * Resolves when the message survives a killed browser, or has been delivered before it was written. Reading it
   * starts the write at the end of this turn; otherwise it starts at most 20 ms after `send`. Rejects with
   * STORAGE_UNAVAILABLE or STORAGE_FAILED where nothing is stored, and with the receipt's error when it failed before.
   */
  readonly stored: Promise<void>;
  /** Resolves when the server's handler has taken the message; rejects with the receipt's error. */
  readonly delivered: Promise<void>;
  /**
   * Withdraws the message, as an abort of its signal does: it fails with ABORTED as soon as storage has forgotten it.
   * False, and nothing happens: it may have been sent, or has its end.
   */
  cancel(): boolean;
}

/** A message that waits or is in flight. */
export interface OutboxItem {
  /** That of its receipt. */
  readonly id: string;
  readonly status: 'queued' | 'inFlight';
  /** What it counts in `maxBytes`. */
  readonly bytes: number;
  /** When `send` was called, milliseconds since the epoch; null: by a page before this one. */
  readonly queuedAt: number | null;
}

/** What waits or is in flight: of this page, and of pages that are gone, whose messages this one sends. */
export interface SocketOutbox {
  /** A snapshot of the first of them in the order of sending, at most `limit` (default 100). `subscribe` tells of changes. */
  readonly list: (limit?: number) => readonly OutboxItem[];
  /** Withdraws a message by its id, as `Receipt.cancel()` does. */
  readonly cancel: (id: string) => boolean;
  /**
   * Withdraws all that may be withdrawn: everything that was on no wire. Resolves when storage has forgotten it, and every
   * receipt has failed. What may have been sent goes on; that is all that an earlier page stored, until the server's first
   * welcome has said how far it came.
   */
  readonly clear: () => Promise<void>;
}

/** What `whenWritable` waits for. */
export interface WritableOptions {
  /** Bytes of the message that is to be sent. Default 1. */
  readonly bytes?: number;
  /** Ends the wait: it rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  /** The lane of the message; each has the outbox's bounds for itself. Default `normal`. */
  readonly lane?: 'urgent' | 'normal';
}

/** What holds for one message. Without any: the lane `normal`, no end of its time, and the durability of the outbox. */
export interface SendOptions {
  /** Give up when the message was on no wire for this long, milliseconds. Default: never. */
  readonly ttlMs?: number;
  /** Withdraws the message while it has been on no wire. */
  readonly signal?: AbortSignal;
  /**
   * `strict`: `stored` resolves when the disk has the message, so that it survives a loss of power. Default: what the
   * outbox was made with. It costs the write some milliseconds, for all messages in it; a memory outbox stores nothing.
   */
  readonly durability?: 'strict';
  /**
   * `urgent`: it goes before all that waits in the lane `normal`, the default. Messages keep their order within a lane,
   * over reloads too, and have none between the two.
   */
  readonly lane?: 'urgent' | 'normal';
}

/** What happens to messages that are not delivered yet when a socket closes. */
export interface CloseOptions {
  /** Let an open connection go on for this long to empty the outbox, milliseconds. Default 0. */
  readonly flushMs?: number;
  /** Delete what this page has stored, too. Default false: it is delivered by a later page. */
  readonly discard?: boolean;
}

/** The events of a socket, each with what its listeners get. */
export interface SocketEvents<Incoming> {
  /** Messages flow. */
  open: { readonly resumed: boolean; readonly attempt: number };
  /** What the server sent, each once and in order; bytes come as a `Uint8Array`. */
  message: Incoming;
  /** A connection ended, or could not be made. */
  close: { readonly code: number; readonly reason: string; readonly wasClean: boolean };
  /** `getState()` gives something new. */
  state: ConnectionState;
  /** Messages of the server that can't arrive any more, and why: `to` null when nobody knows how many. */
  gap: { readonly reason: LostReason; readonly from: number; readonly to: number | null };
  /**
   * A message that will not be delivered, what it carried (decoded when it is read, `undefined` for a Blob that was not read)
   * and what it was sent with. Of a message that a page before this one left behind only `ttlMs` is known.
   */
  drop: {
    readonly id: string;
    readonly error: HoldfastError;
    readonly data: MessageData | undefined;
    readonly options: SendOptions;
  };
  /** What the app should know and nothing else tells: an end of the retries, storage, a listener that threw, a message that can't be read. */
  error: HoldfastError;
  /** The socket has closed for good and left nothing behind. */
  closed: { readonly error: HoldfastError | null };
}

/** A conversation with a server. Every method may be called without its object. */
export interface Socket<Incoming = MessageData, Outgoing = Sendable> {
  /**
   * Queues a message; it is sent as soon as the connection allows, in order.
   * @throws HoldfastError INVALID_MESSAGE when `data` can't be encoded, or its buffer was transferred; INVALID_OPTION for
   * a wrong option. Everything that happens later is told by the receipt, as that a Blob can't be read.
   */
  readonly send: (data: Outgoing, options?: SendOptions) => Receipt;
  /**
   * Resolves when the outbox has room for one more message, at once where it has: for whoever sends much, so that it
   * neither overflows nor grows. Those who wait go in their order. Rejects with CLOSED, or the signal's reason.
   */
  readonly whenWritable: (options?: WritableOptions) => Promise<void>;
  /** What waits, and a way to take it back. */
  readonly outbox: SocketOutbox;
  /** The connection as it is now. */
  readonly getState: () => ConnectionState;
  /** Calls `listener` when `getState()` or `getStats()` gives something new. Returns the function that stops it. */
  readonly subscribe: (listener: () => void) => () => void;
  /** The numbers; subscribers are told at most once a frame. */
  readonly getStats: () => SocketStats;
  /** Calls `listener` at each event of this type. Returns the function that stops it. What it throws is reported as LISTENER_FAILED. */
  readonly on: <Type extends keyof SocketEvents<Incoming>>(
    type: Type,
    listener: (event: SocketEvents<Incoming>[Type]) => void,
  ) => () => void;
  /**
   * The messages for `for await`, buffered from this call on; leaving the loop stops it, and closing the socket ends it.
   * @throws HoldfastError INVALID_OPTION
   */
  readonly messages: (options?: MessagesOptions<Incoming>) => AsyncIterableIterator<Incoming, undefined>;
  /** Connects now: from `idle`, `paused` and `suspended`, and from `waiting` without the rest of the delay. */
  readonly connect: () => void;
  /** Drops the connection and keeps the queue until `connect()`. */
  readonly pause: () => void;
  /** Drops the connection, if there is one, and makes a new one at once. */
  readonly reconnect: () => void;
  /**
   * Moves an open conversation to a new connection without a gap: the old one is closed when the new one is welcomed.
   * Where none is open, connects. Rejects when the move fails: the old connection stays where the new one could not be
   * opened; from its hello on there is no way back, and the socket connects again.
   */
  readonly migrate: () => Promise<void>;
  /**
   * Resolves when open; rejects when the socket is suspended or closed first. The same promise until another one would tell
   * something else, so that React's `use` may take it.
   */
  readonly whenOpen: () => Promise<void>;
  /**
   * Ends the conversation for good and settles every receipt: ABORTED for what was never sent, OUTCOME_UNKNOWN for what
   * was. What is stored stays stored unless discarded. The first call decides: a later one only waits for its end. Resolves when
   * nothing is left behind. Never rejects.
   */
  readonly close: (options?: CloseOptions) => Promise<void>;
  /** `await using socket = createSocket(…)` closes it. Missing at run time where the engine has no `Symbol.asyncDispose`. */
  readonly [Symbol.asyncDispose]: () => Promise<void>;
}
