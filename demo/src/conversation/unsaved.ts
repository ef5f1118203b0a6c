import { missingIn } from '../lanes/missing.ts';
import type { LaneRecord, Range } from '../messages.ts';

const KEY = 'holdfast-demo.unsaved';
/** The newest: beyond them a message counts as lost. */
const MAX_RANGES = 100;

interface Kept {
  readonly run: string;
  readonly count: number;
  readonly ranges: readonly Range[];
}

/**
 * Messages that were in the memory of a page alone when it went: their `stored` had not resolved, so a reload may lose
 * them. Those that the server never got are counted here, apart from what is lost although it was stored.
 */
export class Unsaved {
  readonly #storage: Storage;
  readonly #run: string;
  /** Of which the server has not told yet whether they came. */
  #ranges: readonly Range[] = [];
  #count = 0;

  constructor(storage: Storage, run: string) {
    this.#storage = storage;
    this.#run = run;
    const text = storage.getItem(KEY);
    const kept = text === null ? null : (JSON.parse(text) as Kept);
    // A duplicated tab starts with a copy of another run's.
    if (kept?.run !== run) return;
    this.#ranges = kept.ranges;
    this.#count = kept.count;
  }

  /** How many never came. */
  get count(): number {
    return this.#count;
  }

  /** The page goes, and these numbers, rising, are not stored. It may come back from the browser's cache. */
  pageGoes(numbers: readonly number[]): void {
    this.#keep([...this.#ranges, ...toRanges(numbers)].slice(-MAX_RANGES));
  }

  learn(record: LaneRecord): void {
    const isDecided = ([, to]: Range): boolean => to < record.highest;
    const decided = this.#ranges.filter(isDecided);
    if (decided.length === 0) return;
    for (const range of decided) this.#count += missingIn(record, range);
    this.#ranges = this.#ranges.filter((range) => !isDecided(range));
    this.#keep(this.#ranges);
  }

  #keep(ranges: readonly Range[]): void {
    const kept: Kept = { run: this.#run, count: this.#count, ranges };
    this.#storage.setItem(KEY, JSON.stringify(kept));
  }
}

function toRanges(numbers: readonly number[]): Range[] {
  const ranges: [from: number, to: number][] = [];
  for (const number of numbers) {
    const last = ranges.at(-1);
    if (last !== undefined && last[1] + 1 === number) last[1] = number;
    else ranges.push([number, number]);
  }
  return ranges;
}
