import type { Environment, EnvironmentFact, WebSocketLike } from '@holdfast/core';
import type { ShowPayload } from './describe-frames.ts';
import type { FaultState } from './faults.ts';
import type { PipeHost } from './faulty-pipe.ts';
import type { InspectorLog } from './log.ts';
import type { StateRecord } from './records.ts';
import { TappedWebSocket } from './tapped-web-socket.ts';
import { Wire } from './wire.ts';

type Step = Parameters<NonNullable<Environment['record']>>;

/** What an inspector and its tapped environments share. */
export interface TapHost {
  readonly log: InspectorLog;
  readonly show: ShowPayload;
  readonly faults: () => FaultState;
  /** The environment is in use, or not any more. */
  readonly onUse: (tap: Tap, isUsed: boolean) => void;
}

export interface Tap {
  readonly environment: Environment;
  readonly cut: () => void;
  readonly faultsChanged: (before: FaultState, after: FaultState) => void;
}

/** An environment around another that writes down what goes by, and makes the faults. */
export function tapEnvironment(base: Environment, host: TapHost): Tap {
  const { log, show, faults } = host;
  const live = new Set<TappedWebSocket>();
  const observers = new Set<(fact: EnvironmentFact) => void>();
  /** By which socket a state is: one may follow another on the same environment, and the older end last. */
  const sources = new WeakMap<Step[0], number>();
  let newest = 0;
  const pipes: PipeHost = { now: () => base.now(), setTimer: (ms, run) => base.setTimer(ms, run), faults };

  function tell(fact: EnvironmentFact, isFault: boolean): void {
    log.signals.push({ at: base.wallClock(), fact, isFault });
    log.changed();
  }

  function used(): void {
    host.onUse(tap, observers.size + live.size > 0);
  }

  function cut(): void {
    for (const socket of live) socket.cut();
  }

  function openWebSocket(url: string, protocols: readonly string[]): WebSocketLike {
    const { isRefusing, isOffline } = faults();
    const real = isRefusing || isOffline ? null : base.openWebSocket(url, protocols);
    const socket = new TappedWebSocket(real, new Wire(log, base, show, url), pipes, (ended) => {
      live.delete(ended);
      used();
    });
    if (real !== null) {
      live.add(socket);
      used();
    }
    return socket;
  }

  function observe(told: (fact: EnvironmentFact) => void, signal: AbortSignal): void {
    observers.add(told);
    used();
    signal.addEventListener('abort', () => {
      observers.delete(told);
      used();
    });
    base.observe((fact) => {
      // While the button says that there is no network, nobody else says otherwise.
      if (fact === 'online' && faults().isOffline) return;
      // Of several that listen one is enough.
      const [first] = observers;
      if (told === first) tell(fact, false);
      told(fact);
    }, signal);
  }

  function faultsChanged(before: FaultState, after: FaultState): void {
    for (const socket of live) socket.faultsChanged();
    if (before.isOffline === after.isOffline) return;
    if (after.isOffline) cut();
    // The fault is over, and the browser has no network either.
    if (!after.isOffline && !base.isOnline()) return;
    const fact = after.isOffline ? 'offline' : 'online';
    if (observers.size > 0) tell(fact, true);
    for (const told of observers) told(fact);
  }

  const environment: Environment = {
    now: () => base.now(),
    random: () => base.random(),
    setTimer: (ms, run) => base.setTimer(ms, run),
    randomId: () => base.randomId(),
    defer: (run) => base.defer(run),
    wallClock: () => base.wallClock(),
    nextFrame: (run) => base.nextFrame(run),
    isOnline: () => !faults().isOffline && base.isOnline(),
    openWebSocket,
    observe,
    record(...[before, event, after]: Step) {
      if (event.type === 'link/answered') {
        log.roundTrips.push({ at: base.wallClock(), ms: event.ms });
        log.changed();
      }
      const source = sources.get(before) ?? (newest += 1);
      sources.set(after, source);
      if (source === newest && looksDifferent(before, after)) log.state(stateRecord(after, base));
      base.record?.(before, event, after);
    },
    // Left out and undefined are not the same: what is left out is the browser's.
    ...('locks' in base && { locks: base.locks }),
    ...('tabStorage' in base && { tabStorage: base.tabStorage }),
  };
  const tap: Tap = { environment, cut, faultsChanged };
  return tap;
}

function looksDifferent(before: Step[0], after: Step[2]): boolean {
  return (
    phaseOf(before) !== phaseOf(after) ||
    before.since !== after.since ||
    before.reason !== after.reason ||
    before.retryAt !== after.retryAt ||
    before.failure !== after.failure
  );
}

function stateRecord(state: Step[2], base: Environment): StateRecord {
  const wall = base.wallClock();
  const now = base.now();
  return {
    at: wall,
    phase: phaseOf(state),
    reason: state.reason,
    attempt: state.attempt,
    retryAt: state.retryAt === null ? null : Math.round(wall + state.retryAt - now),
    code: state.failure?.code ?? null,
  };
}

/** A connection that takes over from an open one is open to the app. */
function phaseOf(state: Step[2]): StateRecord['phase'] {
  return state.isHandover ? 'open' : state.name;
}
