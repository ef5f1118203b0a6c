import type { PositionHook, ProducerStore } from '../stores/ports.ts';
import type { EngineApp } from './app.ts';
import type { AbortHandle, EngineEnvironment } from './environment.ts';
import type { HeartbeatLimits, Limits } from './limits.ts';
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
  /** Whose handler may run. */
  readonly turns: Turns;
  /** Handlers that run now, so that their signals can abort. */
  readonly runs: Set<Run>;
  /** The engine takes nothing any more. */
  isClosing: boolean;
  /** The store is closed, or about to be: nothing is written any more. */
  isClosed: boolean;
}

export interface Run {
  readonly session: ServerSession;
  readonly abort: AbortHandle;
}
