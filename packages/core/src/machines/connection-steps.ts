import type { Failure } from '../lib/errors.ts';
import { CLOSE, reactToClose } from '../protocol/close-codes.ts';
import { backoffDelayMs } from './backoff.ts';
import type {
  ConnectionOptions,
  ConnectReason,
  Effect,
  Event,
  Input,
  Known,
  PauseReason,
  State,
  Step,
  TimerName,
} from './connection-state.ts';
import { heartbeat, type HeartbeatEvent } from './heartbeat.ts';

// What the rows of the transition table are made of: each takes a state and gives the next one with its effects.

/** A browser that says 'offline' is believed this far: a try this often, before jitter, as it is wrong at times. */
const OFFLINE_RETRY_MS = 30_000;
/** The deadline of a question asked because of a hint. */
export const PROBE_TIMEOUT_MS = 2_000;

type Connecting = Extract<State, { name: 'connecting' }>;
type Open = Extract<State, { name: 'open' }>;
type Paused = Extract<State, { name: 'paused' }>;

function known(state: State, input: Input): Known {
  const { connectionId, attempt, isOffline, isRenewed } = state;
  return { connectionId, attempt, isOffline, isRenewed, since: input.now };
}

/** A state that starts from scratch after the app asked again. */
export function fresh(state: State): State {
  return { ...state, attempt: 0, isRenewed: false };
}

function clear(...timers: readonly TimerName[]): readonly Effect[] {
  return timers.map((timer) => ({ type: 'timer/clear', timer }));
}

interface End {
  readonly code: number;
  readonly reason: string;
  readonly wasClean: boolean;
}

/** Ends what a state holds: its timers and its connection, of whose end the app is told. */
function leave(state: State, end: End, failure: Failure | null): readonly Effect[] {
  switch (state.name) {
    case 'connecting':
      return [...clear('connect'), ...unlink(end, failure)];
    case 'open':
      return [...clear('heartbeat', 'stable'), ...unlink(end, failure)];
    case 'closing':
      return [...clear('flush'), ...unlink(end, failure)];
    case 'waiting':
      return clear('retry');
    default:
      return [];
  }
}

function unlink({ code, reason, wasClean }: End, failure: Failure | null): readonly Effect[] {
  return [
    { type: 'link/detach', code, reason },
    { type: 'tell/close', code, reason, wasClean, failure },
  ];
}

/** An end that the app asked for, or the page. */
function asked(code: number, reason: string): End {
  return { code, reason, wasClean: true };
}

export function connect(
  state: State,
  reason: ConnectReason,
  input: Input,
  options: ConnectionOptions,
  failure: Failure | null = null,
): Step {
  const connectionId = state.connectionId + 1;
  return [
    {
      ...known(state, input),
      name: 'connecting',
      connectionId,
      step: 'opening',
      reason,
      failure,
      heartbeatOptions: null,
    },
    [
      ...leave(state, asked(CLOSE.GOING_AWAY, 'a new connection replaces this one'), null),
      { type: 'timer/set', timer: 'connect', ms: options.connectTimeoutMs },
      { type: 'link/connect', connectionId },
    ],
  ];
}

export function opened(state: Connecting, input: Input, options: ConnectionOptions): Step {
  const { heartbeatOptions } = state;
  const [beating, effects] =
    heartbeatOptions === null ? [{ name: 'quiet' } as const, []] : heartbeat.start(heartbeatOptions);
  const next: Open = { ...known(state, input), name: 'open', isStable: false, heartbeatOptions, heartbeat: beating };
  return [
    next,
    [
      ...clear('connect'),
      { type: 'timer/set', timer: 'stable', ms: options.stableAfterMs },
      { type: 'flow/start' },
      // Asked at once, so that a round trip is known from the start.
      ...(heartbeatOptions === null ? [] : [{ type: 'link/ping' } as const]),
      ...effects.map(beatEffect),
    ],
  ];
}

function beatEffect(
  effect: { readonly type: 'ping' } | { readonly type: 'timer'; readonly ms: number } | { readonly type: 'dead' },
): Effect {
  return effect.type === 'timer' ? { type: 'timer/set', timer: 'heartbeat', ms: effect.ms } : { type: 'link/ping' };
}

export function beat(state: Open, event: HeartbeatEvent, input: Input, options: ConnectionOptions): Step {
  if (state.heartbeatOptions === null) return [state, []];
  const [next, effects] = heartbeat.transition(state.heartbeat, event, state.heartbeatOptions);
  if (effects.some((effect) => effect.type === 'dead')) {
    const { timeoutMs } = state.heartbeatOptions;
    const failure: Failure = {
      code: 'HEARTBEAT_MISSED',
      message: `nothing heard from the server after a ping`,
      details: { timeoutMs },
    };
    return giveUp(state, failure, CLOSE.HEARTBEAT_MISSED, input, options);
  }
  return [next === state.heartbeat ? state : { ...state, heartbeat: next }, effects.map(beatEffect)];
}

export function probe(state: Open, input: Input, options: ConnectionOptions): Step {
  return beat(state, { type: 'hint', timeoutMs: PROBE_TIMEOUT_MS }, input, options);
}

