import type { Failure } from '../lib/errors.ts';
import { close, connect, drop, order, putRival, race, retryIn, revive, set, to } from './connection-steps.ts';
import type { Draft, Part, PauseReason, Turn } from './connection-state.ts';

// Parts of the connection machine that a small client may leave out.

/** No connection while the app, a frozen page or a hidden one wants none. */
export const pausing: Part = (draft, turn, event) => {
  const isOpen = draft.name === 'open';
  const release = (): void => {
    const { releaseAfterMs = Infinity } = turn.options;
    if (releaseAfterMs < Infinity) set(turn, 'hidden', releaseAfterMs);
  };
  switch (event.type) {
    case 'user/pause':
      revive(draft);
      return pause(draft, turn, 'user');
    case 'user/connect':
    case 'user/reconnect':
      return resume(draft, turn, ['user', 'hidden']);
    case 'page/frozen':
      return draft.name !== 'idle' && draft.name !== 'suspended' && pause(draft, turn, 'frozen');
    case 'page/resumed':
      return resume(draft, turn, ['frozen']);
    case 'page/visible':
      draft.isHidden = false;
      return resume(draft, turn, ['hidden']);
    case 'outbox/filled':
      return resume(draft, turn, ['hidden']);
    case 'page/hidden':
      if (isOpen) release();
      return false;
    case 'timer/stable':
      if (isOpen && draft.isHidden) release();
      return false;
    case 'timer/hidden':
      if (!isOpen || !draft.isHidden) return true;
      // Never while work is unsent.
      if (!event.isBusy) return pause(draft, turn, 'hidden');
      release();
      return true;
    default:
      return false;
  }
};

function pause(draft: Draft, turn: Turn, reason: PauseReason): true {
  drop(draft, turn, 'paused');
  if (!draft.reasons.includes(reason)) stay(draft, turn, [...draft.reasons, reason]);
  return true;
}

/** Paused for these reasons: the app reads the first. */
function stay(draft: Draft, turn: Turn, reasons: readonly PauseReason[]): void {
  const reason = (['user', 'frozen', 'hidden'] as const).find((one) => reasons.includes(one)) ?? 'user';
  to(draft, turn, 'paused', { reason, reasons });
}

function resume(draft: Draft, turn: Turn, gone: readonly PauseReason[]): boolean {
  if (draft.name !== 'paused') return false;
  const reasons = draft.reasons.filter((reason) => !gone.includes(reason));
  if (reasons.length > 0) {
    if (reasons.length < draft.reasons.length) stay(draft, turn, reasons);
    return true;
  }
  const isAsked = gone.includes('user');
  const ms = draft.notBefore - turn.now;
  if (isAsked || ms <= 0) {
    connect(draft, turn, isAsked ? 'user' : 'wake');
    return true;
  }
  // The server's wish outlives the pause.
  const failure: Failure = { code: 'SERVER_BUSY', message: 'the server asked to come back later' };
  to(draft, turn, 'waiting', { reason: 'lost', failure });
  retryIn(draft, turn, ms);
  return true;
}

/** Tries of a move to another connection. */
const MOVES = 5;
/** However long a server gives its clients, they have begun by half of this. */
const LONGEST_MOVE_MS = 600_000;

/** Make before break: the app or the server wants the conversation on another connection. */
export const moving: Part = (draft, turn, event) => {
  const { options, random } = turn;
  const wanted = draft.rival?.isWanted === true ? draft.rival : null;
  if (!options.canRace || draft.name !== 'open') return false;
  const isTimer = event.type === 'timer/rival';
  if (event.type === 'user/migrate' || (isTimer && wanted?.connectionId === null)) {
    // One that waits for its turn begins now.
    if (!wanted?.connectionId) race(draft, turn, true);
    return true;
  }
  if (event.type === 'link/drained') {
    // Half of the time is for moving, half is left for what goes wrong.
    if (wanted === null) putRival(draft, turn, null, true, 0, (Math.min(event.withinMs, LONGEST_MOVE_MS) / 2) * random);
    return true;
  }
  const closed = event.type === 'link/closed' ? event : null;
  const isEnd = (closed ?? (event.type === 'link/failed' ? event : null))?.connectionId === wanted?.connectionId;
  if (wanted === null || wanted.tries >= MOVES || !(isTimer ? wanted.openMs === null : isEnd)) return false;
  const ms = closed?.hasSlot === true ? 0 : options.backoff(wanted.tries, random, 0, options);
  putRival(draft, turn, null, true, wanted.tries, (closed?.retryAfterMs ?? 0) + ms);
  return true;
};

/** An open connection goes on for a while, to empty the outbox. */
export const flushing: Part = (draft, turn, event) => {
  const isClose = event.type === 'user/close';
  const isFlush = isClose && event.flushMs > 0;
  if (draft.name === 'open' && isFlush) {
    to(draft, turn, 'closing', { failure: event.failure });
    order(turn, { type: 'link/abandon' });
    set(turn, 'flush', event.flushMs);
    return true;
  }
  if (draft.name !== 'closing') return false;
  const ends = ['user/close', 'link/failed', 'link/closed', 'timer/flush', 'outbox/emptied', 'page/frozen'];
  if (!isFlush && ends.includes(event.type)) {
    close(draft, turn, isClose ? (event.failure ?? draft.failure) : draft.failure);
  }
  return true;
};
