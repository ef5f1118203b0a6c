import type { PositionHook } from '../../packages/server/src/stores/ports.ts';
import type { Clock } from './clock.ts';
import type { Tx } from './handler.ts';
import type { Chance } from './prng.ts';

interface DatabaseClient {
  readonly isAlive: boolean;
  post(run: () => void): void;
}

/** The app's own database: a transaction that reached it commits even if the process that sent it dies meanwhile. */
export class Database {
  readonly #clock: Clock;
  readonly #chance: Chance;
  readonly #positions = new Map<string, number>();

  constructor(clock: Clock, chance: Chance) {
    this.#clock = clock;
    this.#chance = chance;
  }

  /** Runs `effect` and moves the positions, both or none. Resolves in the process if it still lives. */
  commit(client: DatabaseClient, tx: Tx, effect: () => void): Promise<void> {
    return new Promise((resolve) => {
      const reachesAt = this.#chance.between(0, 4);
      this.#clock.after(reachesAt, () => {
        // It never left the process.
        if (!client.isAlive) return;
        this.#clock.after(this.#chance.between(0, 4), () => {
          for (const { producer, seq } of tx.positions) this.#positions.set(producer, seq);
          effect();
          this.#clock.after(this.#chance.between(0, 4), () => client.post(resolve));
        });
      });
    });
  }

  /** The hook as an app would write it. */
  hookFor(client: DatabaseClient): PositionHook<Tx> {
    return {
      load: (producer) =>
        new Promise((resolve) => {
          this.#clock.after(this.#chance.between(0, 8), () => {
            const position = this.#positions.get(producer) ?? null;
            client.post(() => resolve(position));
          });
        }),
      commit: (tx, producer, seq) => void tx.positions.push({ producer, seq }),
    };
  }
}
