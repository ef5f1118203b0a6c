import type { Failure } from '../lib/errors.ts';
import { reactToClose, CLOSE } from '../protocol/close-codes.ts';
import { backoffDelayMs, type BackoffOptions } from './backoff.ts';
import { heartbeat, type HeartbeatEvent, type HeartbeatOptions, type HeartbeatState } from './heartbeat.ts';

/** What every state knows. */
interface Known {
  /** The newest connection ever started. It never starts over, so a late event of an older one is told by its id. */
  readonly connectionId: number;
  /** Failed tries since a connection last proved stable. */
  readonly attempt: number;
  readonly isOffline: boolean;
  /** Whether a fresh token was tried after the server rejected one. */
  readonly isRenewed: boolean;
  /** When this state began, on the clock of `Input.now`. */
  readonly since: number;
}

export type ConnectReason = 'start' | 'user' | 'retry' | 'wake' | 'lost';

export type State =
  | (Known & { readonly name: 'idle' })
  | (Known & {
      readonly name: 'connecting';
      /** `opening`: URL, token, handshake. `greeting`: the protocol's welcome. `preparing`: the app's `onConnect`. */
      readonly step: 'opening' | 'greeting' | 'preparing';
      readonly reason: ConnectReason;
      /** What ended the connection that this one replaces; null: the app or the page wanted it. */
      readonly failure: Failure | null;
      /** From the welcome on; null: no heartbeat. */
      readonly heartbeatOptions: HeartbeatOptions | null;
    })
  | (Known & {
      readonly name: 'open';
      readonly isStable: boolean;
      readonly heartbeatOptions: HeartbeatOptions | null;
      readonly heartbeat: HeartbeatState;
    })
  | (Known & {
      readonly name: 'waiting';
      readonly reason: 'lost' | 'offline';
      readonly retryAt: number;
      readonly failure: Failure;
    })
  | (Known & { readonly name: 'paused'; readonly reasons: readonly PauseReason[] })
  | (Known & { readonly name: 'suspended'; readonly failure: Failure })
  | (Known & { readonly name: 'closing'; readonly failure: Failure | null })
  | (Known & { readonly name: 'closed'; readonly failure: Failure | null });

export type StateName = State['name'];
export type PauseReason = 'user' | 'frozen';

/** Facts. One with a `connectionId` counts only while that connection is the newest. */
export type Event =
  | { readonly type: 'user/connect'; readonly reason: 'start' | 'user' }
  | { readonly type: 'user/pause' }
  | { readonly type: 'user/reconnect' }
  /** `flushMs` > 0: an open connection may go on for so long to empty the outbox. */
  | { readonly type: 'user/close'; readonly flushMs: number; readonly failure: Failure | null }
  | { readonly type: 'link/opened'; readonly connectionId: number }
  | { readonly type: 'link/welcomed'; readonly connectionId: number; readonly heartbeat: HeartbeatOptions | null }
  | { readonly type: 'link/prepared'; readonly connectionId: number }
  /** Our side gives the connection up; `closeCode` is what the server is told. */
  | {
      readonly type: 'link/failed';
      readonly connectionId: number;
      readonly failure: Failure;
      readonly closeCode: number;
    }
  /** The other side, or the browser, ended it. `told` is what the server said before. */
  | {
      readonly type: 'link/closed';
      readonly connectionId: number;
      readonly code: number;
      readonly reason: string;
      readonly wasClean: boolean;
      readonly retryAfterMs: number | null;
    }
  | { readonly type: 'timer/connect'; readonly connectionId: number }
  | { readonly type: 'timer/retry'; readonly connectionId: number }
  | { readonly type: 'timer/heartbeat'; readonly connectionId: number; readonly heard: boolean }
  | { readonly type: 'timer/stable'; readonly connectionId: number }
  | { readonly type: 'timer/flush'; readonly connectionId: number }
  | { readonly type: 'outbox/emptied' }
  | { readonly type: 'page/online' }
  | { readonly type: 'page/offline' }
  | { readonly type: 'page/visible' }
  | { readonly type: 'page/hidden' }
  | { readonly type: 'page/frozen' }
  | { readonly type: 'page/resumed' };

