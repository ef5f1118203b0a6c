import type { LmdbDatabase, LmdbTable } from '@holdfast/server/lmdb';
import type { Tally } from '../src/messages.ts';
import { count, EMPTY_RUN, type Run, summarize } from './tally.ts';

/** Beyond this the run that began first is forgotten. */
const MAX_RUNS = 1_000;

interface StoredRun extends Run {
  /** Rises from run to run: the key of the list by age. */
  readonly born: number;
}

/** What the handler has counted, in the database that also keeps the positions. */
export class Runs {
  readonly #runs: LmdbTable<StoredRun, string>;
  /** Birth to name, so that the oldest run comes first. */
  readonly #byAge: LmdbTable<string, number>;

  constructor(database: LmdbDatabase) {
    this.#runs = database.openDB<StoredRun, string>({ name: 'demo-runs' });
    this.#byAge = database.openDB<string, number>({ name: 'demo-runs-by-age' });
  }

  /** Counts one number. Only inside a transaction. Null: the run has too many holes, and nothing was counted. */
  count(name: string, number: number): Tally | null {
    const before = this.#runs.get(name);
    const after = count(before ?? EMPTY_RUN, number);
    if (after === null) return null;
    const born = before?.born ?? this.#bear(name);
    void this.#runs.put(name, { ...after, born });
    return summarize(after);
  }

  tally(name: string): Tally {
    return summarize(this.#runs.get(name) ?? EMPTY_RUN);
  }

  #bear(name: string): number {
    const [newest] = this.#byAge.getKeys({ reverse: true, limit: 1 });
    const born = (newest ?? 0) + 1;
    void this.#byAge.put(born, name);
    if (this.#byAge.getCount() > MAX_RUNS) {
      for (const { key, value } of this.#byAge.getRange({ limit: 1 })) {
        void this.#byAge.remove(key);
        void this.#runs.remove(value);
      }
    }
    return born;
  }
}
