import type { World } from './world/world.ts';

/** What happened in this world that is worth happening often. */
export function situations(world: World): readonly string[] {
  const found: string[] = [];
  for (const sent of world.ledger.sent.values()) if (sent.outcome !== null) found.push(`outcome ${sent.outcome}`);
  for (const runs of world.ledger.runs.values()) {
    for (const run of runs) {
      if (run.isMarked) found.push('run redelivered');
      if (run.outcome === 'killed') found.push('run killed');
    }
    if (runs.filter((run) => run.hasEffect).length > 1) found.push('marked double');
  }
  for (const { heardIn } of world.ledger.mail.all) if (heardIn.size > 1) found.push('mail in two sessions');
  if (world.verdicts > 0) found.push('peer taken for dead');
  for (const facts of world.tap.facts.values()) {
    if (typeof facts.serverCode === 'number') found.push(`server closed with ${facts.serverCode}`);
  }
  for (const tab of world.tabs) {
    for (const running of tab.past) {
      for (const { gap } of running.heard) if (gap !== null) found.push(`gap ${gap.reason}`);
      if (running.hasStorageFailed) found.push('storage failed');
    }
  }
  return found;
}
