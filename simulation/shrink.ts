import { makePlan, type Plan } from './plan.ts';
import { runSeed, type RunResult } from './run.ts';

/** A smaller plan that breaks the same invariant: actions are left out in ever smaller pieces, as long as it still breaks. */
export async function shrink(seed: number): Promise<{ readonly plan: Plan; readonly result: RunResult }> {
  let plan = makePlan(seed);
  let result = await runSeed(seed, { plan });
  const broken = result.fault?.invariant;
  if (broken === undefined) return { plan, result };
  for (let size = Math.ceil(plan.actions.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let from = 0; from < plan.actions.length;) {
      const smaller = { ...plan, actions: plan.actions.filter((_, index) => index < from || index >= from + size) };
      const again = await runSeed(seed, { plan: smaller });
      if (again.fault?.invariant === broken) {
        plan = smaller;
        result = again;
      } else {
        from += size;
      }
    }
  }
  return { plan, result };
}
