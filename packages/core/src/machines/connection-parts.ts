import type { Failure } from '../lib/errors.ts';
import { CLOSE } from '../protocol/close-codes.ts';
import { backoffDelayMs } from './backoff.ts';
import { connect, fresh, know, leave, race, raceLater, revived, set, to } from './connection-steps.ts';
import type { Effect, Input, Part, PauseReason, State, Step } from './connection-state.ts';

// Parts of the connection machine that a small client may leave out.

/** No connection while the app, a frozen page or a hidden one wants none. */
export const pausing: Part = (state, event, input, options) => {
  const release = (): readonly Effect[] =>
    options.releaseAfterMs < Number.POSITIVE_INFINITY ? [set('hidden', options.releaseAfterMs)] : [];
  const resume = (...gone: readonly PauseReason[]): Step | null => {
    if (state.name !== 'paused') return null;
    const reasons = state.reasons.filter((reason) => !gone.includes(reason));
    const next = event.type === 'page/visible' ? know(state, { isHidden: false }) : state;
    if (reasons.length === 0) {
      const isAsked = gone[0] === 'user';
      const waitMs = state.known.notBefore - input.now;
      if (isAsked || waitMs <= 0) return connect(next, isAsked ? 'user' : 'wake', input, options);
      // The server's wish outlives the pause.
      const failure: Failure = { code: 'SERVER_BUSY', message: 'the server asked to come back later' };
      return [
        to(next, input, { name: 'waiting', reason: 'lost', retryAt: state.known.notBefore, failure }),
        [set('retry', waitMs)],
      ];
    }
    return [reasons.length === state.reasons.length ? next : to(next, input, { name: 'paused', reasons }), []];
  };
  switch (event.type) {
    case 'user/pause':
      return pause(revived(state), 'user', input);
    case 'user/connect':
    case 'user/reconnect':
      return resume('user', 'hidden');
    case 'page/frozen':
      return state.name === 'idle' || state.name === 'suspended' ? null : pause(state, 'frozen', input);
    case 'page/resumed':
      return resume('frozen');
    case 'page/visible':
    case 'outbox/filled':
      return resume('hidden');
    case 'page/hidden':
      return state.name === 'open' ? [know(state, { isHidden: true }), release()] : null;
    case 'timer/stable':
      return state.name === 'open' && state.known.isHidden ? [{ ...fresh(state), isStable: true }, release()] : null;
    case 'timer/hidden':
      if (state.name !== 'open' || !state.known.isHidden) return [state, []];
      // Never while work is unsent.
      return event.isBusy ? [state, release()] : pause(state, 'hidden', input);
    default:
      return null;
  }
};

function pause(state: State, reason: PauseReason, input: Input): Step {
  const reasons = state.name === 'paused' ? state.reasons : [];
  if (reasons.includes(reason)) return [state, []];
  return [
    to(state, input, { name: 'paused', reasons: [...reasons, reason] }),
    leave(state, { code: CLOSE.GOING_AWAY, reason: 'paused', wasClean: true }, null),
  ];
}

/** Tries of a move to another connection. */
const MOVES = 5;
/** However long a server gives its clients, they have begun by half of this. */
const LONGEST_MOVE_MS = 600_000;

/** Make before break: the app or the server wants the conversation on another connection. */
export const moving: Part = (state, event, input, options) => {
  if (!options.canRace || state.name !== 'open') return null;
  const { rival } = state;
  // One that waits for its turn begins now.
  if (event.type === 'user/migrate')
    return rival?.isWanted && rival.connectionId !== null ? [state, []] : race(state, options, true);
  if (event.type === 'link/drained') {
    // Half of the time is for moving, half is left for what goes wrong.
    return rival?.isWanted === true
      ? [state, []]
      : raceLater(state, true, 0, (Math.min(event.withinMs, LONGEST_MOVE_MS) / 2) * input.random);
  }
  if (rival?.isWanted !== true) return null;
  if (event.type === 'timer/rival' && rival.connectionId === null) return race(state, options, true);
  const isOver =
    (event.type === 'timer/rival' && rival.openMs === null) ||
    ((event.type === 'link/closed' || event.type === 'link/failed') && event.connectionId === rival.connectionId);
  if (!isOver || rival.tries >= MOVES) return null;
  const told = event.type === 'link/closed' ? event : { retryAfterMs: null, hasSlot: false };
  const ms = told.hasSlot ? 0 : backoffDelayMs(rival.tries, input.random, 0, options);
  return raceLater(state, true, rival.tries, (told.retryAfterMs ?? 0) + ms);
};

/** An open connection goes on for a while, to empty the outbox. */
export const flushing: Part = (state, event, input) => {
  if (event.type === 'user/close' && event.flushMs > 0) {
    if (state.name === 'closing') return [state, []];
    return state.name === 'open'
      ? [
          to(state, input, { name: 'closing', failure: event.failure }),
          [{ type: 'link/abandon' }, set('flush', event.flushMs)],
        ]
      : null;
  }
  if (state.name !== 'closing') return null;
  switch (event.type) {
    case 'user/close':
    case 'link/failed':
    case 'link/closed':
    case 'timer/flush':
    case 'outbox/emptied':
    case 'page/frozen':
      return [
        to(state, input, {
          name: 'closed',
          failure: event.type === 'user/close' ? (event.failure ?? state.failure) : state.failure,
        }),
        leave(state, { code: CLOSE.NORMAL, reason: '', wasClean: true }, null),
      ];
    default:
      return [state, []];
  }
};
