import type { Environment } from '../environment/ports.ts';
import type { State } from '../machines/connection-state.ts';
import { toError } from './to-error.ts';
import type { ConnectionState } from './types.ts';

/** The few public words for a state of the machine; times become wall-clock times. */
export function snapshot(state: State, environment: Environment): ConnectionState {
  const wall = environment.wallClock();
  const toWall = (time: number): number => Math.round(wall + time - environment.now());
  const { since, attempt, retryAt, reason, failure } = state;
  return Object.freeze({
    phase: phaseOf(state),
    since: toWall(since),
    attempt,
    breaker: breakerOf(state),
    retryAt: retryAt === null ? null : toWall(retryAt),
    reason,
    error: failure === null ? null : toError(failure, wall),
  });
}

/** Whether two states look the same from outside: a step of connecting or a heartbeat is no news. */
export function looksTheSame(state: State, other: State): boolean {
  const seen = pictured(other);
  return pictured(state).every((part, place) => part === seen[place]);
}

/** Within one tick of the clock, which may be 100 ms, only reason, failure and the next try tell two states apart. */
function pictured(state: State): readonly unknown[] {
  const { since, attempt, retryAt, reason, failure } = state;
  return [phaseOf(state), breakerOf(state), since, attempt, retryAt, reason, failure];
}

/** To the app a connection that takes over from an open one is open: nothing has ended. */
function phaseOf({ name, isHandover }: State): State['name'] {
  return isHandover ? 'open' : name;
}

function breakerOf({ name, trips }: State): ConnectionState['breaker'] {
  if (trips === 0) return 'closed';
  return name === 'suspended' ? 'open' : 'half-open';
}
