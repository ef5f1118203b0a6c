import type { ConnectionEnvironment } from '../environment/ports.ts';
import type { ConnectionOptions, Effect, Event, State, TimerName } from '../machines/connection-state.ts';
import { initialState, transition } from '../machines/connection.ts';

/** What the effects of the connection machine are run by; timers are the driver's own. */
export type EffectRunner = (effect: Exclude<Effect, { type: 'timer/set' }>) => void;

/**
 * Runs the connection machine: one event at a time to its end. The new state is in force and told before its effects
 * run, so whoever they reach sees the whole of it.
 */
export class Driver {
  readonly #environment: ConnectionEnvironment;
  readonly #options: ConnectionOptions;
  readonly #run: EffectRunner;
  readonly #onState: (state: State, previous: State) => void;
  readonly #isBusy: () => boolean;
  readonly #queue: Event[] = [];
  readonly #timers = new Map<TimerName, () => void>();
  #state: State;
  #isRunning = false;
  // What came and went: since the heartbeat's timer was set, and since the last tick.
  #heard = false;
  #heardNow = false;
  #wrote = false;

  constructor(options: {
    environment: ConnectionEnvironment;
    connection: ConnectionOptions;
    run: EffectRunner;
    onState: (state: State, previous: State) => void;
    /** Whether there is work that a hidden page must not let go of. */
    isBusy?: () => boolean;
  }) {
    this.#environment = options.environment;
    this.#options = options.connection;
    this.#run = options.run;
    this.#onState = options.onState;
    this.#isBusy = options.isBusy ?? (() => false);
    this.#state = initialState(options.environment.now(), !options.environment.isOnline());
  }

  get state(): State {
    return this.#state;
  }

  /** Anything came from the peer. */
  heard(): void {
    this.#heard = true;
    this.#heardNow = true;
    this.#wrote = false;
  }

  /** Something was written that the peer should answer. */
  wrote(): void {
    if (this.#wrote) return;
    this.#wrote = true;
    // Nobody can ask a server without a ping; called for every message, this costs nothing there.
    if (this.#state.name === 'open' && this.#state.heartbeatOptions !== null && !this.#timers.has('silence')) {
      this.dispatch({ type: 'link/wrote', connectionId: this.#state.known.connectionId });
    }
  }

  dispatch(event: Event): void {
    this.#queue.push(event);
    if (this.#isRunning) return;
    this.#isRunning = true;
    try {
      for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) this.#step(next);
    } finally {
      this.#isRunning = false;
    }
  }

  #step(event: Event): void {
    const input = { now: this.#environment.now(), random: this.#environment.random() };
    const previous = this.#state;
    const [state, effects] = transition(previous, event, input, this.#options);
    this.#state = state;
    this.#environment.record?.(previous, event, state);
    // A timer belongs to the state in which it was set.
    if (state.name !== previous.name) {
      for (const cancel of this.#timers.values()) cancel();
      this.#timers.clear();
      this.#wrote = false;
    }
    if (state !== previous) this.#onState(state, previous);
    for (const effect of effects) {
      if (effect.type === 'timer/set') this.#setTimer(effect.timer, effect.ms);
      else this.#run(effect);
    }
  }

  #setTimer(timer: TimerName, ms: number): void {
    this.#timers.get(timer)?.();
    const { connectionId } = this.#state.known;
    if (timer === 'heartbeat') this.#heard = false;
    if (timer === 'silence') this.#heardNow = false;
    const cancel = this.#environment.setTimer(ms, () => {
      this.#timers.delete(timer);
      // The machine takes from it what the timer's event has.
      this.dispatch({
        type: `timer/${timer}`,
        connectionId,
        heard: timer === 'silence' ? this.#heardNow : this.#heard,
        wrote: this.#wrote,
        isBusy: this.#isBusy(),
      });
    });
    this.#timers.set(timer, cancel);
  }
}
