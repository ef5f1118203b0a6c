import { HEARTBEAT_MISSED } from '../protocol/close-codes.ts';
import {
  close,
  connect,
  dropRival,
  isLinked,
  order,
  putRival,
  race,
  refresh,
  revive,
  set,
  takeOver,
  to,
} from './connection-steps.ts';
import type { ConnectionOptions, Draft, Event, Input, State, Step, Turn } from './connection-state.ts';
import { answerWithinMs, heartbeat, HINTED_PART_MS, type HeartbeatEvent } from './heartbeat.ts';
import { giveUp, isOffline, isSettling, lost, NETWORK_RETRY_MS } from './retry.ts';

// The connection: connecting, open, waiting, suspended. What can be paused, moved or flushed is in parts of its own.

/** How often somebody looks whether what was written was answered. */
const SILENCE_TICK_MS = 400;

/**
 * The next state and what to do. Where nothing changes, the same state object. SPEC.md shows what follows every event in
 * every state.
 */
export function transition(state: State, event: Event, input: Input, options: ConnectionOptions): Step {
  const id = 'connectionId' in event ? event.connectionId : state.connectionId;
  const isOfRival = id === state.rival?.connectionId;
  // Closed is final, and a late event of another connection changes nothing.
  if (state.name === 'closed' || (id !== state.connectionId && !isOfRival)) return [state, []];
  const draft: Draft = { ...state };
  const turn: Turn = { ...input, options, effects: [] };
  if (!options.parts?.some((part) => part(draft, turn, event))) (isOfRival ? rivalStep : step)(draft, turn, event);
  const isNew = (Object.keys(draft) as (keyof State)[]).some((name) => draft[name] !== state[name]);
  return [isNew ? draft : state, turn.effects];
}

function step(draft: Draft, turn: Turn, event: Event): void {
  switch (event.type) {
    case 'user/connect':
      if (isLinked(draft)) return;
      revive(draft);
      connect(draft, turn, event.reason);
      return;
    case 'user/reconnect':
      revive(draft);
      connect(draft, turn, 'user');
      return;
    case 'user/close':
      close(draft, turn, event.failure);
      return;
    case 'link/failed':
      if (isLinked(draft)) giveUp(draft, turn, event.failure, event.closeCode);
      return;
    case 'link/closed':
      if (isLinked(draft)) lost(draft, turn, event);
      return;
    case 'timer/retry':
      if (draft.retryAt !== null) connect(draft, turn, 'retry', draft.failure);
      return;
    // The page and the device: hints, never verdicts.
    case 'page/online': {
      // A handshake that began without a network may sit in the system's own retries for many seconds.
      const isStuck = isOffline(draft) && draft.step === 'opening';
      draft.offlineAt = Infinity;
      draft.onlineAt = turn.now;
      if (isStuck) connect(draft, turn, 'wake');
      else wake(draft, turn, event);
      return;
    }
    case 'page/offline':
      draft.offlineAt = turn.now;
      if (draft.heartbeat !== null) hint(draft, turn);
      return;
    case 'page/hidden':
      draft.isHidden = true;
      return;
    case 'page/visible':
      draft.isHidden = false;
      wake(draft, turn, event);
      return;
    case 'page/resumed':
    case 'page/woke':
    case 'page/network':
    case 'page/focus':
      wake(draft, turn, event);
      return;
    default:
      if (draft.name === 'connecting') connectingStep(draft, turn, event);
      if (draft.name === 'open') openStep(draft, turn, event);
  }
}

/** Each step once and in order: a late welcome of the former connection must not open this one. */
function connectingStep(draft: Draft, turn: Turn, event: Event): void {
  const { step: at, connectionId } = draft;
  const { connectTimeoutMs } = turn.options;
  if (event.type === 'link/opened' && at === 'opening') {
    draft.step = 'greeting';
    reached(draft, turn, event.ms);
    draft.openMs = event.ms ?? 0;
    set(turn, 'connect', connectTimeoutMs);
    order(turn, { type: 'link/greet', connectionId });
  } else if (event.type === 'link/welcomed' && at === 'greeting') {
    draft.step = 'preparing';
    draft.heartbeatOptions = event.heartbeat;
    set(turn, 'connect', connectTimeoutMs);
    order(turn, { type: 'link/prepare', connectionId });
  } else if (event.type === 'link/prepared' && at === 'preparing') {
    opened(draft, turn);
  } else if (event.type === 'timer/connect') {
    const message = `no progress for ${connectTimeoutMs} ms while ${at}`;
    giveUp(draft, turn, { code: 'CONNECT_TIMEOUT', message, details: { step: at, connectTimeoutMs } });
  }
}

function opened(draft: Draft, turn: Turn): void {
  const { heartbeatOptions, isHandover, since, openMs } = draft;
  to(draft, turn, 'open', { reason: 'connected', heartbeatOptions, ...(isHandover && { since }) });
  set(turn, 'stable', turn.options.stableAfterMs);
  order(turn, { type: 'flow/start' });
  if (heartbeatOptions === null) return;
  // Asked at once, so that a round trip is known from the start.
  order(turn, { type: 'link/ping' });
  const [beating, ms] = heartbeat.start(heartbeatOptions, openMs);
  draft.heartbeat = beating;
  set(turn, 'heartbeat', ms);
}

