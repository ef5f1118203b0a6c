import type { Environment } from '../environment/ports.ts';
import type { Failure } from '../lib/errors.ts';
import type { State } from '../machines/connection-state.ts';
import { toError } from './to-error.ts';
import type { ConnectionState, StateReason } from './types.ts';

/** The few public words for a state of the machine; times become wall-clock times. */
export function snapshot(state: State, environment: Environment): ConnectionState {
  const wall = environment.wallClock();
  const toWall = (time: number): number => Math.round(wall + time - environment.now());
  const failure = failureOf(state);
  const retryAt = retryAtOf(state);
  return Object.freeze({
    phase: isHandover(state) ? 'open' : state.name,
    since: toWall(state.since),
    attempt: state.known.attempt,
    breaker: breakerOf(state),
    retryAt: retryAt === null ? null : toWall(retryAt),
    reason: reasonOf(state),
    error: failure === null ? null : toError(failure, wall),
  });
}

/** Whether two states look the same from outside: a step of connecting or a heartbeat is no news. */
export function looksTheSame(state: State, other: State): boolean {
  return (
    (state.name === other.name ||
      (isHandover(state) && other.name === 'open') ||
      (isHandover(other) && state.name === 'open')) &&
    breakerOf(state) === breakerOf(other) &&
    state.since === other.since &&
    state.known.attempt === other.known.attempt &&
    // Within one tick of the clock, which may be 100 ms, only these tell two states apart.
    reasonOf(state) === reasonOf(other) &&
    failureOf(state) === failureOf(other) &&
    retryAtOf(state) === retryAtOf(other)
  );
}

/** A connection that takes over from an open one: for the app nothing has ended. */
export function isHandover(state: State): boolean {
  return state.name === 'connecting' && state.isHandover;
}

function breakerOf(state: State): ConnectionState['breaker'] {
  if (state.known.trips === 0) return 'closed';
  return state.name === 'suspended' ? 'open' : 'half-open';
}

function failureOf(state: State): Failure | null {
  return 'failure' in state ? state.failure : null;
}

function retryAtOf(state: State): number | null {
  return 'retryAt' in state ? state.retryAt : null;
}

function reasonOf(state: State): StateReason {
  switch (state.name) {
    case 'connecting':
      return state.isHandover ? 'connected' : state.reason;
    case 'waiting':
      return state.reason;
    case 'open':
      return 'connected';
    case 'paused':
      return (['user', 'frozen', 'hidden'] as const).find((reason) => state.reasons.includes(reason)) ?? 'user';
    case 'suspended':
      return state.failure.code === 'RETRIES_EXHAUSTED' ? 'exhausted' : 'refused';
    default:
      return 'user';
  }
}
