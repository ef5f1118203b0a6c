import type { Failure } from '../lib/errors.ts';
import type { ConnectionOptions, Effect, Event, EventType, State, StateName } from './connection-state.ts';
import { initialState, transition } from './connection.ts';

export const options: ConnectionOptions = {
  initialDelayMs: 500,
  factor: 2,
  maxDelayMs: 5_000,
  maxAttempts: Number.POSITIVE_INFINITY,
  stableAfterMs: 5_000,
  connectTimeoutMs: 10_000,
};

export const lostFailure: Failure = { code: 'CONNECTION_LOST', message: 'lost' };

/** Drives the machine by hand: what one test does in a few words. */
export class Walk {
  state: State;
  effects: readonly Effect[] = [];
  readonly #options: ConnectionOptions;
  now = 0;
  random = 0;

  constructor(changes: Partial<ConnectionOptions> = {}, isOffline = false) {
    this.#options = { ...options, ...changes };
    this.state = initialState(0, isOffline);
  }

  /** An event; those of a connection get the newest id. */
  do(
    event:
      | Event
      | (Event extends infer E ? (E extends { connectionId: number } ? Omit<E, 'connectionId'> : never) : never),
  ): this {
    const whole = { connectionId: this.state.connectionId, ...event } as Event;
    [this.state, this.effects] = transition(this.state, whole, { now: this.now, random: this.random }, this.#options);
    return this;
  }

  connect(): this {
    return this.do({ type: 'user/connect', reason: 'start' });
  }

  opened(): this {
    return this.do({ type: 'link/opened' })
      .do({ type: 'link/welcomed', heartbeat: { intervalMs: 15_000, timeoutMs: 5_000 } })
      .do({ type: 'link/prepared' });
  }

  closed(code: number, retryAfterMs: number | null = null): this {
    return this.do({ type: 'link/closed', code, reason: 'why', wasClean: code !== 1006, retryAfterMs });
  }

  /** Milliseconds that a timer was last set to by this event. */
  timer(name: string): number | undefined {
    const set = this.effects.filter((effect) => effect.type === 'timer/set' && effect.timer === name).at(-1);
    return set?.type === 'timer/set' ? set.ms : undefined;
  }

  get told(): string[] {
    return this.effects.map((effect) => effect.type);
  }
}

const known = { connectionId: 7, attempt: 1, isOffline: false, isRenewed: false, since: 0 };
const beats = { intervalMs: 15_000, timeoutMs: 5_000 };

/** Samples of every state, in all its forms. */
export const STATES: { readonly [S in StateName]: readonly Extract<State, { name: S }>[] } = {
  idle: [
    { ...known, name: 'idle' },
    { ...known, name: 'idle', isOffline: true },
  ],
  connecting: (['opening', 'greeting', 'preparing'] as const).flatMap((step) =>
    [false, true].map((flag) => ({
      ...known,
      name: 'connecting' as const,
      step,
      reason: 'retry' as const,
      failure: null,
      isOffline: flag,
      isRenewed: flag,
      heartbeatOptions: step === 'preparing' ? beats : null,
    })),
  ),
  open: [
    { ...known, name: 'open', isStable: false, heartbeatOptions: null, heartbeat: { name: 'quiet' } },
    { ...known, name: 'open', isStable: false, heartbeatOptions: beats, heartbeat: { name: 'quiet' } },
    {
      ...known,
      attempt: 0,
      isOffline: true,
      name: 'open',
      isStable: true,
      heartbeatOptions: beats,
      heartbeat: { name: 'probing', quarters: 4, timeoutMs: 2_000 },
    },
    {
      ...known,
      isRenewed: true,
      name: 'open',
      isStable: false,
      heartbeatOptions: beats,
      heartbeat: { name: 'probing', quarters: 4, timeoutMs: 2_000 },
    },
  ],
  waiting: [
    { ...known, name: 'waiting', reason: 'lost', retryAt: 500, failure: lostFailure },
    { ...known, name: 'waiting', reason: 'offline', isOffline: true, retryAt: 500, failure: lostFailure },
  ],
  paused: [
    { ...known, name: 'paused', reasons: ['user'] },
    { ...known, name: 'paused', reasons: ['frozen'], isOffline: true },
    { ...known, name: 'paused', reasons: ['user', 'frozen'] },
  ],
  suspended: [
    { ...known, name: 'suspended', failure: lostFailure },
    { ...known, name: 'suspended', failure: lostFailure, isOffline: true },
  ],
  closing: [{ ...known, name: 'closing', failure: null }],
  closed: [{ ...known, name: 'closed', failure: null }],
};

const id = { connectionId: 7 };

/** Samples of every event that make a difference. */
export const EVENTS: { readonly [E in EventType]: readonly Extract<Event, { type: E }>[] } = {
  'user/connect': [{ type: 'user/connect', reason: 'user' }],
  'user/pause': [{ type: 'user/pause' }],
  'user/reconnect': [{ type: 'user/reconnect' }],
  'user/close': [
    { type: 'user/close', flushMs: 0, failure: null },
    { type: 'user/close', flushMs: 1_000, failure: null },
  ],
  'link/opened': [{ ...id, type: 'link/opened' }],
  'link/welcomed': [
    { ...id, type: 'link/welcomed', heartbeat: null },
    { ...id, type: 'link/welcomed', heartbeat: beats },
  ],
  'link/prepared': [{ ...id, type: 'link/prepared' }],
  'link/failed': (['URL_FAILED', 'PROTOCOL_ERROR', 'IDENTITY_MISMATCH'] as const).map((code) => ({
    ...id,
    type: 'link/failed',
    failure: { code, message: code },
    closeCode: 1001,
  })),
  'link/closed': [1000, 1006, 1012, 4401, 4409].map((code) => ({
    ...id,
    type: 'link/closed',
    code,
    reason: '',
    wasClean: true,
    retryAfterMs: null,
  })),
  'timer/connect': [{ ...id, type: 'timer/connect' }],
  'timer/retry': [{ ...id, type: 'timer/retry' }],
  'timer/heartbeat': [
    { ...id, type: 'timer/heartbeat', heard: false },
    { ...id, type: 'timer/heartbeat', heard: true },
  ],
  'timer/stable': [{ ...id, type: 'timer/stable' }],
  'timer/flush': [{ ...id, type: 'timer/flush' }],
  'outbox/emptied': [{ type: 'outbox/emptied' }],
  'page/online': [{ type: 'page/online' }],
  'page/offline': [{ type: 'page/offline' }],
  'page/visible': [{ type: 'page/visible' }],
  'page/hidden': [{ type: 'page/hidden' }],
  'page/frozen': [{ type: 'page/frozen' }],
  'page/resumed': [{ type: 'page/resumed' }],
};

export const STATE_NAMES = Object.keys(STATES) as StateName[];
export const EVENT_TYPES = Object.keys(EVENTS) as EventType[];
