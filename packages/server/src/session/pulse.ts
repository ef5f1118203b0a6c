import { heartbeat, type HeartbeatState } from '@holdfast/core/protocol';
import type { EngineEnvironment } from './environment.ts';
import type { HeartbeatLimits } from './limits.ts';

/** Runs the heartbeat machine of both ends for one socket. */
export class Pulse {
  readonly #options: HeartbeatLimits;
  readonly #environment: EngineEnvironment;
  readonly #ping: (n: number) => void;
  readonly #dead: () => void;
  #state: HeartbeatState;
  #heard = false;
  #pings = 0;
  #cancelTimer: () => void = () => {};

  constructor(options: {
    heartbeat: HeartbeatLimits;
    environment: EngineEnvironment;
    ping: (n: number) => void;
    dead: () => void;
  }) {
    this.#options = options.heartbeat;
    this.#environment = options.environment;
    this.#ping = options.ping;
    this.#dead = options.dead;
    const [state, timerMs] = heartbeat.start(this.#options);
    this.#state = state;
    this.#wait(timerMs);
  }

  /** Anything came from the peer. */
  heard(): void {
    this.#heard = true;
  }

  stop(): void {
    this.#cancelTimer();
  }

  #wait(ms: number): void {
    this.#heard = false;
    this.#cancelTimer = this.#environment.setTimer(ms, () => this.#fired());
  }

  #fired(): void {
    const event = { type: 'timer', heard: this.#heard } as const;
    const [state, timerMs, word] = heartbeat.transition(this.#state, event, this.#options);
    this.#state = state;
    if (word === 'ping') {
      this.#pings += 1;
      this.#ping(this.#pings);
    }
    if (word === 'dead') this.#dead();
    else this.#wait(timerMs);
  }
}
