import { ADDRESSES } from './world/tab.ts';
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
      const addresses = running.page.links
        .filter((link) => (world.tap.facts.get(link)?.n ?? 0) > 0)
        .map(({ address }) => ADDRESSES.indexOf(address as (typeof ADDRESSES)[number]));
      addresses.forEach((place, index) => {
        const before = addresses[index - 1] ?? 0;
        if (place > before) found.push('went to another address');
        if (place < before) found.push('returned to the preferred address');
      });
      if (running.hasStorageFailed) found.push('storage failed');
    }
  }
  return found;
}
