import { describe, expect, test } from 'vitest';
import { explore } from '../../packages/core/src/testing/explore.ts';
import { planOf, runPlan } from './libraries.fixture.ts';

/** Seeds in CI; `npm run soak` of this part is `RESUMABLE_SEEDS=5000 npx vitest run --project simulation resumable`. */
const SEEDS = Number(process.env['RESUMABLE_SEEDS'] ?? 300);

describe('two libraries that know nothing of the network', () => {
  test(`see what the other gave, in order and once, over ${SEEDS} seeds of faults`, async () => {
    expect(await explore({ seeds: SEEDS, plan: planOf, run: runPlan, maxShrinkRuns: 200 })).toBe(SEEDS);
  });
});
