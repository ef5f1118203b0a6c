import { expect, test } from 'vitest';
import { count, EMPTY_RUN, MAX_RANGES, type Run, summarize } from '../server/tally.ts';

function countAll(numbers: readonly number[]): Run | null {
  return numbers.reduce<Run | null>((run, number) => run && count(run, number), EMPTY_RUN);
}

test.each([
  ['nothing', [], { received: 0, missing: 0, doubled: 0, outOfOrder: 0, highest: 0 }],
  ['all in order', [1, 2, 3], { received: 3, missing: 0, doubled: 0, outOfOrder: 0, highest: 3 }],
  ['a late start', [3], { received: 1, missing: 2, doubled: 0, outOfOrder: 0, highest: 3 }],
  ['a hole', [1, 2, 5], { received: 3, missing: 2, doubled: 0, outOfOrder: 0, highest: 5 }],
  ['a hole filled later', [1, 3, 2], { received: 3, missing: 0, doubled: 0, outOfOrder: 1, highest: 3 }],
  ['a hole filled in its middle', [1, 5, 3], { received: 3, missing: 2, doubled: 0, outOfOrder: 1, highest: 5 }],
  ['the newest twice', [1, 2, 2], { received: 3, missing: 0, doubled: 1, outOfOrder: 0, highest: 2 }],
  ['an old one twice', [1, 2, 3, 1], { received: 4, missing: 0, doubled: 1, outOfOrder: 0, highest: 3 }],
  ['before all others', [4, 1], { received: 2, missing: 2, doubled: 0, outOfOrder: 1, highest: 4 }],
])('%s', (_name, numbers, tally) => {
  expect(summarize(countAll(numbers)!)).toEqual(tally);
});

test('any order of any numbers is judged as by a set', () => {
  let seed = 7;
  const random = (below: number): number => {
    seed = (seed * 48_271) % 2_147_483_647;
    return seed % below;
  };
  for (let round = 0; round < 200; round += 1) {
    const numbers = Array.from({ length: 40 }, () => 1 + random(30));
    const seen = new Set<number>();
    let doubled = 0;
    let outOfOrder = 0;
    for (const number of numbers) {
      if (seen.has(number)) doubled += 1;
      else if (number < Math.max(0, ...seen)) outOfOrder += 1;
      seen.add(number);
    }
    const highest = Math.max(...seen);
    expect(summarize(countAll(numbers)!)).toEqual({
      received: numbers.length,
      missing: highest - seen.size,
      doubled,
      outOfOrder,
      highest,
    });
  }
});

test('a run with too many holes takes no more', () => {
  const numbers = Array.from({ length: MAX_RANGES }, (_, index) => 2 * index + 1);
  const run = countAll(numbers);
  expect(run).not.toBeNull();
  expect(count(run!, 2 * MAX_RANGES + 1)).toBeNull();
  expect(count(run!, 2 * MAX_RANGES)).not.toBeNull();
});
