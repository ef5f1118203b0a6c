import type { Failure } from '../lib/errors.ts';
import { CLOSE } from '../protocol/close-codes.ts';
import {
  connect,
  type Connecting,
  dropRival,
  fresh,
  handover,
  isLinked,
  know,
  leave,
  type Open,
  race,
  raceLater,
  revived,
  set,
  to,
} from './connection-steps.ts';
import type { ConnectionOptions, Effect, Event, Input, Known, Rival, State, Step } from './connection-state.ts';
import { answerWithinMs, heartbeat, HINTED_PART_MS, type HeartbeatEvent } from './heartbeat.ts';
import { giveUp, isSettling, lost, NETWORK_RETRY_MS } from './retry.ts';

// The connection: connecting, open, waiting, suspended. What can be paused, moved or flushed is in parts of its own.

/** How often somebody looks whether what was written was answered. */
const SILENCE_TICK_MS = 400;

export function initialState(now: number, isOffline: boolean): State {
  const known: Known = {
    connectionId: 0,
    newestId: 0,
    attempt: 0,
    failingSince: null,
    delayMs: 0,
    notBefore: now,
    trips: 0,
    isRenewed: false,
    isOffline,
    isHidden: false,
    onlineAt: Number.NEGATIVE_INFINITY,
  };
  return { name: 'idle', known, since: now };
}

/**
 * The next state and what to do. Where nothing changes, the same state object and no effects. SPEC.md shows what follows
 * every event in every state.
 */
export function transition(state: State, event: Event, input: Input, options: ConnectionOptions): Step {
  // Closed is final.
  if (state.name === 'closed') return [state, []];
  const rivalId = state.name === 'open' ? state.rival?.connectionId : null;
  // A late event of another connection changes nothing.
  if ('connectionId' in event && event.connectionId !== state.known.connectionId && event.connectionId !== rivalId) {
    return [state, []];
  }
  for (const part of options.parts) {
    const step = part(state, event, input, options);
    if (step !== null) return step;
  }
  if (state.name === 'open' && 'connectionId' in event && event.connectionId === rivalId) {
    return rivalStep(state, event, input, options);
  }
  switch (event.type) {
    case 'user/connect':
      return isLinked(state) ? [state, []] : connect(revived(state), event.reason, input, options);
    case 'user/reconnect':
      return connect(revived(state), 'user', input, options);
    case 'user/close':
      return [
        to(state, input, { name: 'closed', failure: event.failure }),
        leave(state, { code: CLOSE.NORMAL, reason: '', wasClean: true }, null),
      ];
    case 'link/failed':
      return isLinked(state) ? giveUp(state, event.failure, event.closeCode, input, options) : [state, []];
    case 'link/closed':
      return isLinked(state) ? lost(state, event, input, options) : [state, []];
    case 'timer/retry':
      return 'retryAt' in state ? connect(state, 'retry', input, options, state.failure) : [state, []];
    // The page and the device: hints, never verdicts.
    case 'page/online': {
      const back = know(state, { isOffline: false, onlineAt: input.now });
      // A handshake that began without a network may sit in the system's own retries for many seconds.
      return state.name === 'connecting' && state.known.isOffline && state.step === 'opening'
        ? connect(back, 'wake', input, options)
        : wake(back, event, input, options);
    }
    case 'page/offline': {
      const gone = know(state, { isOffline: true });
      return gone.name === 'open' && gone.heartbeatOptions !== null ? hint(gone, input, options) : [gone, []];
    }
    case 'page/hidden':
      return [know(state, { isHidden: true }), []];
    case 'page/visible':
      return wake(know(state, { isHidden: false }), event, input, options);
    case 'page/resumed':
    case 'page/woke':
    case 'page/network':
    case 'page/focus':
      return wake(state, event, input, options);
    default:
  }
  if (state.name === 'connecting') return connectingStep(state, event, input, options);
  return state.name === 'open' ? openStep(state, event, input, options) : [state, []];
}

/** Each step once and in order: a late welcome of the former connection must not open this one. */
function connectingStep(state: Connecting, event: Event, input: Input, options: ConnectionOptions): Step {
  const { step, known } = state;
  const { connectionId } = known;
  const within = set('connect', options.connectTimeoutMs);
  if (event.type === 'link/opened' && step === 'opening') {
    return [{ ...state, step: 'greeting', openMs: event.ms ?? 0 }, [within, { type: 'link/greet', connectionId }]];
  }
  if (event.type === 'link/welcomed' && step === 'greeting') {
    return [
      { ...state, step: 'preparing', heartbeatOptions: event.heartbeat },
      [within, { type: 'link/prepare', connectionId }],
    ];
  }
  if (event.type === 'link/prepared' && step === 'preparing') return opened(state, input, options);
  if (event.type !== 'timer/connect') return [state, []];
  const { connectTimeoutMs } = options;
  const failure: Failure = {
    code: 'CONNECT_TIMEOUT',
    message: `no progress for ${connectTimeoutMs} ms while ${step}`,
    details: { step, connectTimeoutMs },
  };
  return giveUp(state, failure, CLOSE.GOING_AWAY, input, options);
}

