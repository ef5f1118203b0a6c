import { readFileSync } from 'node:fs';
import { makePlan, type Plan } from './plan.ts';

/** A seed that failed once, and what it found. */
export interface KeptSeed {
  readonly seed: number;
  readonly found: string;
  /** The shrunk plan: what a seed makes of itself changes with the weights of the faults, this does not. */
  readonly plan: Plan;
}

/** Every seed that ever failed. */
export function keptSeeds(): readonly KeptSeed[] {
  const text = readFileSync(new URL('failed-seeds.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as KeptSeed[]).map((kept) => ({ ...kept, plan: complete(kept.plan) }));
}

/** A plan that is older than some settings has those of its seed. */
function complete(plan: Plan): Plan {
  const { server, tabs } = makePlan(plan.seed);
  return {
    ...plan,
    server: { ...server, ...plan.server },
    tabs: plan.tabs.map((tab) => ({ ...tab, settings: { ...tabs[0]?.settings, ...tab.settings } })),
  };
}