export type EventType = Event['type'];

export type TimerName = 'connect' | 'retry' | 'heartbeat' | 'stable' | 'flush';

/** Orders, run after the new state is in force. */
export type Effect =
  /** Get URL and token, open a WebSocket. */
  | { readonly type: 'link/connect'; readonly connectionId: number }
  /** Close the socket and forget it at once: its `onclose` may come a minute later, or never. */
  | { readonly type: 'link/detach'; readonly code: number; readonly reason: string }
  | { readonly type: 'link/prepare'; readonly connectionId: number }
  | { readonly type: 'link/ping' }
  /** Let the outbox flow. */
  | { readonly type: 'flow/start' }
  | { readonly type: 'timer/set'; readonly timer: TimerName; readonly ms: number }
  | { readonly type: 'timer/clear'; readonly timer: TimerName }
  /** Tell the app that a connection ended or a try failed. */
  | {
      readonly type: 'tell/close';
      readonly code: number;
      readonly reason: string;
      readonly wasClean: boolean;
      /** Null: the app asked for it. */
      readonly failure: Failure | null;
    }
  /** Tell the app about a failure that stops the retries. */
  | { readonly type: 'tell/error'; readonly failure: Failure };

export interface Input {
  readonly now: number;
  /** From 0 to 1, 1 excluded. */
  readonly random: number;
}

export interface ConnectionOptions extends BackoffOptions {
  readonly maxAttempts: number;
  readonly stableAfterMs: number;
  readonly connectTimeoutMs: number;
}

export type Step = readonly [state: State, effects: readonly Effect[]];

/** A browser that says 'offline' is believed this far: a try this often, before jitter, as it is wrong at times. */
const OFFLINE_RETRY_MS = 30_000;
/** The deadline of a question asked because of a hint. */
export const PROBE_TIMEOUT_MS = 2_000;

export function initialState(now: number, isOffline: boolean): State {
  return { name: 'idle', connectionId: 0, attempt: 0, isOffline, isRenewed: false, since: now };
}

/** The next state and what to do. Where nothing changes, the same state object and no effects. */
export function transition(state: State, event: Event, input: Input, options: ConnectionOptions): Step {
  // A late event of an old socket or timer changes nothing.
  if ('connectionId' in event && event.connectionId !== state.connectionId) return [state, []];
  const row = TABLE[state.name][event.type] as Row<State, Event>;
  return typeof row === 'string' ? [state, []] : row(state, event, input, options);
}

/** What a state does with an event: a function, or the reason why nothing. */
export type Row<S extends State, E extends Event> =
  | ((state: S, event: E, input: Input, options: ConnectionOptions) => Step)
  | `nothing: ${string}`;

type Table = {
  readonly [S in StateName]: {
    readonly [E in EventType]: Row<Extract<State, { name: S }>, Extract<Event, { type: E }>>;
  };
};

const NO_LINK = 'nothing: there is no connection';
const NO_TIMER = 'nothing: this timer is not set here';
const NO_FLUSH = 'nothing: nobody waits for the outbox';
const DONE = 'nothing: closed is final';

const withoutLink = {
  'link/opened': NO_LINK,
  'link/welcomed': NO_LINK,
  'link/prepared': NO_LINK,
  'link/failed': NO_LINK,
  'link/closed': NO_LINK,
  'timer/connect': NO_TIMER,
  'timer/heartbeat': NO_TIMER,
  'timer/stable': NO_TIMER,
  'timer/flush': NO_TIMER,
  'outbox/emptied': NO_FLUSH,
} as const;

