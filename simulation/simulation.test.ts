import { expect, test } from 'vitest';
import { makePlan } from './plan.ts';
import { runSeed } from './run.ts';

test('a seed goes the same way every time', async () => {
  for (const seed of [1, 2, 3, 5, 8, 13, 21, 34, 55, 89]) {
    const first = await runSeed(seed, { traceLines: 10_000 });
    const second = await runSeed(seed, { traceLines: 10_000 });
    expect(second.trace).toEqual(first.trace);
    expect(second.fingerprint).toBe(first.fingerprint);
  }
});

test('two seeds go different ways', async () => {
  const [first, second] = [await runSeed(1), await runSeed(2)];
  expect(second.fingerprint).not.toBe(first.fingerprint);
});

test('worlds that run at the same time do not touch each other', async () => {
  const seeds = [4, 6, 7, 9];
  const alone: string[] = [];
  for (const seed of seeds) alone.push((await runSeed(seed)).fingerprint);
  const together = await Promise.all(seeds.map((seed) => runSeed(seed)));
  expect(together.map(({ fingerprint }) => fingerprint)).toEqual(alone);
});

test('a plan is the same for the same seed, and ends its faults', () => {
  expect(makePlan(7)).toEqual(makePlan(7));
  for (let seed = 1; seed <= 50; seed += 1) {
    const { actions, settleAt } = makePlan(seed);
    expect(actions.length).toBeGreaterThan(0);
    expect(settleAt).toBeGreaterThan(0);
  }
});
