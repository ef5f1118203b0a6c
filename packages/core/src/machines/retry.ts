import type { ErrorCode, Failure } from '../lib/errors.ts';
import { causeOfClose, GOING_AWAY, type End } from '../protocol/close-codes.ts';
import { connect, leave, order, retryIn, takeOver, tellClose, to } from './connection-steps.ts';
import type { Draft, Event, Input, State, Turn } from './connection-state.ts';

// What follows the end of a connection.

/** A browser that says 'offline' is believed this far: a try this often, before jitter, as it is wrong at times. */
const OFFLINE = { initialDelayMs: 30_000, maxDelayMs: 30_000 };
/** A server that refuses everybody and does not say when to come back: all delays are alike, or its queue never ends. */
const BUSY = { initialDelayMs: 8_500, maxDelayMs: 8_500 };
/** After 'online' the first bytes flow only half a second later: until then a failed try says nothing, and goes again soon. */
const NETWORK_SETTLES_MS = 2_000;
export const NETWORK_RETRY_MS = 100;
/** The cool-down doubles with every trip, up to this many times. */
const MOST_DOUBLINGS = 4;

type Closed = Extract<Event, { type: 'link/closed' }>;

/** The other side ended it, or the browser found it gone. */
export function lost(draft: Draft, turn: Turn, event: Closed): void {
  const { code, reason, wasClean, retryAfterMs } = event;
  const isFirstSight = draft.step === 'opening';
  const cause = causeOfClose(code);
  const failure: Failure = {
    code: isFirstSight && cause === 'CONNECTION_LOST' ? 'CONNECT_FAILED' : cause,
    message: isFirstSight
      ? `no connection (close code ${code}): the server's log or diagnose() may tell why`
      : `the connection ended with close code ${code}`,
    details: { closeCode: code, reason, wasClean, retryAfterMs },
  };
  after(draft, turn, failure, event);
}

/** Our side ends it; the server is told `code`. */
export function giveUp(draft: Draft, turn: Turn, failure: Failure, code: number = GOING_AWAY): void {
  after(draft, turn, failure, { code, reason: failure.message, wasClean: false });
}

/** Whether the browser says that there is no network, and nothing has proved it wrong. */
export function isOffline({ offlineAt }: State): boolean {
  return offlineAt < Infinity;
}

/** Whether the network came back just now. */
export function isSettling({ onlineAt }: State, { now }: Input): boolean {
  return now - onlineAt < NETWORK_SETTLES_MS;
}

/** Ends that no retry can mend. */
const FINAL: readonly ErrorCode[] = [
  'SERVER_CLOSED',
  'PROTOCOL_ERROR',
  'FORBIDDEN',
  'IDENTITY_MISMATCH',
  'SESSION_TAKEN_OVER',
  'UNAUTHORIZED',
];

/** The one place that decides what follows. */
function after(draft: Draft, turn: Turn, failure: Failure, end: End & Partial<Closed>): void {
  const { now, random, options } = turn;
  const { code } = failure;
  const policy = options.policies[code];
  const isRetryable = policy === undefined ? !FINAL.includes(code) : policy !== false;

  // A second connection is on its way already.
  if (isRetryable && draft.rival?.connectionId) {
    takeOver(draft, turn, failure);
    tellClose(turn, end, failure);
    return;
  }
  leave(draft, turn, end, failure);

  const isEarly = options.maxAttempts > 0 && code === 'CONNECT_FAILED' && isSettling(draft, turn);
  if (!isEarly) draft.attempt += 1;
  draft.failingSince ??= now;
  const { attempt, delayMs: lastDelayMs } = draft;
  const elapsedMs = now - draft.failingSince;
  const retryAfterMs = end.retryAfterMs ?? null;
  const askedMs = retryAfterMs ?? 0;
  const drawnMs = options.backoff(attempt, random, lastDelayMs, {
    ...options,
    ...(code === 'SERVER_BUSY' && retryAfterMs === null && BUSY),
    ...policy,
    ...(isOffline(draft) && OFFLINE),
  });
  // A token may have ended in the meantime: a fresh one is tried at once, and once. A link found dead after a stable life
  // is replaced at once, too: its server may be well.
  const isRenewal = code === 'UNAUTHORIZED' && !draft.isRenewed && policy !== false;
  const isDead = code === 'HEARTBEAT_MISSED' && policy === undefined && draft.isStable;
  let usualMs: number | null = askedMs + (end.hasSlot === true ? 0 : drawnMs);
  if (isEarly) usualMs = NETWORK_RETRY_MS;
  if (isRenewal || isDead) usualMs = 0;
  else if (!isRetryable) usualMs = null;
  const isExhausted = !isEarly && (attempt > options.maxAttempts || elapsedMs > options.maxElapsedMs);
  const delayMs =
    options.decide?.({
      code,
      closeCode: end.type === undefined ? null : end.code,
      attempt,
      elapsedMs,
      retryAfterMs,
      lastDelayMs,
      delayMs: isExhausted ? null : usualMs,
    }) ??
    usualMs ??
    false;
  if (!isEarly) draft.delayMs = drawnMs;
  draft.notBefore = now + askedMs;
  draft.isRenewed ||= isRenewal;

  // The breaker opens after the limits, and at once when its one trial fails.
  if (delayMs === false || isExhausted) {
    const tries = attempt - 1;
    const last: Failure =
      delayMs === false || options.maxAttempts === 0
        ? failure
        : {
            code: 'RETRIES_EXHAUSTED',
            message: `gave up after ${tries} retries; connect() tries again`,
            details: { attempts: tries, elapsedMs, last: code },
            cause: failure,
          };
    to(draft, turn, 'suspended', { reason: last === failure ? 'refused' : 'exhausted', failure: last });
    order(turn, { type: 'tell/error', failure: last });
    if (delayMs !== false && options.coolDownMs < Infinity) {
      retryIn(draft, turn, options.coolDownMs * 2 ** Math.min(draft.trips, MOST_DOUBLINGS) + askedMs);
      draft.trips += 1;
    }
  } else if (delayMs === 0) {
    to(draft, turn, 'idle');
    connect(draft, turn, 'lost', failure);
  } else {
    to(draft, turn, 'waiting', { reason: isOffline(draft) ? 'offline' : 'lost', failure });
    retryIn(draft, turn, delayMs);
  }
}