function openStep(draft: Draft, turn: Turn, event: Event): void {
  const { rival, silentTicks } = draft;
  switch (event.type) {
    case 'link/answered':
      reached(draft, turn, event.ms);
      beat(draft, turn, { type: 'answered', ms: event.ms });
      return;
    case 'timer/heartbeat':
      // Nothing can be asked without a ping. If nothing was heard since the hint, another connection may be better.
      if (draft.heartbeat !== null) beat(draft, turn, { type: 'timer', heard: event.heard });
      else if (!event.heard) race(draft, turn);
      return;
    case 'link/wrote':
      if (silentTicks === null) tick(draft, turn, 0);
      return;
    case 'timer/silence':
      draft.silentTicks = null;
      if (!event.wrote) return;
      if (event.heard || silentTicks === 0) tick(draft, turn, event.heard ? 0 : 1);
      // Data sent into silence. No second connection: a server that is slow for everybody must not get twice as many.
      else beat(draft, turn, { type: 'hint', tellsLate: false });
      return;
    case 'timer/stable':
      refresh(draft);
      draft.isStable = true;
      return;
    case 'timer/rival':
      if (rival?.connectionId && rival.openMs !== null) takeOver(draft, turn, null);
      // It was waiting for its turn, or it took too long.
      else if (rival?.connectionId === null) race(draft, turn);
      else dropRival(draft, turn);
      return;
    default:
  }
}

function rivalStep(draft: Draft, turn: Turn, event: Event): void {
  const { proofMs } = turn.options;
  if (event.type === 'link/closed' || event.type === 'link/failed') {
    // In the first moments after 'online' a failed try says nothing.
    if (isSettling(draft, turn)) putRival(draft, turn, null, false, 1, NETWORK_RETRY_MS);
    else dropRival(draft, turn);
  } else if (event.type === 'link/opened' && draft.rival !== null) {
    reached(draft, turn, event.ms);
    draft.rival = { ...draft.rival, openMs: event.ms ?? 0 };
    if (proofMs === 0) takeOver(draft, turn, null);
    else set(turn, 'rival', proofMs);
  }
}

/**
 * The server has answered what was asked `ms` ago. If the browser said 'offline' before that, it is wrong: the server is on this
 * machine, or in a network without an exit.
 */
function reached(draft: Draft, { now }: Turn, ms = 0): void {
  if (now - ms >= draft.offlineAt) draft.offlineAt = Infinity;
}

// The heartbeat.

function beat(draft: Draft, turn: Turn, event: HeartbeatEvent): void {
  const { heartbeatOptions, heartbeat: before, rival } = draft;
  if (heartbeatOptions === null || before === null) return;
  const intervalMs = heartbeatOptions.intervalMs * ((draft.isHidden && turn.options.hiddenPauses) || 1);
  const [next, ms, word] = heartbeat.transition(before, event, { ...heartbeatOptions, intervalMs });
  draft.heartbeat = next;
  if (word === 'dead') {
    const message = 'nothing heard from the server after several pings';
    giveUp(draft, turn, { code: 'HEARTBEAT_MISSED', message }, HEARTBEAT_MISSED);
    return;
  }
  if (word === 'ping' || word === 'late') order(turn, { type: 'link/ping' });
  if (ms > 0) set(turn, 'heartbeat', ms);
  if (word === 'late') race(draft, turn);
  // The old connection answered first: the one that a hint opened is not needed.
  if (word === 'alive' && rival?.isWanted === false) dropRival(draft, turn);
}

/** Something happened after which links are often dead: the live socket is asked at once. */
function hint(draft: Draft, turn: Turn): void {
  const { canRace } = turn.options;
  if (draft.heartbeat !== null) beat(draft, turn, { type: 'hint', tellsLate: canRace });
  else if (canRace && draft.rival === null) set(turn, 'heartbeat', HINTED_PART_MS);
}

function wake(draft: Draft, turn: Turn, { type }: Event): void {
  if (draft.name === 'open') hint(draft, turn);
  // The breaker is half open then: one try. A focus is no sign that anything changed.
  const isReady = draft.retryAt !== null && (draft.name === 'waiting' || type !== 'page/focus');
  if (isReady && turn.now >= draft.notBefore) connect(draft, turn, 'wake');
}

/** One more look at whether what was written is answered. */
function tick(draft: Draft, turn: Turn, silentTicks: number): void {
  const { heartbeat: beating, heartbeatOptions } = draft;
  if (beating === null) return;
  draft.silentTicks = silentTicks;
  const answerMs = (heartbeatOptions?.answerMs ?? 0) / 2;
  set(turn, 'silence', Math.max(SILENCE_TICK_MS, answerWithinMs(beating) ?? 0, answerMs));
}
