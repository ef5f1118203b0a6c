import type { Sent } from '../world/ledger.ts';
import { laneOf } from '../world/payloads.ts';
import type { World } from '../world/world.ts';

const LANES = ['normal', 'urgent'] as const;

/** A tab's messages of one lane reach the handler in the order of its calls, over its reloads. */
export function checkOrder(world: World): void {
  const firstRuns = new Map<number, number>();
  for (const runs of world.ledger.runs.values()) {
    const [first] = runs;
    if (first !== undefined) firstRuns.set(first.label, first.order);
  }
  for (const [tab, lane] of world.tabs.flatMap((each) => LANES.map((its) => [each, its] as const))) {
    let last: { readonly sent: Sent; readonly order: number } | null = null;
    for (const sent of world.ledger.sent.values()) {
      // What was withdrawn while storage failed may still run, at whatever time: its app knows.
      if (
        sent.tab !== tab.name ||
        laneOf(world.seed, sent.label) !== lane ||
        sent.isAborted ||
        world.ledger.isInDoubt(sent.label)
      )
        continue;
      const order = firstRuns.get(sent.label);
      if (order === undefined) continue;
      if (last !== null && order < last.order && isBound(world, tab.name, last.sent, sent)) {
        world.fault(
          'order is the order of calls',
          `tab ${tab.name}: message ${sent.label} was sent after ${last.sent.label} and ran before it`,
        );
      }
      if (last === null || last.sent.chain !== sent.chain || order > last.order) last = { sent, order };
    }
  }
}

/** Whether the order of these two messages of one tab is promised. */
function isBound(world: World, tab: string, first: Sent, second: Sent): boolean {
  if (first.chain !== second.chain) return false;
  // A message that a page took along unstored is in no order with what the next page sends; and a page whose storage
  // fails can't send what the page before it left, nor delete what it has sent.
  const hasFailed = world.tabs.some(({ name, past }) => name === tab && past.some((page) => page.hasStorageFailed));
  const hasHeir = first.wasStored && !hasFailed && world.runningOf(second.page) !== undefined;
  if (first.page !== second.page && !hasHeir) return false;
  // What was discarded while the server had it already is in no record any more: the next page knows nothing of it.
  if (first.page !== second.page && first.isDiscarded) return false;
  // What expired while a page could not have storage forget it comes late, from a later page.
  if (first.ttlMs !== null && (hasFailed || first.page.device.disk.hasFailed)) return false;
  if (first.page !== second.page && hasUnreadable(world, tab)) return false;
  // One that freezes gives back what it had of the page before it, and may run before it finds that again.
  if (first.page !== second.page && second.page.wasFrozen) return false;
  return ![first, second].some((each) => wasAdopted(world, each, tab));
}

/** The order of two logs is told by the records of the later one. */
function hasUnreadable(world: World, name: string): boolean {
  return world.tabs.some((tab) => tab.name === name && tab.past.some((running) => running.hasUnreadable));
}

/** Another tab has taken its log, as it may once the page is gone: order across tabs is not promised. */
function wasAdopted(world: World, sent: Sent, tab: string): boolean {
  const id = sent.receipt.id.slice(0, sent.receipt.id.lastIndexOf(':'));
  const isStrange = (name: string): boolean => !name.startsWith(tab);
  return world.devices.some(
    ({ disk }) => disk.everLogs.get(id)?.claimants.some(({ name }) => isStrange(name)) === true,
  );
}
