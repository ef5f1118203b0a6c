import { heartbeat, type HeartbeatEffect } from '@holdfast/core/protocol';
import type { EngineEnvironment } from './environment.ts';
import type { HeartbeatLimits } from './limits.ts';

/** Runs the heartbeat machine of both ends for one socket. */
export class Pulse {
  readonly #options: HeartbeatLimits;
  readonly #environment: EngineEnvironment;
  readonly #ping: (n: number) => void;
  readonly #dead: () => void;
  #state: ReturnType<typeof heartbeat.start>[0];
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
    const [state, effects] = heartbeat.start(this.#options);
    this.#state = state;
    this.#apply(effects);
  }

  /** Anything came from the peer. */
  heard(): void {
    this.#heard = true;
  }

  stop(): void {
    this.#cancelTimer();
  }

  #apply(effects: readonly HeartbeatEffect[]): void {
    for (const effect of effects) {
      switch (effect.type) {
        case 'ping':
          this.#pings += 1;
          this.#ping(this.#pings);
          break;
        case 'timer':
          this.#heard = false;
          this.#cancelTimer = this.#environment.setTimer(effect.ms, () => this.#fired());
          break;
        case 'dead':
          this.#dead();
          break;
        default: // What is told to a user is nothing to a server.
      }
    }
  }

  #fired(): void {
    const [state, effects] = heartbeat.transition(this.#state, { type: 'timer', heard: this.#heard }, this.#options);
    this.#state = state;
    this.#apply(effects);
  }
}
