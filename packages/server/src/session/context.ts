import type { PositionHook, ProducerStore } from '../stores/ports.ts';
import type { EngineApp } from './app.ts';
import type { Deadlines } from './deadlines.ts';
import type { AbortHandle, EngineEnvironment } from './environment.ts';
import type { Gate } from './gate.ts';
import type { HeartbeatLimits, Limits } from './limits.ts';
import type { LimitCounts } from './metrics.ts';
import type { Reporter } from './reporter.ts';
import type { ServerSession } from './server-session.ts';
import type { Turns } from './turns.ts';

/** What every part of the engine shares. */
export interface Context {
  readonly app: EngineApp;
  readonly environment: EngineEnvironment;
  readonly reporter: Reporter;
  readonly limits: Limits;
  readonly heartbeat: HeartbeatLimits;
  readonly store: ProducerStore;
  readonly positions: PositionHook<unknown> | undefined;
  /** What each limit has stopped. */
  readonly limited: LimitCounts;
  /** Who may ask the app for an identity. */
  readonly authentications: Gate;
  /** Whose handler may run. */
  readonly turns: Turns;
  /** Handlers that run now, so that their signals can abort. */
  readonly runs: Set<Run>;
  /** Who of them has taken too long. */
  readonly deadlines: Deadlines;
  /** The engine takes nothing any more. */
  isClosing: boolean;
  /** The store is closed, or about to be: nothing is written any more. */
  isClosed: boolean;
}

/**
 * Who shares the bounds of an identity. Without `authenticate` everybody is one identity, and each install stands for itself:
 * else anybody could use up what all others have.
 */
export function ownerOf({ app }: Context, identity: string, client: string): string {
  return app.authenticate === undefined ? JSON.stringify([identity, client]) : identity;
}

export interface Run {
  readonly session: ServerSession;
  readonly abort: AbortHandle;
  readonly startedAt: number;
  /** Its time is over, and its signal has aborted. */
  isLate: boolean;
  /** And it did not end. */
  isGivenUp: boolean;
  /** Nobody waits for it any more. */
  giveUp: () => void;
}
