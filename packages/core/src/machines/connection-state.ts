import type { ErrorCode, Failure } from '../lib/errors.ts';
import type { Backoff, BackoffOptions } from './backoff.ts';
import type { HeartbeatOptions, HeartbeatState } from './heartbeat.ts';

export type StateName = 'idle' | 'connecting' | 'open' | 'waiting' | 'paused' | 'suspended' | 'closing' | 'closed';
export type PauseReason = 'user' | 'frozen' | 'hidden';
export type ConnectReason = 'start' | 'user' | 'retry' | 'wake' | 'lost';

/** A second connection on its way, that may replace the open one. */
export interface Rival {
  /** Null: it waits for its turn. */
  readonly connectionId: number | null;
  /** The app or the server wants the move; else a hint did, and the old connection may still win. */
  readonly isWanted: boolean;
  readonly tries: number;
  /** How long its handshake took; null: it is on its way. */
  readonly openMs: number | null;
}

/** One flat record: what goes along from state to state, and what each state has of its own. */
export interface State {
  readonly name: StateName;
  /** When this state began, on the clock of `Input.now`. */
  readonly since: number;

  // What goes along.

  /** The connection in use, or the last one. */
  readonly connectionId: number;
  /** The newest connection ever started: no id is given twice, so a late event of an older one is told by its id. */
  readonly newestId: number;
  /** Failed tries since a connection last proved stable. */
  readonly attempt: number;
  /** When the tries began to fail; null: they don't. */
  readonly failingSince: number | null;
  /** The last delay between two tries. */
  readonly delayMs: number;
  /** The server wants no try before. */
  readonly notBefore: number;
  /** How often in a row the breaker has opened. */
  readonly trips: number;
  /** Whether a fresh token was tried after the server rejected one. */
  readonly isRenewed: boolean;
  /** When the browser said that there is no network; Infinity: there is one, as far as anybody knows. */
  readonly offlineAt: number;
  readonly isHidden: boolean;
  /** When the browser last said that the network is back. */
  readonly onlineAt: number;

  // Of one state, and nothing in the others.

  /** Why it is in this state, in the words that the app reads. */
  readonly reason: ConnectReason | PauseReason | 'offline' | 'refused' | 'exhausted' | 'connected';
  /**
   * Connecting: what ended the connection that this one replaces; null: the app or the page wanted it. Waiting, suspended,
   * closing, closed: what led there.
   */
  readonly failure: Failure | null;
  /** Waiting: the next try. Suspended: the breaker is open until then; null: only the app goes on. */
  readonly retryAt: number | null;
  /** Connecting. `opening`: URL, token, handshake. `greeting`: the protocol's welcome. `preparing`: the app's `onConnect`. */
  readonly step: 'opening' | 'greeting' | 'preparing' | null;
  /** Connecting: it takes over from an open one, which is closed after the welcome: for the app nothing has ended. */
  readonly isHandover: boolean;
  /** Connecting: how long the handshake took; 0: not known. */
  readonly openMs: number;
  /** From the welcome on; null: no heartbeat. */
  readonly heartbeatOptions: HeartbeatOptions | null;
  /** Open, with a heartbeat. */
  readonly heartbeat: HeartbeatState | null;
  /** Open. */
  readonly isStable: boolean;
  /** Open: ticks of the clock with something written and nothing heard; null: it does not tick. */
  readonly silentTicks: number | null;
  /** Open. */
  readonly rival: Rival | null;
  /** Paused. */
  readonly reasons: readonly PauseReason[];
}

/** Facts. One with a `connectionId` counts only while that connection is in use, or the rival. */
export type Event =
  | { readonly type: 'user/connect'; readonly reason: 'start' | 'user' }
  | { readonly type: 'user/pause' }
  | { readonly type: 'user/reconnect' }
  /** Open the next connection before the old one is closed. */
  | { readonly type: 'user/migrate' }
  /** `flushMs` > 0: an open connection may go on for so long to empty the outbox. */
  | { readonly type: 'user/close'; readonly flushMs: number; readonly failure: Failure | null }
  /** `ms`: how long the handshake took. */
  | { readonly type: 'link/opened'; readonly connectionId: number; readonly ms?: number }
  | { readonly type: 'link/welcomed'; readonly connectionId: number; readonly heartbeat: HeartbeatOptions | null }
  | { readonly type: 'link/prepared'; readonly connectionId: number }
  /** Our side gives the connection up; `closeCode` is what the server is told. */
  | {
      readonly type: 'link/failed';
      readonly connectionId: number;
      readonly failure: Failure;
      readonly closeCode: number;
    }
  /** The other side, or the browser, ended it. `hasSlot`: the wait is for a place that the server keeps. */
  | {
      readonly type: 'link/closed';
      readonly connectionId: number;
      readonly code: number;
      readonly reason: string;
      readonly wasClean: boolean;
      readonly retryAfterMs: number | null;
      readonly hasSlot: boolean;
    }
  /** The server wants its clients to move to another connection within that time. */
  | { readonly type: 'link/drained'; readonly connectionId: number; readonly withinMs: number }
  | { readonly type: 'link/answered'; readonly connectionId: number; readonly ms: number }
  /** Something was written while nobody listened for an answer. */
  | { readonly type: 'link/wrote'; readonly connectionId: number }
  | { readonly type: 'timer/connect'; readonly connectionId: number }
  | { readonly type: 'timer/retry'; readonly connectionId: number }
  | { readonly type: 'timer/heartbeat'; readonly connectionId: number; readonly heard: boolean }
  /** `heard`, `wrote`: since the last tick. */
  | {
      readonly type: 'timer/silence';
      readonly connectionId: number;
      readonly heard: boolean;
      readonly wrote: boolean;
    }
  | { readonly type: 'timer/stable'; readonly connectionId: number }
  | { readonly type: 'timer/rival'; readonly connectionId: number }
  | { readonly type: 'timer/hidden'; readonly connectionId: number; readonly isBusy: boolean }
  | { readonly type: 'timer/flush'; readonly connectionId: number }
  | { readonly type: 'outbox/filled' }
  | { readonly type: 'outbox/emptied' }
  | { readonly type: 'page/online' }
  | { readonly type: 'page/offline' }
  | { readonly type: 'page/visible' }
  | { readonly type: 'page/hidden' }
  | { readonly type: 'page/frozen' }
  | { readonly type: 'page/resumed' }
  /** The device slept. */
  | { readonly type: 'page/woke' }
  /** The network is another one, or another kind. */
  | { readonly type: 'page/network' }
  | { readonly type: 'page/focus' };

