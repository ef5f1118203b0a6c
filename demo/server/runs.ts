import type { LmdbDatabase, LmdbTable } from '@holdfast/server/lmdb';
import { type LaneName, type LaneRecord, type LaneRecords, RECENT_RANGES, type Tally } from '../src/messages.ts';
import { count, EMPTY_RUN, type Run, summarize } from './tally.ts';

/** Beyond this the run that began first is forgotten. A run counts once for each lane. */
const MAX_RUNS = 3_000;

interface StoredRun extends Run {
  /** Rises from run to run: the key of the list by age. */
  readonly born: number;
}

/** What the server has counted, lane by lane, in the database that also keeps the positions. */
export class Runs {
  readonly #runs: LmdbTable<StoredRun, string>;
  /** Birth to key, so that the oldest run comes first. */
  readonly #byAge: LmdbTable<string, number>;

  constructor(database: LmdbDatabase) {
    this.#runs = database.openDB<StoredRun, string>({ name: 'demo-runs' });
    this.#byAge = database.openDB<string, number>({ name: 'demo-runs-by-age' });
  }

  /** Counts one number. Only inside a transaction. False: the run has too many holes, and nothing was counted. */
  count(lane: LaneName, name: string, number: number): boolean {
    const key = keyOf(lane, name);
    const before = this.#runs.get(key);
    const after = count(before ?? EMPTY_RUN, number);
    if (after === null) return false;
    const born = before?.born ?? this.#bear(key);
    void this.#runs.put(key, { ...after, born });
    return true;
  }

  tally(lane: LaneName, name: string): Tally {
    return summarize(this.#runs.get(keyOf(lane, name)) ?? EMPTY_RUN);
  }

  records(name: string): LaneRecords {
    const record = (lane: LaneName): LaneRecord => {
      const run = this.#runs.get(keyOf(lane, name)) ?? EMPTY_RUN;
      return { ...summarize(run), recent: run.ranges.slice(-RECENT_RANGES) };
    };
    return { holdfast: record('holdfast'), reconnecting: record('reconnecting'), plain: record('plain') };
  }

  #bear(key: string): number {
    const [newest] = this.#byAge.getKeys({ reverse: true, limit: 1 });
    const born = (newest ?? 0) + 1;
    void this.#byAge.put(born, key);
    if (this.#byAge.getCount() > MAX_RUNS) {
      for (const { key: oldest, value } of this.#byAge.getRange({ limit: 1 })) {
        void this.#byAge.remove(oldest);
        void this.#runs.remove(value);
      }
    }
    return born;
  }
}

/** No name of a run has a dot. */
const keyOf = (lane: LaneName, name: string): string => (lane === 'holdfast' ? name : `${lane}.${name}`);
