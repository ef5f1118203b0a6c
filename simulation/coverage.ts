import { EVENT_TYPES, EVENTS, options, STATE_NAMES, STATES } from '../packages/core/src/machines/connection.fixture.ts';
import type { Event } from '../packages/core/src/machines/connection-state.ts';
import { transition } from '../packages/core/src/machines/connection.ts';

/** What the seeds have reached: rows of the connection machine's table, kinds of fault, and situations worth reaching. */
export type Coverage = Map<string, number>;

/** Counts go to whichever run is under way: one at a time in a process. */
let current: Coverage = new Map();

export function count(what: string): void {
  current.set(what, (current.get(what) ?? 0) + 1);
}

/** From here on counts go to `coverage`. */
export function countInto(coverage: Coverage): void {
  current = coverage;
}

/** Rows that do something in some form of their state. Those that ignore their event are counted, and not demanded. */
function rowsThatAct(): readonly string[] {
  return STATE_NAMES.flatMap((name) =>
    EVENT_TYPES.filter((type) =>
      STATES[name].some((state) =>
        (EVENTS[type] as readonly Event[]).some((event) => {
          const [next, effects] = transition(state, event, { now: 10, random: 0.5 }, options);
          return next !== state || effects.length > 0;
        }),
      ),
    ).map((type) => `row ${name} ${type}`),
  );
}

export function demandedRows(): readonly string[] {
  return rowsThatAct().filter((row) => !(row in UNREACHABLE));
}

/** Rows that the simulator can't reach, and why. */
export const UNREACHABLE: { readonly [row: string]: string } = {
  'row open link/failed': 'only a server that breaks the protocol gets there, or one that answers as another identity',
  'row closing link/failed': 'only a server that breaks the protocol gets there',
  'row open page/resumed': 'a page that hears of its resumption heard of its freeze before, and paused',
  'row waiting page/resumed': 'a page that hears of its resumption heard of its freeze before, and paused',
};

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
