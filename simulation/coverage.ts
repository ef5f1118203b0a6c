import { TABLE } from '../packages/core/src/machines/connection.ts';

/** What the seeds have reached: rows of the connection machine's table, kinds of fault, and situations worth reaching. */
export type Coverage = Map<string, number>;

/** Counts go to whichever run is under way: one at a time in a process. */
let current: Coverage = new Map();
let isWatching = false;

export function count(what: string): void {
  current.set(what, (current.get(what) ?? 0) + 1);
}

/** From here on counts go to `coverage`. */
export function countInto(coverage: Coverage): void {
  current = coverage;
  watchTable();
}

/** Replaces each row by a getter that counts: the machine's own code stays as it is. */
function watchTable(): void {
  if (isWatching) return;
  isWatching = true;
  for (const [state, rows] of Object.entries(TABLE)) {
    for (const [event, row] of Object.entries(rows) as [string, unknown][]) {
      const name = rowName(state, event);
      Object.defineProperty(rows, event, {
        get: () => {
          count(name);
          return row;
        },
      });
      if (typeof row !== 'string') DEMANDED_ROWS.push(name);
    }
  }
}

function rowName(state: string, event: string): string {
  return `row ${state} ${event}`;
}

/** Rows that do something. Those that ignore their event are counted, and not demanded. */
const DEMANDED_ROWS: string[] = [];

export function demandedRows(): readonly string[] {
  return DEMANDED_ROWS.filter((row) => !(row in UNREACHABLE));
}

/** Rows that the simulator can't reach, and why. */
export const UNREACHABLE: { readonly [row: string]: string } = {
  'row open link/failed': 'only a server that breaks the protocol gets there, or one that answers as another identity',
  'row closing link/failed': 'only a server that breaks the protocol gets there',
  'row open page/resumed': 'a page that hears of its resumption heard of its freeze before, and paused',
  'row waiting page/resumed': 'a page that hears of its resumption heard of its freeze before, and paused',
};

export function merge(into: Coverage, from: Coverage): void {
  for (const [what, times] of from) into.set(what, (into.get(what) ?? 0) + times);
}

/** What was reached fewer than `least` times. */
export function lacking(coverage: Coverage, demanded: readonly string[], least: number): readonly string[] {
  return demanded
    .filter((what) => (coverage.get(what) ?? 0) < least)
    .map((what) => `${what}: ${coverage.get(what) ?? 0} times, ${least} are demanded`);
}

export function table(coverage: Coverage): string {
  return [...coverage]
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([what, times]) => `${String(times).padStart(8)}  ${what}`)
    .join('\n');
}
