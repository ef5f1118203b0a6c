import type { ConnectionEnvironment } from '../environment/ports.ts';
import { initialState } from '../machines/connection-steps.ts';
import type { ConnectionOptions, Effect, Event, State, TimerName } from '../machines/connection-state.ts';
import { transition } from '../machines/connection.ts';

/** An order that is not the driver's own: it sets the timers. */
export type Order = Exclude<Effect, { type: 'timer/set' }>;

/** Events of a link, without the connection that they belong to. */
export type CurrentEvent = Event extends infer E
  ? E extends { readonly connectionId: number }
    ? Omit<E, 'connectionId'>
    : never
  : never;

export interface DriverOptions {
  readonly environment: ConnectionEnvironment;
  readonly connection: ConnectionOptions;
  readonly run: (order: Order) => void;
  readonly onState: (state: State, previous: State) => void;
  /** Whether there is work that a hidden page must not let go of. */
  readonly isBusy?: () => boolean;
}

/**
 * Runs the connection machine: one event at a time to its end. The new state is in force and told before its effects
 * run, so whoever they reach sees the whole of it.
 */
export interface Driver {
  readonly state: State;
  /** Anything came from the peer. */
  readonly heard: () => void;
  /** Something was written that the peer should answer. */
  readonly wrote: () => void;
  readonly dispatch: (event: Event) => void;
  /** Something happened on the connection in use. */
  readonly tell: (event: CurrentEvent) => void;
}

export function createDriver({ environment, connection, run, onState, isBusy }: DriverOptions): Driver {
  const queue: Event[] = [];
  const timers = new Map<TimerName, () => void>();
  let state = initialState(environment.now(), !environment.isOnline());
  let isRunning = false;
  /** How often anything came from the peer: a timer tells whether that was so since it was set. */
  let heard = 0;
  /** Since anything came. */
  let hasWritten = false;

  function dispatch(event: Event): void {
    queue.push(event);
    if (isRunning) return;
    isRunning = true;
    try {
      for (let next = queue.shift(); next !== undefined; next = queue.shift()) step(next);
    } finally {
      isRunning = false;
    }
  }

  function tell(event: CurrentEvent): void {
    dispatch({ ...event, connectionId: state.connectionId });
  }

  function step(event: Event): void {
    const previous = state;
    const input = { now: environment.now(), random: environment.random() };
    const [next, effects] = transition(previous, event, input, connection);
    state = next;
    environment.record?.(previous, event, next);
    // A timer belongs to the state in which it was set.
    if (next.name !== previous.name) {
      for (const cancel of timers.values()) cancel();
      timers.clear();
      hasWritten = false;
    }
    if (next !== previous) onState(next, previous);
    for (const effect of effects) {
      if (effect.type === 'timer/set') setTimer(effect.timer, effect.ms);
      else run(effect);
    }
  }

  function setTimer(timer: TimerName, ms: number): void {
    const { connectionId } = state;
    const heardBefore = heard;
    timers.get(timer)?.();
    const cancel = environment.setTimer(ms, () => {
      timers.delete(timer);
      // The machine takes from it what the timer's event has.
      dispatch({
        type: `timer/${timer}`,
        connectionId,
        heard: heard > heardBefore,
        wrote: hasWritten,
        isBusy: isBusy?.() === true,
      });
    });
    timers.set(timer, cancel);
  }

  return {
    get state() {
      return state;
    },
    heard() {
      heard += 1;
      hasWritten = false;
    },
    wrote() {
      if (hasWritten) return;
      hasWritten = true;
      // Nobody can ask a server without a ping; called for every message, this costs nothing there.
      if (state.heartbeat !== null && !timers.has('silence')) tell({ type: 'link/wrote' });
    },
    dispatch,
    tell,
  };
}
