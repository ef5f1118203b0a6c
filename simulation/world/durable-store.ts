import type { Refusal } from '@holdfast/core/protocol';
import { type ClaimedProducer, type ProducerStore, StaleFence } from '../../packages/server/src/stores/ports.ts';
import type { Clock } from './clock.ts';
import type { Disk } from './disk.ts';

interface Record {
  identity: string;
  taken: number | null;
  refused: readonly Refusal[];
  isDirty: boolean;
  fence: number;
  usedAt: number;
}

/** The file that outlives the server's processes. */
export type StoreFile = Map<string, Record>;

/** A store whose writes take their time and survive a killed process once they are done. */
export class DurableStore implements ProducerStore {
  readonly #file: StoreFile;
  readonly #clock: Clock;
  readonly #disk: Disk;

  constructor(file: StoreFile, clock: Clock, disk: Disk) {
    this.#file = file;
    this.#clock = clock;
    this.#disk = disk;
  }

  claim(key: string, identity: string): Promise<ClaimedProducer> {
    return this.#disk.write(() => {
      const before = this.#file.get(key);
      const fence = (before?.fence ?? 0) + 1;
      this.#file.set(key, {
        identity,
        taken: before?.taken ?? null,
        refused: before?.refused ?? [],
        isDirty: true,
        fence,
        usedAt: this.#clock.now,
      });
      return {
        taken: before?.taken ?? null,
        refused: before?.refused ?? [],
        isDirty: before?.isDirty ?? false,
        fence,
      };
    });
  }

  advance(key: string, fence: number, seq: number, refused: readonly Refusal[]): Promise<void> {
    const copy = [...refused];
    return this.#disk.write(() => {
      const record = this.#file.get(key);
      if (record === undefined || record.fence !== fence)
        throw new StaleFence(`${key} has a newer owner than ${fence}`);
      record.taken = seq;
      record.refused = copy;
      record.usedAt = this.#clock.now;
    });
  }

  release(key: string, fence: number): Promise<void> {
    return this.#disk.write(() => {
      const record = this.#file.get(key);
      if (record?.fence === fence) record.isDirty = false;
    });
  }

  forget(key: string): Promise<void> {
    return this.#disk.write(() => void this.#file.delete(key));
  }

  surplus(identity: string, keep: number): Promise<readonly string[]> {
    return this.#disk.write(() =>
      [...this.#file]
        .filter(([, record]) => record.identity === identity)
        .sort(([, left], [, right]) => right.usedAt - left.usedAt)
        .slice(keep)
        .map(([key]) => key)
        .reverse(),
    );
  }

  expired(ttlMs: number): Promise<readonly string[]> {
    return this.#disk.write(() =>
      [...this.#file].filter(([, record]) => this.#clock.now - record.usedAt > ttlMs).map(([key]) => key),
    );
  }

  async close(): Promise<void> {
    await this.#disk.write(() => {});
    this.#disk.close();
  }
}
