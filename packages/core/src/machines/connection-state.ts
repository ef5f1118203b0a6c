import type { Failure } from '../lib/errors.ts';
import type { BackoffOptions } from './backoff.ts';
import type { HeartbeatOptions, HeartbeatState } from './heartbeat.ts';

/** What every state knows. */
export interface Known {
  /** The newest connection ever started. It never starts over, so a late event of an older one is told by its id. */
  readonly connectionId: number;
  /** Failed tries since a connection last proved stable. */
  readonly attempt: number;
  readonly isOffline: boolean;
  /** Whether a fresh token was tried after the server rejected one. */
  readonly isRenewed: boolean;
  /** When this state began, on the clock of `Input.now`. */
  readonly since: number;
}

export type ConnectReason = 'start' | 'user' | 'retry' | 'wake' | 'lost';

export type State =
  | (Known & { readonly name: 'idle' })
  | (Known & {
      readonly name: 'connecting';
      /** `opening`: URL, token, handshake. `greeting`: the protocol's welcome. `preparing`: the app's `onConnect`. */
      readonly step: 'opening' | 'greeting' | 'preparing';
      readonly reason: ConnectReason;
      /** What ended the connection that this one replaces; null: the app or the page wanted it. */
      readonly failure: Failure | null;
      /** From the welcome on; null: no heartbeat. */
      readonly heartbeatOptions: HeartbeatOptions | null;
    })
  | (Known & {
      readonly name: 'open';
      readonly isStable: boolean;
      readonly heartbeatOptions: HeartbeatOptions | null;
      readonly heartbeat: HeartbeatState;
    })
  | (Known & {
      readonly name: 'waiting';
      readonly reason: 'lost' | 'offline';
      readonly retryAt: number;
      readonly failure: Failure;
    })
  | (Known & { readonly name: 'paused'; readonly reasons: readonly PauseReason[] })
  | (Known & { readonly name: 'suspended'; readonly failure: Failure })
  | (Known & { readonly name: 'closing'; readonly failure: Failure | null })
  | (Known & { readonly name: 'closed'; readonly failure: Failure | null });

export type StateName = State['name'];
export type PauseReason = 'user' | 'frozen';

/** Facts. One with a `connectionId` counts only while that connection is the newest. */
export type Event =
  | { readonly type: 'user/connect'; readonly reason: 'start' | 'user' }
  | { readonly type: 'user/pause' }
  | { readonly type: 'user/reconnect' }
  /** `flushMs` > 0: an open connection may go on for so long to empty the outbox. */
  | { readonly type: 'user/close'; readonly flushMs: number; readonly failure: Failure | null }
  | { readonly type: 'link/opened'; readonly connectionId: number }
  | { readonly type: 'link/welcomed'; readonly connectionId: number; readonly heartbeat: HeartbeatOptions | null }
  | { readonly type: 'link/prepared'; readonly connectionId: number }
  /** Our side gives the connection up; `closeCode` is what the server is told. */
  | {
      readonly type: 'link/failed';
      readonly connectionId: number;
      readonly failure: Failure;
      readonly closeCode: number;
    }
  /** The other side, or the browser, ended it. `told` is what the server said before. */
  | {
      readonly type: 'link/closed';
      readonly connectionId: number;
      readonly code: number;
      readonly reason: string;
      readonly wasClean: boolean;
      readonly retryAfterMs: number | null;
    }
  | { readonly type: 'timer/connect'; readonly connectionId: number }
  | { readonly type: 'timer/retry'; readonly connectionId: number }
  | { readonly type: 'timer/heartbeat'; readonly connectionId: number; readonly heard: boolean }
  | { readonly type: 'timer/stable'; readonly connectionId: number }
  | { readonly type: 'timer/flush'; readonly connectionId: number }
  | { readonly type: 'outbox/emptied' }
  | { readonly type: 'page/online' }
  | { readonly type: 'page/offline' }
  | { readonly type: 'page/visible' }
  | { readonly type: 'page/hidden' }
  | { readonly type: 'page/frozen' }
  | { readonly type: 'page/resumed' };

export type EventType = Event['type'];

export type TimerName = 'connect' | 'retry' | 'heartbeat' | 'stable' | 'flush';

/** Orders, run after the new state is in force. */
export type Effect =
  /** Get URL and token, open a WebSocket. */
  | { readonly type: 'link/connect'; readonly connectionId: number }
  /** Close the socket and forget it at once: its `onclose` may come a minute later, or never. */
  | { readonly type: 'link/detach'; readonly code: number; readonly reason: string }
  | { readonly type: 'link/prepare'; readonly connectionId: number }
  | { readonly type: 'link/ping' }
  /** Let the outbox flow. */
  | { readonly type: 'flow/start' }
  | { readonly type: 'timer/set'; readonly timer: TimerName; readonly ms: number }
  | { readonly type: 'timer/clear'; readonly timer: TimerName }
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

export interface ConnectionOptions extends BackoffOptions {
  readonly maxAttempts: number;
  readonly stableAfterMs: number;
  readonly connectTimeoutMs: number;
}

export type Step = readonly [state: State, effects: readonly Effect[]];
