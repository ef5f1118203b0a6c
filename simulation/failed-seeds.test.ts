import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { makePlan, type Plan } from './plan.ts';
import { describeFailure, runSeed } from './run.ts';

/** Every seed that ever failed, with what it found. */
const FAILED = JSON.parse(readFileSync(new URL('failed-seeds.json', import.meta.url), 'utf8')) as readonly {
  readonly seed: number;
  readonly found: string;
  /** The shrunk plan: what a seed makes of itself changes with the weights of the faults, this does not. */
  readonly plan: Plan;
}[];

/** A plan that is older than some settings has those of its seed. */
function complete(kept: Plan): Plan {
  const { server, tabs } = makePlan(kept.seed);
  return {
    ...kept,
    server: { ...server, ...kept.server },
    tabs: kept.tabs.map((tab) => ({ ...tab, settings: { ...tabs[0]?.settings, ...tab.settings } })),
  };
}

describe('a seed that failed once holds', () => {
  test.each(FAILED)('$seed: $found', async ({ seed, plan }) => {
    for (const options of [{}, { plan: complete(plan) }]) {
      const result = await runSeed(seed, options);
      if (result.fault !== null) expect.fail(describeFailure(result));
    }
  });
});
