import type { Environment, EnvironmentFact } from '@holdfast/core';
import type { InspectorLog } from './log.ts';
import type { StateRecord } from './records.ts';

type Step = Parameters<NonNullable<Environment['record']>>;

/** An environment around another that writes down what goes by. */
export function tapEnvironment(base: Environment, log: InspectorLog, onUse: () => void): Environment {
  return {
    now: () => base.now(),
    random: () => base.random(),
    setTimer: (ms, run) => base.setTimer(ms, run),
    randomId: () => base.randomId(),
    defer: (run) => base.defer(run),
    wallClock: () => base.wallClock(),
    nextFrame: (run) => base.nextFrame(run),
    isOnline: () => base.isOnline(),
    openWebSocket: (url, protocols) => base.openWebSocket(url, protocols),
    observe(tell, signal) {
      onUse();
      base.observe((fact: EnvironmentFact) => {
        log.signals.push({ at: base.wallClock(), fact, isFault: false });
        log.changed();
        tell(fact);
      }, signal);
    },
    record(...[before, event, after]: Step) {
      if (event.type === 'link/answered') {
        log.roundTrips.push({ at: base.wallClock(), ms: event.ms });
        log.changed();
      }
      if (looksDifferent(before, after)) log.state(stateRecord(after, base));
      base.record?.(before, event, after);
    },
    // Left out and undefined are not the same: what is left out is the browser's.
    ...('locks' in base && { locks: base.locks }),
    ...('tabStorage' in base && { tabStorage: base.tabStorage }),
  };
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