export type EventType = Event['type'];

/** Timers belong to the state in which they were set: they end with its name, and no order says so. */
export type TimerName = 'connect' | 'retry' | 'heartbeat' | 'silence' | 'stable' | 'rival' | 'hidden' | 'flush';

/** Orders, run after the new state is in force. */
export type Effect =
  /** Get URL and token, open a WebSocket. */
  | { readonly type: 'link/connect'; readonly connectionId: number }
  /** A socket is open: begin the conversation on it. */
  | { readonly type: 'link/greet'; readonly connectionId: number }
  /** The rival is the connection from here on. The former one is deaf, and stays open until the welcome. */
  | { readonly type: 'link/promote'; readonly connectionId: number }
  /** The rival is not needed any more. */
  | { readonly type: 'link/abandon' }
  /** Close everything and forget it at once: an `onclose` may come a minute later, or never. */
  | { readonly type: 'link/detach'; readonly code: number; readonly reason: string }
  | { readonly type: 'link/prepare'; readonly connectionId: number }
  | { readonly type: 'link/ping' }
  /** Let the outbox flow. */
  | { readonly type: 'flow/start' }
  | { readonly type: 'timer/set'; readonly timer: TimerName; readonly ms: number }
  /** Tell the app that a connection ended or a try failed. */
  | {
      readonly type: 'tell/close';
      readonly code: number;
      readonly reason: string;
      readonly wasClean: boolean;
      /** Null: the app asked for it. */
      readonly failure: Failure | null;
    }
  /** Tell the app about a failure that stops the retries. */
  | { readonly type: 'tell/error'; readonly failure: Failure };

export interface Input {
  readonly now: number;
  /** From 0 to 1, 1 excluded. */
  readonly random: number;
}

/** What `decide` is told about a connection's end. */
export interface RetryContext {
  readonly code: ErrorCode;
  /** The WebSocket's close code; null: the connection was given up on this side. */
  readonly closeCode: number | null;
  /** Counts from 1. */
  readonly attempt: number;
  /** How long the tries have failed. */
  readonly elapsedMs: number;
  /** What the server asked for. */
  readonly retryAfterMs: number | null;
  /** The last delay. */
  readonly lastDelayMs: number;
  /** The delay that would be taken; null: there would be no retry. */
  readonly delayMs: number | null;
}

export type RetryPolicies = { readonly [Code in ErrorCode]?: false | Partial<BackoffOptions> };

export interface ConnectionOptions extends BackoffOptions {
  /** How long a retry waits. */
  readonly backoff: Backoff;
  readonly maxAttempts: number;
  readonly maxElapsedMs: number;
  /** How long the breaker stays open after those limits; Infinity: until the app asks. */
  readonly coolDownMs: number;
  readonly stableAfterMs: number;
  readonly connectTimeoutMs: number;
  /** By cause: false stops at it, an object retries with its own delays. */
  readonly policies: RetryPolicies;
  /** The app's word: a delay, false to stop, undefined for the default. Never throws. */
  readonly decide?: ((context: RetryContext) => number | false | undefined) | null;
  /** How much longer the pauses between two pings are while the page is hidden. Default 1. */
  readonly hiddenPauses?: number;
  /** After how long a hidden page lets go of its connection. Default: never. */
  readonly releaseAfterMs?: number;
  /**
   * How long an open rival must live before it takes over: a server that turns it away closes it right after its handshake.
   * 0 where the server may speak first, since a rival is not heard.
   */
  readonly proofMs: number;
  /** Whether a second connection may be opened beside a live one. */
  readonly canRace: boolean;
  /** What else the machine can do: asked first, in order. A small client leaves out what it doesn't need. */
  readonly parts?: readonly Part[];
}

export type Step = readonly [state: State, effects: readonly Effect[]];

/** A state that is being written: the next one, until its step is over. */
export type Draft = { -readonly [Key in keyof State]: State[Key] };

/** What a step is taken with, and the effects that it has had so far. */
export interface Turn extends Input {
  readonly options: ConnectionOptions;
  readonly effects: Effect[];
}

/** A part of the machine: takes its step, or tells with false that the rest of the machine goes on. */
export type Part = (draft: Draft, turn: Turn, event: Event) => boolean;