function openStep(state: Open, event: Event, input: Input, options: ConnectionOptions): Step {
  switch (event.type) {
    case 'link/answered':
    case 'timer/heartbeat':
      return beat(
        state,
        event.type === 'link/answered' ? { type: 'answered', ms: event.ms } : { type: 'timer', heard: event.heard },
        input,
        options,
      );
    case 'link/wrote':
      return state.heartbeatOptions !== null && state.silentTicks === null ? tick(state, 0) : [state, []];
    case 'timer/silence':
      if (!event.wrote) return [{ ...state, silentTicks: null }, []];
      if (event.heard || state.silentTicks === 0) return tick(state, event.heard ? 0 : 1);
      // Data sent into silence. No second connection: a server that is slow for everybody must not get twice as many.
      return beat({ ...state, silentTicks: null }, { type: 'hint', tellsLate: false }, input, options);
    case 'timer/stable':
      return [{ ...fresh(state), isStable: true }, []];
    case 'timer/rival': {
      const { rival } = state;
      if (rival?.connectionId && rival.openMs !== null) {
        return handover(state, rival.connectionId, rival.openMs, input, options);
      }
      // It was waiting for its turn, or it took too long.
      return rival?.connectionId === null ? race(state, options) : dropRival(state);
    }
    default:
      return [state, []];
  }
}

function opened(state: Connecting, input: Input, options: ConnectionOptions): Step {
  const { heartbeatOptions, isHandover } = state;
  const [beating, effects] = heartbeat.start(heartbeatOptions, state.openMs);
  const next = to(state, input, {
    name: 'open',
    isStable: false,
    heartbeatOptions,
    heartbeat: beating,
    silentTicks: null,
    rival: null,
  });
  return [
    isHandover ? { ...next, since: state.since } : next,
    [
      set('stable', options.stableAfterMs),
      { type: 'flow/start' },
      // Asked at once, so that a round trip is known from the start.
      ...(heartbeatOptions === null ? [] : [{ type: 'link/ping' } as const]),
      ...beatEffects(effects),
    ],
  ];
}

function rivalStep(state: Open, event: Event, input: Input, options: ConnectionOptions): Step {
  if (event.type === 'link/closed' || event.type === 'link/failed') {
    // In the first moments after 'online' a failed try says nothing.
    return isSettling(state, input) ? raceLater(state, false, 1, NETWORK_RETRY_MS) : dropRival(state);
  }
  if (event.type !== 'link/opened') return [state, []];
  const { connectionId, ms: openMs = 0 } = event;
  return options.proofMs === 0
    ? handover(state, connectionId, openMs, input, options)
    : [{ ...state, rival: { ...(state.rival as Rival), openMs } }, [set('rival', options.proofMs)]];
}

// The heartbeat.

function beatEffects(effects: readonly { readonly type: string; readonly ms?: number }[]): readonly Effect[] {
  return effects.flatMap(({ type, ms }) =>
    ms !== undefined ? set('heartbeat', ms) : type === 'ping' ? { type: 'link/ping' } : [],
  );
}

function beat(state: Open, event: HeartbeatEvent, input: Input, options: ConnectionOptions): Step {
  const { heartbeatOptions: beats, known, rival } = state;
  // Nothing can be asked without a ping. If nothing was heard since the hint, another connection may be better.
  if (beats === null) return event.type === 'timer' && !event.heard ? race(state, options) : [state, []];
  const pauses = known.isHidden ? options.hiddenPauses : 1;
  const [next, effects] = heartbeat.transition(state.heartbeat, event, {
    ...beats,
    intervalMs: beats.intervalMs * pauses,
  });
  const asked: Open = next === state.heartbeat ? state : { ...state, heartbeat: next };
  const word = effects.at(-1)?.type;
  if (word === 'dead') {
    const failure: Failure = { code: 'HEARTBEAT_MISSED', message: 'nothing heard from the server after several pings' };
    return giveUp(state, failure, CLOSE.HEARTBEAT_MISSED, input, options);
  }
  const [raced, more] =
    word === 'late'
      ? race(asked, options)
      : // The old connection answered first: the one that a hint opened is not needed.
        word === 'alive' && rival?.isWanted === false
        ? dropRival(asked)
        : [asked, []];
  return [raced, [...beatEffects(effects), ...more]];
}

/** Something happened after which links are often dead: the live socket is asked at once. */
function hint(state: Open, input: Input, options: ConnectionOptions): Step {
  return state.heartbeatOptions === null
    ? [state, options.canRace && state.rival === null ? [set('heartbeat', HINTED_PART_MS)] : []]
    : beat(state, { type: 'hint', tellsLate: options.canRace }, input, options);
}

function wake(state: State, event: Event, input: Input, options: ConnectionOptions): Step {
  if (state.name === 'open') return hint(state, input, options);
  // The breaker is half open then: one try. A focus is no sign that anything changed.
  const isReady =
    state.name === 'waiting' || (state.name === 'suspended' && state.retryAt !== null && event.type !== 'page/focus');
  return isReady && input.now >= state.known.notBefore ? connect(state, 'wake', input, options) : [state, []];
}

/** One more look at whether what was written is answered. */
function tick(state: Open, silentTicks: number): Step {
  const ms = Math.max(
    SILENCE_TICK_MS,
    answerWithinMs(state.heartbeat) ?? 0,
    (state.heartbeatOptions?.answerMs ?? 0) / 2,
  );
  return [{ ...state, silentTicks }, [set('silence', ms)]];
}
