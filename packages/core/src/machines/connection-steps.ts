import type { Failure } from '../lib/errors.ts';
import { GOING_AWAY, NORMAL, type End } from '../protocol/close-codes.ts';
import type { ConnectReason, Draft, Effect, Rival, State, StateName, TimerName, Turn } from './connection-state.ts';

// What the transitions are made of. Each writes into the draft of the next state and adds its effects to those of the turn.

/** From scratch. */
const FRESH = { attempt: 0, failingSince: null, delayMs: 0, trips: 0, isRenewed: false };
/** What a state has of its own, left out. */
const BARE = {
  reason: 'user',
  failure: null,
  retryAt: null,
  step: null,
  isHandover: false,
  openMs: 0,
  heartbeatOptions: null,
  heartbeat: null,
  isStable: false,
  silentTicks: null,
  rival: null,
  reasons: [],
} as const;

export function initialState(now: number, isOffline: boolean): State {
  return {
    ...BARE,
    ...FRESH,
    name: 'idle',
    since: now,
    connectionId: 0,
    newestId: 0,
    notBefore: now,
    offlineAt: isOffline ? now : Infinity,
    isHidden: false,
    onlineAt: -Infinity,
  };
}

/** The next state: what is known goes along. */
export function to(draft: Draft, { now }: Turn, name: StateName, own?: Partial<State>): void {
  Object.assign(draft, BARE, { name, since: now }, own);
}

/** The next try, unless something happens before. */
export function retryIn(draft: Draft, turn: Turn, ms: number): void {
  draft.retryAt = turn.now + ms;
  set(turn, 'retry', ms);
}

/** A connection proved stable, or the app asked. */
export function refresh(draft: Draft): void {
  Object.assign(draft, FRESH);
}

/** From scratch where the retries had ended. */
export function revive(draft: Draft): void {
  if (draft.name === 'suspended' || draft.trips > 0) refresh(draft);
}

export function isLinked({ name }: State): boolean {
  return name === 'connecting' || name === 'open' || name === 'closing';
}

export function order({ effects }: Turn, ...more: Effect[]): void {
  effects.push(...more);
}

export function set(turn: Turn, timer: TimerName, ms: number): void {
  order(turn, { type: 'timer/set', timer, ms });
}

export function tellClose(turn: Turn, { code, reason, wasClean }: End, failure: Failure | null): void {
  order(turn, { type: 'tell/close', code, reason, wasClean, failure });
}

/** Ends the connection that a state holds, and tells the app. `failure` null: the app asked for it, or the page. */
export function leave(draft: Draft, turn: Turn, end: End, failure: Failure | null = null): void {
  if (!isLinked(draft)) return;
  order(turn, { type: 'link/detach', code: end.code, reason: end.reason });
  tellClose(turn, end, failure);
}

/** Ends the connection on the wish of the app or the page. */
export function drop(draft: Draft, turn: Turn, reason: string, code: number = GOING_AWAY): void {
  leave(draft, turn, { code, reason, wasClean: true });
}

export function close(draft: Draft, turn: Turn, failure: Failure | null): void {
  drop(draft, turn, '', NORMAL);
  to(draft, turn, 'closed', { failure });
}

export function connect(draft: Draft, turn: Turn, reason: ConnectReason, failure: Failure | null = null): void {
  drop(draft, turn, 'replaced');
  draft.newestId += 1;
  connecting(draft, turn, draft.newestId, { reason, failure });
  order(turn, { type: 'link/connect', connectionId: draft.newestId });
}

function connecting(draft: Draft, turn: Turn, connectionId: number, own: Partial<State>): void {
  // With a try the server's wish is over: its time has come, or the app knows better.
  to(draft, turn, 'connecting', { step: 'opening', connectionId, notBefore: turn.now, ...own });
  set(turn, 'connect', turn.options.connectTimeoutMs);
}

// A second connection beside the open one.

export function race(draft: Draft, turn: Turn, isMove = false): void {
  const { rival } = draft;
  if (!turn.options.canRace || (!isMove && rival?.connectionId)) return;
  draft.newestId += 1;
  // A move that waits for its turn begins with whatever begins first.
  const isWanted = isMove || rival?.isWanted === true;
  putRival(draft, turn, draft.newestId, isWanted, (rival?.tries ?? 0) + 1, turn.options.connectTimeoutMs);
  order(turn, { type: 'link/connect', connectionId: draft.newestId });
}

/** In the place of the rival that there is; the timer says how long this one may take, or when it starts. */
export function putRival(
  draft: Draft,
  turn: Turn,
  connectionId: number | null,
  isWanted: boolean,
  tries: number,
  ms: number,
): void {
  draft.rival = { connectionId, isWanted, tries, openMs: null };
  order(turn, { type: 'link/abandon' });
  set(turn, 'rival', ms);
}

/** The old connection stays. */
export function dropRival(draft: Draft, turn: Turn): void {
  if (draft.rival === null) return;
  draft.rival = null;
  order(turn, { type: 'link/abandon' });
}

/**
 * The rival is the connection from here on, though it may still be on its way. Without a failure the conversation goes on
 * with it: for the app nothing has ended.
 */
export function takeOver(draft: Draft, turn: Turn, failure: Failure | null): void {
  const { since } = draft;
  const { connectionId, openMs } = draft.rival as Rival & { connectionId: number };
  order(turn, { type: 'link/promote', connectionId });
  connecting(draft, turn, connectionId, {
    failure,
    ...(failure === null ? { reason: 'connected', isHandover: true, since } : { reason: 'lost' }),
    ...(openMs !== null && { step: 'greeting', openMs }),
  });
  if (openMs !== null) order(turn, { type: 'link/greet', connectionId });
}
