import { CLOSE } from '../protocol/close-codes.ts';
import {
  beat,
  closed,
  closing,
  connect,
  fresh,
  giveUp,
  lost,
  offline,
  online,
  opened,
  pause,
  pauseMore,
  probe,
  unpause,
} from './connection-steps.ts';
import type { ConnectionOptions, Event, EventType, Input, State, StateName, Step } from './connection-state.ts';

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
      event.flushMs > 0 ? closing(state, event.flushMs, event.failure, input) : closed(state, event.failure, input),
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