/** The whole transition table: every event in every state. SPEC.md is its readable form; a test compares the two. */
export const TABLE: Table = {
  idle: {
    ...withoutLink,
    'timer/retry': NO_TIMER,
    'user/connect': (state, event, input, options) => connect(state, event.reason, input, options),
    'user/pause': (state, _event, input) => pause(state, ['user'], input),
    'user/reconnect': (state, _event, input, options) => connect(state, 'user', input, options),
    'user/close': (state, event, input) => closed(state, event.failure, input),
    'page/online': (state) => online(state),
    'page/offline': (state) => offline(state),
    'page/visible': NO_LINK,
    'page/hidden': NO_LINK,
    'page/frozen': NO_LINK,
    'page/resumed': NO_LINK,
  },
  connecting: {
    'user/connect': 'nothing: it already does',
    'user/pause': (state, _event, input) => pause(state, ['user'], input),
    'user/reconnect': (state, _event, input, options) => connect(state, 'user', input, options),
    'user/close': (state, event, input) => closed(state, event.failure, input),
    // Each step once and in order: a welcome of the former connection, told late, must not open this one.
    'link/opened': (state, _event, _input, options) =>
      state.step === 'opening'
        ? [{ ...state, step: 'greeting' }, [{ type: 'timer/set', timer: 'connect', ms: options.connectTimeoutMs }]]
        : [state, []],
    'link/welcomed': (state, event, _input, options) =>
      state.step === 'greeting'
        ? [
            { ...state, step: 'preparing', heartbeatOptions: event.heartbeat },
            [
              { type: 'timer/set', timer: 'connect', ms: options.connectTimeoutMs },
              { type: 'link/prepare', connectionId: state.connectionId },
            ],
          ]
        : [state, []],
    'link/prepared': (state, _event, input, options) =>
      state.step === 'preparing' ? opened(state, input, options) : [state, []],
    'link/failed': (state, event, input, options) => giveUp(state, event.failure, event.closeCode, input, options),
    'link/closed': (state, event, input, options) => lost(state, event, input, options),
    'timer/connect': (state, _event, input, options) =>
      giveUp(
        state,
        {
          code: 'CONNECT_TIMEOUT',
          message: `no progress for ${options.connectTimeoutMs} ms while ${state.step}`,
          details: { step: state.step, connectTimeoutMs: options.connectTimeoutMs },
        },
        CLOSE.GOING_AWAY,
        input,
        options,
      ),
    'timer/retry': NO_TIMER,
    'timer/heartbeat': NO_TIMER,
    'timer/stable': NO_TIMER,
    'timer/flush': NO_TIMER,
    'outbox/emptied': NO_FLUSH,
    // A handshake that began without a network may sit in the system's own retries for many seconds.
    'page/online': (state, _event, input, options) =>
      state.isOffline && state.step === 'opening'
        ? connect({ ...state, isOffline: false }, 'wake', input, options)
        : online(state),
    'page/offline': (state) => offline(state),
    'page/visible': 'nothing: it already connects',
    'page/hidden': 'nothing: a hidden page may connect',
    'page/frozen': (state, _event, input) => pause(state, ['frozen'], input),
    'page/resumed': 'nothing: it already connects',
  },
  open: {
    'user/connect': 'nothing: it is connected',
    'user/pause': (state, _event, input) => pause(state, ['user'], input),
    'user/reconnect': (state, _event, input, options) => connect(state, 'user', input, options),
    'user/close': (state, event, input) =>
      event.flushMs > 0
        ? [
            { ...known(state, input), name: 'closing', failure: event.failure },
            [...clear('heartbeat', 'stable'), { type: 'timer/set', timer: 'flush', ms: event.flushMs }],
          ]
        : closed(state, event.failure, input),
    'link/opened': 'nothing: it has opened before',
    'link/welcomed': 'nothing: it was welcomed before',
    'link/prepared': 'nothing: it was prepared before',
    'link/failed': (state, event, input, options) => giveUp(state, event.failure, event.closeCode, input, options),
    'link/closed': (state, event, input, options) => lost(state, event, input, options),
    'timer/connect': NO_TIMER,
    'timer/retry': NO_TIMER,
    'timer/heartbeat': (state, event, input, options) =>
      beat(state, { type: 'timer', heard: event.heard }, input, options),
    'timer/stable': (state) => [{ ...state, attempt: 0, isStable: true, isRenewed: false }, []],
    'timer/flush': NO_TIMER,
    'outbox/emptied': NO_FLUSH,
    // Going offline and coming back, waking up: questions, never answers. The live socket is asked at once.
    'page/online': (state, _event, input, options) => probe({ ...state, isOffline: false }, input, options),
    'page/offline': (state, _event, input, options) => probe({ ...state, isOffline: true }, input, options),
    'page/visible': (state, _event, input, options) => probe(state, input, options),
    'page/hidden': 'nothing: a hidden page keeps its connection',
    'page/frozen': (state, _event, input) => pause(state, ['frozen'], input),
    'page/resumed': (state, _event, input, options) => probe(state, input, options),
  },
  waiting: {
    ...withoutLink,
    'user/connect': (state, event, input, options) => connect(state, event.reason, input, options),
    'user/pause': (state, _event, input) => pause(state, ['user'], input),
    'user/reconnect': (state, _event, input, options) => connect(state, 'user', input, options),
    'user/close': (state, event, input) => closed(state, event.failure, input),
    'timer/retry': (state, _event, input, options) => connect(state, 'retry', input, options, state.failure),
    'page/online': (state, _event, input, options) => connect({ ...state, isOffline: false }, 'wake', input, options),
    'page/offline': (state) => offline(state),
    'page/visible': (state, _event, input, options) => connect(state, 'wake', input, options),
    'page/hidden': 'nothing: the timer goes on',
    'page/frozen': (state, _event, input) => pause(state, ['frozen'], input),
    'page/resumed': (state, _event, input, options) => connect(state, 'wake', input, options),
  },
  paused: {
    ...withoutLink,
    'timer/retry': NO_TIMER,
    'user/connect': (state, event, input, options) => unpause(state, 'user', event.reason, input, options),
    'user/pause': (state, _event, input) => pauseMore(state, 'user', input),
    'user/reconnect': (state, _event, input, options) => unpause(state, 'user', 'user', input, options),
    'user/close': (state, event, input) => closed(state, event.failure, input),
    'page/online': (state) => online(state),
    'page/offline': (state) => offline(state),
    'page/visible': 'nothing: it is paused for another reason',
    'page/hidden': 'nothing: it is paused already',
    'page/frozen': (state, _event, input) => pauseMore(state, 'frozen', input),
    'page/resumed': (state, _event, input, options) => unpause(state, 'frozen', 'wake', input, options),
  },
  suspended: {
    ...withoutLink,
    'timer/retry': NO_TIMER,
    'user/connect': (state, event, input, options) => connect(fresh(state), event.reason, input, options),
    'user/pause': (state, _event, input) => pause(state, ['user'], input),
    'user/reconnect': (state, _event, input, options) => connect(fresh(state), 'user', input, options),
    'user/close': (state, event, input) => closed(state, event.failure, input),
    'page/online': (state) => online(state),
    'page/offline': (state) => offline(state),
    'page/visible': 'nothing: only the app resumes it',
    'page/hidden': 'nothing: only the app resumes it',
    'page/frozen': 'nothing: only the app resumes it',
    'page/resumed': 'nothing: only the app resumes it',
  },
  closing: {
    'user/connect': DONE,
    'user/pause': DONE,
    'user/reconnect': DONE,
    'user/close': (state, event, input) =>
      event.flushMs > 0 ? [state, []] : closed(state, event.failure ?? state.failure, input),
    'link/opened': 'nothing: it has opened before',
    'link/welcomed': 'nothing: it was welcomed before',
    'link/prepared': 'nothing: it was prepared before',
    'link/failed': (state, _event, input) => closed(state, state.failure, input),
    'link/closed': (state, _event, input) => closed(state, state.failure, input),
    'timer/connect': NO_TIMER,
    'timer/retry': NO_TIMER,
    'timer/heartbeat': NO_TIMER,
    'timer/stable': NO_TIMER,
    'timer/flush': (state, _event, input) => closed(state, state.failure, input),
    'outbox/emptied': (state, _event, input) => closed(state, state.failure, input),
    'page/online': 'nothing: the flush has its own deadline',
    'page/offline': 'nothing: the flush has its own deadline',
    'page/visible': 'nothing: the flush has its own deadline',
    'page/hidden': 'nothing: the flush has its own deadline',
    'page/frozen': (state, _event, input) => closed(state, state.failure, input),
    'page/resumed': 'nothing: the flush has its own deadline',
  },
  closed: {
    'user/connect': DONE,
    'user/pause': DONE,
    'user/reconnect': DONE,
    'user/close': DONE,
    'link/opened': DONE,
    'link/welcomed': DONE,
    'link/prepared': DONE,
    'link/failed': DONE,
    'link/closed': DONE,
    'timer/connect': DONE,
    'timer/retry': DONE,
    'timer/heartbeat': DONE,
    'timer/stable': DONE,
    'timer/flush': DONE,
    'outbox/emptied': DONE,
    'page/online': DONE,
    'page/offline': DONE,
    'page/visible': DONE,
    'page/hidden': DONE,
    'page/frozen': DONE,
    'page/resumed': DONE,
  },
};

