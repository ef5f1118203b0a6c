import { ownerOf, type Context } from './context.ts';
import { parseProducerKey, producerKey, type ProducerNames } from './producer-key.ts';
import { Producer } from './producer.ts';

/** How often producers that nobody has used for `limits.producerTtlMs` are looked for. */
const SWEEP_INTERVAL_MS = 3_600_000;

/** The producers in memory, and who of the others is forgotten. */
export class ProducerRegistry {
  readonly #context: Context;
  readonly #producers = new Map<string, Producer>();
  #cancelSweep: () => void;
  #onVacant: () => void = () => {};

  constructor(context: Context) {
    this.#context = context;
    this.#cancelSweep = this.#sweepLater();
  }

  get(names: ProducerNames): Producer | undefined {
    return this.#producers.get(producerKey(...names));
  }

  /** The producer of these names. The caller takes or forgets it in the same turn: it leaves memory when it is idle. */
  obtain(names: ProducerNames): Producer {
    const key = producerKey(...names);
    const [identity, client, id] = names;
    let producer = this.#producers.get(key);
    if (producer === undefined) {
      producer = new Producer({
        key,
        identity,
        id,
        context: this.#context,
        onVacant: (vacant) => {
          this.#producers.delete(vacant.key);
          this.#onVacant();
        },
        group: ownerOf(this.#context, identity, client),
        onUnknown: ({ group }) => void this.#trim(group),
      });
      this.#producers.set(key, producer);
    }
    return producer;
  }

  /** Ends housekeeping, and drops what has not started. */
  stop(): void {
    this.#cancelSweep();
    for (const producer of [...this.#producers.values()]) producer.discard();
  }

  /** Resolves when no handler runs and nothing is being written. */
  async whenAtRest(): Promise<void> {
    for (const producer of [...this.#producers.values()]) await producer.whenAtRest();
  }

  /** Resolves when every producer has been released, apart from those whose handler still runs. */
  whenReleased(): Promise<void> {
    return new Promise((resolve) => {
      this.#onVacant = () => {
        if ([...this.#producers.values()].every((producer) => producer.isRunning)) resolve();
      };
      this.#onVacant();
    });
  }

  /** A producer joined an identity: is it one too many? */
  async #trim(group: string): Promise<void> {
    const { store, limits } = this.#context;
    await this.#forgetAll(() => store.surplus(group, limits.producersPerIdentity), 'producersPerIdentity');
    await this.#forgetAll(() => store.surplus(null, limits.producersTotal), 'producersTotal');
  }

  async #sweep(): Promise<void> {
    const { store, limits } = this.#context;
    await this.#forgetAll(() => store.expired(limits.producerTtlMs));
    if (!this.#context.isClosing) this.#cancelSweep = this.#sweepLater();
  }

  #sweepLater(): () => void {
    return this.#context.environment.setTimer(SWEEP_INTERVAL_MS, () => void this.#sweep());
  }

  async #forgetAll(
    list: () => Promise<readonly string[]>,
    limit?: 'producersPerIdentity' | 'producersTotal',
  ): Promise<void> {
    try {
      for (const key of await list()) {
        if (this.#context.isClosing) return;
        if (limit !== undefined) this.#context.limited.reached(limit);
        // One in memory has an owner, or work under way: it isn't idle, whatever its age.
        if (!this.#producers.has(key)) await this.obtain(parseProducerKey(key)).forget();
      }
    } catch (fault) {
      this.#context.reporter.fault('store.failed', fault, { during: 'housekeeping' });
    }
  }
}
