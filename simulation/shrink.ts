import { shrink as shrinkPlan } from '@holdfast/core/testing';
import { makePlan, type Plan } from './plan.ts';
import { runSeed, type RunResult } from './run.ts';

/** A smaller plan that breaks the same invariant. */
export async function shrink(seed: number): Promise<{ readonly plan: Plan; readonly result: RunResult }> {
  let plan = makePlan(seed);
  let result = await runSeed(seed, { plan });
  const broken = result.fault?.invariant;
  if (broken === undefined) return { plan, result };
  await shrinkPlan(plan.actions, async (actions) => {
    const smaller = { ...plan, actions };
    const again = await runSeed(seed, { plan: smaller });
    if (again.fault?.invariant !== broken) return false;
    plan = smaller;
    result = again;
    return true;
  });
  return { plan, result };
}