type Connecting = Extract<State, { name: 'connecting' }>;
type Open = Extract<State, { name: 'open' }>;
type Paused = Extract<State, { name: 'paused' }>;

function known(state: State, input: Input): Known {
  const { connectionId, attempt, isOffline, isRenewed } = state;
  return { connectionId, attempt, isOffline, isRenewed, since: input.now };
}

/** A state that starts from scratch after the app asked again. */
function fresh(state: State): State {
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

function connect(
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

function opened(state: Connecting, input: Input, options: ConnectionOptions): Step {
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

function beat(state: Open, event: HeartbeatEvent, input: Input, options: ConnectionOptions): Step {
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

function probe(state: Open, input: Input, options: ConnectionOptions): Step {
  return beat(state, { type: 'hint', timeoutMs: PROBE_TIMEOUT_MS }, input, options);
}

function online<S extends State>(state: S): Step {
  return [state.isOffline ? { ...state, isOffline: false } : state, []];
}

function offline<S extends State>(state: S): Step {
  return [state.isOffline ? state : { ...state, isOffline: true }, []];
}

function pause(state: State, reasons: readonly PauseReason[], input: Input): Step {
  return [{ ...known(state, input), name: 'paused', reasons }, leave(state, asked(CLOSE.GOING_AWAY, 'paused'), null)];
}

function pauseMore(state: Paused, reason: PauseReason, input: Input): Step {
  if (state.reasons.includes(reason)) return [state, []];
  return pause(state, [...state.reasons, reason], input);
}

function unpause(state: Paused, gone: PauseReason, why: ConnectReason, input: Input, options: ConnectionOptions): Step {
  const reasons = state.reasons.filter((reason) => reason !== gone);
  if (reasons.length === 0) return connect(state, why, input, options);
  return reasons.length === state.reasons.length ? [state, []] : pause(state, reasons, input);
}

function closed(state: State, failure: Failure | null, input: Input): Step {
  return [{ ...known(state, input), name: 'closed', failure }, leave(state, asked(CLOSE.NORMAL, ''), null)];
}

/** Our side ends the connection. */
function giveUp(state: State, failure: Failure, closeCode: number, input: Input, options: ConnectionOptions): Step {
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
function lost(
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
  const delay = backoffDelayMs(attempt, input.random, wait) + (end.retryAfterMs ?? 0);
  return [
    { ...next, name: 'waiting', reason: state.isOffline ? 'offline' : 'lost', retryAt: input.now + delay, failure },
    [...left, { type: 'timer/set', timer: 'retry', ms: delay }],
  ];
}

function suspend(state: State, failure: Failure, left: readonly Effect[], input: Input): Step {
  return [{ ...known(state, input), name: 'suspended', failure }, [...left, { type: 'tell/error', failure }]];
}
