import type { Failure } from '../lib/errors.ts';
import { CLOSE } from '../protocol/close-codes.ts';
import type {
  ConnectionOptions,
  ConnectReason,
  Effect,
  Input,
  Known,
  State,
  Step,
  TimerName,
} from './connection-state.ts';

// What the transitions are made of.

export type Open = Extract<State, { name: 'open' }>;
export type Connecting = Extract<State, { name: 'connecting' }>;
type Form<Name = State['name']> = Name extends string ? Omit<Extract<State, { name: Name }>, 'known' | 'since'> : never;

/** The next state: what is known goes along. */
export function to(state: State, input: Input, form: Form, changes?: Partial<Known>): State {
  return { known: { ...state.known, ...changes }, since: input.now, ...form };
}

export function know<S extends State>(state: S, changes: Partial<Known>): S {
  return { ...state, known: { ...state.known, ...changes } };
}

/** From scratch: a connection proved stable, or the app asked. */
export function fresh<S extends State>(state: S): S {
  return know(state, { attempt: 0, failingSince: null, delayMs: 0, trips: 0, isRenewed: false });
}

/** From scratch where the retries had ended. */
export function revived(state: State): State {
  return state.name === 'suspended' || state.known.trips > 0 ? fresh(state) : state;
}

export function isLinked(state: State): boolean {
  return state.name === 'connecting' || state.name === 'open' || state.name === 'closing';
}

export function set(timer: TimerName, ms: number): Effect {
  return { type: 'timer/set', timer, ms };
}

export interface End {
  readonly code: number;
  readonly reason: string;
  readonly wasClean: boolean;
}

/** Ends the connection that a state holds, and tells the app. `failure` null: the app asked for it, or the page. */
export function leave(state: State, { code, reason, wasClean }: End, failure: Failure | null): readonly Effect[] {
  return isLinked(state)
    ? [
        { type: 'link/detach', code, reason },
        { type: 'tell/close', code, reason, wasClean, failure },
      ]
    : [];
}

export function connect(
  state: State,
  reason: ConnectReason,
  input: Input,
  options: ConnectionOptions,
  failure: Failure | null = null,
): Step {
  const connectionId = state.known.newestId + 1;
  return [
    connecting(state, connectionId, reason, input, failure, { newestId: connectionId }),
    [
      ...leave(state, { code: CLOSE.GOING_AWAY, reason: 'replaced', wasClean: true }, null),
      set('connect', options.connectTimeoutMs),
      { type: 'link/connect', connectionId },
    ],
  ];
}

function connecting(
  state: State,
  connectionId: number,
  reason: ConnectReason,
  input: Input,
  failure: Failure | null,
  changes?: Partial<Known>,
): Connecting {
  return to(
    state,
    input,
    { name: 'connecting', step: 'opening', reason, failure, isHandover: false, openMs: 0, heartbeatOptions: null },
    // With a try the server's wish is over: its time has come, or the app knows better.
    { ...changes, connectionId, notBefore: input.now },
  ) as Connecting;
}

// A second connection beside the open one.

export function race(state: Open, options: ConnectionOptions, isMove = false): Step {
  const tries = state.rival?.tries ?? 0;
  if (!options.canRace || (!isMove && (state.rival?.connectionId ?? null) !== null)) return [state, []];
  // A move that waits for its turn begins with whatever begins first.
  const isWanted = isMove || state.rival?.isWanted === true;
  const connectionId = state.known.newestId + 1;
  return [
    { ...know(state, { newestId: connectionId }), rival: { connectionId, isWanted, tries: tries + 1, openMs: null } },
    [{ type: 'link/abandon' }, set('rival', options.connectTimeoutMs), { type: 'link/connect', connectionId }],
  ];
}

/** The old connection stays for now: the next rival starts after `ms`. */
export function raceLater(state: Open, isWanted: boolean, tries: number, ms: number): Step {
  return [
    { ...state, rival: { connectionId: null, isWanted, tries, openMs: null } },
    [{ type: 'link/abandon' }, set('rival', ms)],
  ];
}

/** The old connection stays. */
export function dropRival(state: Open): Step {
  return state.rival === null ? [state, []] : [{ ...state, rival: null }, [{ type: 'link/abandon' }]];
}

/** The rival is the connection from here on, though it may still be on its way. */
export function takeOver(
  state: Open,
  { connectionId, openMs }: { readonly connectionId: number; readonly openMs: number | null },
  failure: Failure | null,
  input: Input,
  options: ConnectionOptions,
): readonly [Connecting, readonly Effect[]] {
  const next = connecting(state, connectionId, 'lost', input, failure);
  const effects: Effect[] = [{ type: 'link/promote', connectionId }, set('connect', options.connectTimeoutMs)];
  return openMs === null
    ? [next, effects]
    : [{ ...next, step: 'greeting', openMs }, [...effects, { type: 'link/greet', connectionId }]];
}

/** For the app nothing has ended: the conversation goes on with the rival. */
export function handover(
  state: Open,
  connectionId: number,
  openMs: number,
  input: Input,
  options: ConnectionOptions,
): Step {
  const [next, effects] = takeOver(state, { connectionId, openMs }, null, input, options);
  return [{ ...next, isHandover: true, since: state.since }, effects];
}
