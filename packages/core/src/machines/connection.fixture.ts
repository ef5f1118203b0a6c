import type { Failure } from '../lib/errors.ts';
import type { ConnectionOptions, Effect, Event, EventType, Rival, State, StateName } from './connection-state.ts';
import type { HeartbeatState } from './heartbeat.ts';
import { anyJitter } from './backoff.ts';
import { initialState } from './connection-steps.ts';
import { transition } from './connection.ts';
import { flushing, moving, pausing } from './connection-parts.ts';

export const options: ConnectionOptions = {
  initialDelayMs: 500,
  factor: 2,
  maxDelayMs: 5_000,
  jitter: 'equal',
  backoff: anyJitter,
  maxAttempts: Number.POSITIVE_INFINITY,
  maxElapsedMs: Number.POSITIVE_INFINITY,
  coolDownMs: 60_000,
  policies: {},
  decide: null,
  hiddenPauses: 2,
  releaseAfterMs: Number.POSITIVE_INFINITY,
  canRace: true,
  proofMs: 0,
  parts: [flushing, moving, pausing],
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

  closed(code: number, retryAfterMs: number | null = null, hasSlot = false): this {
    return this.do({ type: 'link/closed', code, reason: 'why', wasClean: code !== 1006, retryAfterMs, hasSlot });
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

const beats = { intervalMs: 15_000, timeoutMs: 5_000 };

const asking = (misses: number): HeartbeatState => ({
  misses,
  partMs: 250,
  tellsLate: true,
  pauseMs: 15_000,
  smoothedMs: null,
  variationMs: 0,
  isGuess: true,
});

/** A state with a past: one failed try, and seven connections. */
function form(name: StateName, own: Partial<State> = {}): State {
  return {
    ...initialState(0, false),
    name,
    connectionId: 7,
    newestId: 7,
    attempt: 1,
    failingSince: 0,
    delayMs: 500,
    ...own,
  };
}
const open = (own: Partial<State> = {}): State =>
  form('open', { reason: 'connected', heartbeatOptions: beats, heartbeat: { ...asking(0), misses: null }, ...own });
const rival: Rival = { connectionId: 8, isWanted: true, tries: 1, openMs: null };

/** Samples of every state, in all its forms. */
export const STATES: { readonly [S in StateName]: readonly State[] } = {
  idle: [form('idle'), form('idle', { offlineAt: 0, isHidden: true })],
  connecting: [
    ...(['opening', 'greeting', 'preparing'] as const).flatMap((step) =>
      [false, true].map((flag) =>
        form('connecting', {
          offlineAt: flag ? 0 : Infinity,
          isHidden: flag,
          isRenewed: flag,
          step,
          reason: 'retry',
          heartbeatOptions: step === 'preparing' ? beats : null,
        }),
      ),
    ),
    form('connecting', { step: 'greeting', reason: 'connected', isHandover: true, openMs: 40 }),
  ],
  open: [
    open({ heartbeatOptions: null, heartbeat: null }),
    open(),
    open({ isHidden: true, silentTicks: 0 }),
    open({ attempt: 0, offlineAt: 0, isStable: true, heartbeat: asking(4), silentTicks: 1 }),
    open({ isRenewed: true, heartbeat: asking(4) }),
    open({ heartbeat: asking(0) }),
    open({ newestId: 8, heartbeat: asking(1), rival: { ...rival, isWanted: false } }),
    open({ newestId: 8, rival }),
    open({ newestId: 8, rival: { ...rival, openMs: 40 } }),
    open({ rival: { ...rival, connectionId: null, tries: 0 } }),
  ],
  waiting: [
    form('waiting', { reason: 'lost', retryAt: 500, failure: lostFailure }),
    form('waiting', { reason: 'lost', retryAt: 500, failure: lostFailure, notBefore: 500 }),
    form('waiting', { reason: 'offline', retryAt: 500, failure: lostFailure, offlineAt: 0, isHidden: true }),
  ],
  paused: [
    form('paused', { reasons: ['user'] }),
    form('paused', { reason: 'frozen', reasons: ['frozen'], offlineAt: 0, isHidden: true }),
    form('paused', { reasons: ['user', 'frozen'] }),
    form('paused', { reason: 'hidden', reasons: ['hidden'], isHidden: true }),
  ],
  suspended: [
    form('suspended', { reason: 'refused', failure: lostFailure }),
    form('suspended', {
      trips: 1,
      offlineAt: 0,
      isHidden: true,
      reason: 'exhausted',
      failure: { ...lostFailure, code: 'RETRIES_EXHAUSTED' },
      retryAt: 60_000,
    }),
  ],
  closing: [form('closing')],
  closed: [form('closed')],
};

const id = { connectionId: 7 };

/** Samples of every event that make a difference. */
export const EVENTS: { readonly [E in EventType]: readonly Extract<Event, { type: E }>[] } = {
  'user/connect': [{ type: 'user/connect', reason: 'user' }],
  'user/pause': [{ type: 'user/pause' }],
  'user/reconnect': [{ type: 'user/reconnect' }],
  'user/migrate': [{ type: 'user/migrate' }],
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
    hasSlot: false,
  })),
  'link/drained': [{ ...id, type: 'link/drained', withinMs: 30_000 }],
  'link/answered': [{ ...id, type: 'link/answered', ms: 40 }],
  'link/wrote': [{ ...id, type: 'link/wrote' }],
  'timer/connect': [{ ...id, type: 'timer/connect' }],
  'timer/retry': [{ ...id, type: 'timer/retry' }],
  'timer/heartbeat': [
    { ...id, type: 'timer/heartbeat', heard: false },
    { ...id, type: 'timer/heartbeat', heard: true },
  ],
  'timer/silence': [
    { ...id, type: 'timer/silence', heard: false, wrote: true },
    { ...id, type: 'timer/silence', heard: true, wrote: true },
    { ...id, type: 'timer/silence', heard: true, wrote: false },
  ],
  'timer/rival': [{ ...id, type: 'timer/rival' }],
  'timer/hidden': [
    { ...id, type: 'timer/hidden', isBusy: false },
    { ...id, type: 'timer/hidden', isBusy: true },
  ],
  'timer/stable': [{ ...id, type: 'timer/stable' }],
  'timer/flush': [{ ...id, type: 'timer/flush' }],
  'outbox/filled': [{ type: 'outbox/filled' }],
  'outbox/emptied': [{ type: 'outbox/emptied' }],
  'page/online': [{ type: 'page/online' }],
  'page/offline': [{ type: 'page/offline' }],
  'page/visible': [{ type: 'page/visible' }],
  'page/hidden': [{ type: 'page/hidden' }],
  'page/frozen': [{ type: 'page/frozen' }],
  'page/resumed': [{ type: 'page/resumed' }],
  'page/woke': [{ type: 'page/woke' }],
  'page/network': [{ type: 'page/network' }],
  'page/focus': [{ type: 'page/focus' }],
};

export const STATE_NAMES = Object.keys(STATES) as StateName[];
export const EVENT_TYPES = Object.keys(EVENTS) as EventType[];
