import type { ErrorCode, Failure } from '../lib/errors.ts';
import { causeOfClose } from '../protocol/close-codes.ts';
import { backoffDelayMs } from './backoff.ts';
import { connect, leave, set, takeOver, to, type End } from './connection-steps.ts';
import type { ConnectionOptions, Event, Input, State, Step } from './connection-state.ts';

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
export function lost(state: State, event: Closed, input: Input, options: ConnectionOptions): Step {
  const { code, reason, wasClean, retryAfterMs } = event;
  const isFirstSight = state.name === 'connecting' && state.step === 'opening';
  const cause = causeOfClose(code);
  const failure: Failure = {
    code: isFirstSight && cause === 'CONNECTION_LOST' ? 'CONNECT_FAILED' : cause,
    message: isFirstSight
      ? `the connection could not be made (close code ${code}): a browser does not tell why`
      : `the connection ended with close code ${code}`,
    details: { closeCode: code, reason, wasClean, retryAfterMs },
  };
  return after(state, failure, event, input, options);
}

/** Our side ends it; the server is told `closeCode`. */
export function giveUp(
  state: State,
  failure: Failure,
  closeCode: number,
  input: Input,
  options: ConnectionOptions,
): Step {
  return after(state, failure, { code: closeCode, reason: failure.message, wasClean: false }, input, options);
}

/** Whether the network came back just now. */
export function isSettling({ known }: State, { now }: Input): boolean {
  return now - known.onlineAt < NETWORK_SETTLES_MS;
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
function after(
  state: State,
  failure: Failure,
  end: End & Partial<Closed>,
  input: Input,
  options: ConnectionOptions,
): Step {
  const { now, random } = input;
  const { known } = state;
  const { code } = failure;
  const left = leave(state, end, failure);
  const policy = options.policies[code];
  const isRetryable = policy === undefined ? !FINAL.includes(code) : policy !== false;

  // A second connection is on its way already.
  const rival = state.name === 'open' ? state.rival : null;
  if (state.name === 'open' && isRetryable && rival?.connectionId) {
    const { connectionId, openMs } = rival;
    const [next, effects] = takeOver(state, { connectionId, openMs }, failure, input, options);
    return [next, [...effects, ...left.slice(1)]];
  }

  const isEarly = options.maxAttempts > 0 && code === 'CONNECT_FAILED' && isSettling(state, input);
  const attempt = known.attempt + (isEarly ? 0 : 1);
  const failingSince = known.failingSince ?? now;
  const elapsedMs = now - failingSince;
  const retryAfterMs = end.retryAfterMs ?? null;
  const drawnMs = backoffDelayMs(attempt, random, known.delayMs, {
    ...options,
    ...(code === 'SERVER_BUSY' && retryAfterMs === null && BUSY),
    ...policy,
    ...(known.isOffline && OFFLINE),
  });
  // A token may have ended in the meantime: a fresh one is tried at once, and once. A link found dead after a stable life
  // is replaced at once, too: its server may be well.
  const isRenewal = code === 'UNAUTHORIZED' && !known.isRenewed && policy !== false;
  const isAtOnce =
    isRenewal || (code === 'HEARTBEAT_MISSED' && policy === undefined && state.name === 'open' && state.isStable);
  const askedMs = retryAfterMs ?? 0;
  const usualMs =
    !isRetryable && !isRenewal
      ? false
      : isAtOnce
        ? 0
        : isEarly
          ? NETWORK_RETRY_MS
          : askedMs + (end.hasSlot === true ? 0 : drawnMs);
  const delayMs =
    options.decide?.({
      code,
      closeCode: end.type === undefined ? null : end.code,
      attempt,
      elapsedMs,
      retryAfterMs,
      lastDelayMs: known.delayMs,
      delayMs: usualMs === false ? null : usualMs,
    }) ?? usualMs;
  const changes = {
    attempt,
    failingSince,
    delayMs: isEarly ? known.delayMs : drawnMs,
    notBefore: now + askedMs,
    isRenewed: isRenewal || known.isRenewed,
  };

  // The breaker opens after the limits, and at once when its one trial fails.
  const isExhausted = !isEarly && (attempt > options.maxAttempts || elapsedMs > options.maxElapsedMs);
  if (delayMs === false || isExhausted) {
    const isTripped = delayMs !== false && options.coolDownMs < Number.POSITIVE_INFINITY;
    const ms = options.coolDownMs * 2 ** Math.min(known.trips, MOST_DOUBLINGS) + askedMs;
    const last: Failure =
      delayMs === false || options.maxAttempts === 0
        ? failure
        : {
            code: 'RETRIES_EXHAUSTED',
            message: `gave up after ${attempt - 1} retries; connect() tries again`,
            details: { attempts: attempt - 1, elapsedMs, last: code },
            cause: failure,
          };
    return [
      to(
        state,
        input,
        { name: 'suspended', failure: last, retryAt: isTripped ? now + ms : null },
        { ...changes, trips: known.trips + (isTripped ? 1 : 0) },
      ),
      [...left, { type: 'tell/error', failure: last }, ...(isTripped ? [set('retry', ms)] : [])],
    ];
  }
  if (delayMs === 0) {
    const [next, effects] = connect(to(state, input, { name: 'idle' }, changes), 'lost', input, options, failure);
    return [next, [...left, ...effects]];
  }
  const reason = known.isOffline ? 'offline' : 'lost';
  return [
    to(state, input, { name: 'waiting', reason, retryAt: now + delayMs, failure }, changes),
    [...left, set('retry', delayMs)],
  ];
}
