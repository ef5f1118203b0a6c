import { describe, expect, test } from 'vitest';
import { keptSeeds } from './kept-seeds.ts';
import { describeFailure, runSeed } from './run.ts';

describe('a seed that failed once holds', () => {
  test.each(keptSeeds())('$seed: $found', async ({ seed, plan }) => {
    for (const options of [{}, { plan }]) {
      const result = await runSeed(seed, options);
      if (result.fault !== null) expect.fail(describeFailure(result));
    }
  });
});