export function online<S extends State>(state: S): Step {
  return [state.isOffline ? { ...state, isOffline: false } : state, []];
}

export function offline<S extends State>(state: S): Step {
  return [state.isOffline ? state : { ...state, isOffline: true }, []];
}

export function pause(state: State, reasons: readonly PauseReason[], input: Input): Step {
  return [{ ...known(state, input), name: 'paused', reasons }, leave(state, asked(CLOSE.GOING_AWAY, 'paused'), null)];
}

export function pauseMore(state: Paused, reason: PauseReason, input: Input): Step {
  if (state.reasons.includes(reason)) return [state, []];
  return pause(state, [...state.reasons, reason], input);
}

export function unpause(
  state: Paused,
  gone: PauseReason,
  why: ConnectReason,
  input: Input,
  options: ConnectionOptions,
): Step {
  const reasons = state.reasons.filter((reason) => reason !== gone);
  if (reasons.length === 0) return connect(state, why, input, options);
  return reasons.length === state.reasons.length ? [state, []] : pause(state, reasons, input);
}

/** The connection goes on for a while, to empty the outbox. */
export function closing(state: Open, flushMs: number, failure: Failure | null, input: Input): Step {
  return [
    { ...known(state, input), name: 'closing', failure },
    [...clear('heartbeat', 'stable'), { type: 'timer/set', timer: 'flush', ms: flushMs }],
  ];
}

export function closed(state: State, failure: Failure | null, input: Input): Step {
  return [{ ...known(state, input), name: 'closed', failure }, leave(state, asked(CLOSE.NORMAL, ''), null)];
}

/** Our side ends the connection. */
export function giveUp(
  state: State,
  failure: Failure,
  closeCode: number,
  input: Input,
  options: ConnectionOptions,
): Step {
  const action = failure.code === 'PROTOCOL_ERROR' || failure.code === 'IDENTITY_MISMATCH' ? 'stop' : 'retry';
  return after(
    state,
    action,
    failure,
    { code: closeCode, reason: failure.message, wasClean: false, retryAfterMs: null },
    input,
    options,
  );
}

/** The other side ended it, or the browser found it gone. */
export function lost(
  state: State,
  event: Extract<Event, { type: 'link/closed' }>,
  input: Input,
  options: ConnectionOptions,
): Step {
  const reaction = reactToClose(event.code);
  const isFirstSight = state.name === 'connecting' && state.step === 'opening';
  const failure: Failure = {
    code: isFirstSight && reaction.code === 'CONNECTION_LOST' ? 'CONNECT_FAILED' : reaction.code,
    message: isFirstSight
      ? `the connection could not be made (close code ${event.code}): a browser does not tell why`
      : `the connection ended with close code ${event.code}`,
    details: { closeCode: event.code, reason: event.reason, wasClean: event.wasClean },
  };
  return after(state, reaction.action, failure, event, input, options);
}

/** The one place that decides what follows a connection's end. */
function after(
  state: State,
  action: 'retry' | 'renew' | 'stop',
  failure: Failure,
  end: End & { readonly retryAfterMs: number | null },
  input: Input,
  options: ConnectionOptions,
): Step {
  const left = leave(state, end, failure);
  const attempt = state.attempt + 1;
  if (action === 'stop' || (action === 'renew' && state.isRenewed)) return suspend(state, failure, left, input);
  if (attempt > options.maxAttempts) {
    const exhausted: Failure = {
      code: 'RETRIES_EXHAUSTED',
      message: `gave up after ${options.maxAttempts} retries; connect() tries again`,
      details: { maxAttempts: options.maxAttempts, last: failure.code },
      cause: failure,
    };
    return suspend(state, options.maxAttempts === 0 ? failure : exhausted, left, input);
  }
  const next = { ...known(state, input), attempt };
  // A token may have ended in the meantime: a fresh one is tried at once, and once. A link found dead after a stable
  // life is replaced at once, too: its server may be well.
  const isDeadLink = failure.code === 'HEARTBEAT_MISSED' && state.name === 'open' && state.isStable;
  if (action === 'renew' || isDeadLink) {
    const idle: State = { ...next, name: 'idle', isRenewed: action === 'renew' };
    const [connecting, effects] = connect(idle, 'lost', input, options, failure);
    return [connecting, [...left, ...effects]];
  }
  const wait = state.isOffline
    ? { ...options, initialDelayMs: OFFLINE_RETRY_MS, maxDelayMs: OFFLINE_RETRY_MS }
    : options;
  // A restart names the time over which its clients are to come back; others name the least that each must wait.
  const askedMs = (end.retryAfterMs ?? 0) * (end.code === CLOSE.RESTART ? input.random : 1);
  const delay = backoffDelayMs(attempt, input.random, wait) + askedMs;
  return [
    { ...next, name: 'waiting', reason: state.isOffline ? 'offline' : 'lost', retryAt: input.now + delay, failure },
    [...left, { type: 'timer/set', timer: 'retry', ms: delay }],
  ];
}

function suspend(state: State, failure: Failure, left: readonly Effect[], input: Input): Step {
  return [{ ...known(state, input), name: 'suspended', failure }, [...left, { type: 'tell/error', failure }]];
}
