import type { Range, Tally } from '../src/messages.ts';

/** A run as it is stored: the numbers that came, as ranges without overlap, rising. */
export interface Run {
  readonly received: number;
  readonly doubled: number;
  readonly outOfOrder: number;
  readonly ranges: readonly Range[];
}

/** A run with more holes than this takes no more numbers: what is kept of one run has a bound. */
export const MAX_RANGES = 1_000;

export const EMPTY_RUN: Run = { received: 0, doubled: 0, outOfOrder: 0, ranges: [] };

/** The run after one more number; null when it would have too many holes. */
export function count(run: Run, number: number): Run | null {
  const { ranges } = run;
  const received = run.received + 1;
  const last = ranges.at(-1);
  if (last !== undefined && number === last[1] + 1) {
    return { ...run, received, ranges: [...ranges.slice(0, -1), [last[0], number]] };
  }
  const isLate = last !== undefined && number <= last[1];
  const position = isLate ? ranges.findIndex(([, to]) => number <= to) : ranges.length;
  const found = ranges[position];
  if (found !== undefined && number >= found[0]) return { ...run, received, doubled: run.doubled + 1 };

  const before = ranges[position - 1];
  const joinsBefore = before !== undefined && before[1] + 1 === number;
  const joinsAfter = found !== undefined && number + 1 === found[0];
  const from = joinsBefore ? before[0] : number;
  const to = joinsAfter ? found[1] : number;
  const next: Range[] = [
    ...ranges.slice(0, joinsBefore ? position - 1 : position),
    [from, to],
    ...ranges.slice(joinsAfter ? position + 1 : position),
  ];
  if (next.length > MAX_RANGES) return null;
  return { received, doubled: run.doubled, outOfOrder: run.outOfOrder + (isLate ? 1 : 0), ranges: next };
}

export function summarize(run: Run): Tally {
  const highest = run.ranges.at(-1)?.[1] ?? 0;
  const distinct = run.ranges.reduce((sum, [from, to]) => sum + to - from + 1, 0);
  return {
    received: run.received,
    missing: highest - distinct,
    doubled: run.doubled,
    outOfOrder: run.outOfOrder,
    highest,
  };
}
