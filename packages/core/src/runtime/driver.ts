import type { Environment } from '../environment/ports.ts';
import type { ConnectionOptions, Effect, Event, State, TimerName } from '../machines/connection-state.ts';
import { initialState, transition } from '../machines/connection.ts';

/** What the effects of the connection machine are run by; timers are the driver's own. */
export type EffectRunner = (effect: Exclude<Effect, { type: `timer/${string}` }>) => void;

/**
 * Runs the connection machine: one event at a time to its end. The new state is in force and told before its effects
 * run, so whoever they reach sees the whole of it.
 */
export class Driver {
  readonly #environment: Environment;
  readonly #options: ConnectionOptions;
  readonly #run: EffectRunner;
  readonly #onState: (state: State, previous: State) => void;
  readonly #queue: Event[] = [];
  readonly #timers = new Map<TimerName, () => void>();
  #state: State;
  #isRunning = false;
  #heard = false;

  constructor(options: {
    environment: Environment;
    connection: ConnectionOptions;
    run: EffectRunner;
    onState: (state: State, previous: State) => void;
  }) {
    this.#environment = options.environment;
    this.#options = options.connection;
    this.#run = options.run;
    this.#onState = options.onState;
    this.#state = initialState(options.environment.now(), !options.environment.isOnline());
  }

  get state(): State {
    return this.#state;
  }

  /** Anything came from the peer: what the heartbeat asks for when its timer fires. */
  heard(): void {
    this.#heard = true;
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
    if (state !== previous) this.#onState(state, previous);
    for (const effect of effects) {
      if (effect.type === 'timer/set') this.#setTimer(effect.timer, effect.ms);
      else if (effect.type === 'timer/clear') this.#clearTimer(effect.timer);
      else this.#run(effect);
    }
  }

  #setTimer(timer: TimerName, ms: number): void {
    this.#clearTimer(timer);
    const { connectionId } = this.#state;
    if (timer === 'heartbeat') this.#heard = false;
    const cancel = this.#environment.setTimer(ms, () => {
      this.#timers.delete(timer);
      if (timer === 'heartbeat') this.dispatch({ type: 'timer/heartbeat', connectionId, heard: this.#heard });
      else this.dispatch({ type: `timer/${timer}`, connectionId });
    });
    this.#timers.set(timer, cancel);
  }

  #clearTimer(timer: TimerName): void {
    this.#timers.get(timer)?.();
    this.#timers.delete(timer);
  }
}
