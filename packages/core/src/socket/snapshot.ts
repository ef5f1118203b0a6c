import type { Environment } from '../environment/ports.ts';
import type { Failure } from '../lib/errors.ts';
import type { State } from '../machines/connection-state.ts';
import { toError } from './receipts.ts';
import type { ConnectionState, StateReason } from './types.ts';

/** The few public words for a state of the machine; times become wall-clock times. */
export function snapshot(state: State, environment: Environment): ConnectionState {
  const wall = environment.wallClock();
  const toWall = (time: number): number => Math.round(wall + time - environment.now());
  const failure = failureOf(state);
  const retryAt = retryAtOf(state);
  return Object.freeze({
    phase: state.name,
    since: toWall(state.since),
    attempt: state.attempt,
    retryAt: retryAt === null ? null : toWall(retryAt),
    reason: reasonOf(state),
    error: failure === null ? null : toError(failure, wall),
  });
}

/** Whether two states look the same from outside: a step of connecting or a heartbeat is no news. */
export function looksTheSame(state: State, other: State): boolean {
  return (
    state.name === other.name &&
    state.since === other.since &&
    state.attempt === other.attempt &&
    // Within one tick of the clock, which may be 100 ms, only these tell two states apart.
    reasonOf(state) === reasonOf(other) &&
    failureOf(state) === failureOf(other) &&
    retryAtOf(state) === retryAtOf(other)
  );
}

function failureOf(state: State): Failure | null {
  return 'failure' in state ? state.failure : null;
}

function retryAtOf(state: State): number | null {
  return state.name === 'waiting' ? state.retryAt : null;
}

function reasonOf(state: State): StateReason {
  switch (state.name) {
    case 'connecting':
    case 'waiting':
      return state.reason;
    case 'open':
      return 'connected';
    case 'paused':
      return state.reasons.includes('user') ? 'user' : 'frozen';
    case 'suspended':
      return 'refused';
    case 'idle':
    case 'closing':
    case 'closed':
      return 'user';
  }
}
