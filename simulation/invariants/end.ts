import type { World } from '../world/world.ts';
import { mailLeft } from './mail.ts';
import { checkOrder } from './order.ts';
import { isDecided, settled, tabOf } from './receipts.ts';
import { missing } from './server-messages.ts';

// Once the faults have ended all comes to rest, and nothing that was stored or sent is forgotten.

/** What is still open after the faults have ended; empty when all is well. */
export function unsettled(world: World): readonly string[] {
  const left: string[] = [];
  // A page that is frozen while its question for a lock is on the way is given it without knowing. Such a question takes no
  // signal that could end it, and whoever freezes for ever holds the lock for ever.
  const frozen = world.tabs
    .flatMap(({ past, current }) => [...past, ...(current === null ? [] : [current])])
    .filter(({ page }) => page.isAlive && !page.isRunning)
    .flatMap(({ page }) => page.device.locks.namesOf(page));
  for (const { disk, name } of world.devices) {
    for (const log of disk.logs.values()) {
      // An open page keeps the header of its own log for what comes next.
      if (log.segments.size === 0 && log.maker.isAlive) continue;
      // What nobody can read stays where it is.
      if ([...log.segments.values()].every(({ isSpoilt }) => isSpoilt) && log.segments.size > 0) continue;
      if (frozen.some((lock) => lock.endsWith(`:${log.header.id}`))) continue;
      left.push(`log ${log.header.id} on ${name} (${log.segments.size} segments)`);
    }
  }
  for (const sent of world.ledger.sent.values()) {
    const { receipt, label, page } = sent;
    const isHere = page.isRunning && world.runningOf(page)?.isClosed === false;
    if (isHere && (receipt.status === 'queued' || receipt.status === 'inFlight')) {
      left.push(`message ${label} of ${page.name} is ${receipt.status}`);
    }
  }
  for (const tab of world.tabs) if (tab.isComing) left.push(`tab ${tab.name} is being loaded`);
  for (const running of world.live) {
    const { phase } = running.socket.getState();
    if (phase !== 'open') left.push(`${running.page.name} is ${phase}`);
    const gap = missing(world, running);
    if (gap !== null) left.push(gap);
  }
  left.push(...mailLeft(world));
  return left;
}

/** At the very end. */
export function checkEnd(world: World): void {
  for (const sent of world.ledger.sent.values()) {
    const { receipt, label } = sent;
    // Nobody may have asked for the outcome: it is checked all the same.
    if (sent.outcome === null && receipt.status === 'delivered') sent.outcome = 'delivered';
    if (sent.outcome === null && receipt.error !== null) sent.outcome = receipt.error.code;
    if (sent.outcome !== null) settled(world, sent);
    const isSilent = receipt.error !== null && receipt.error.code !== 'OUTCOME_UNKNOWN' && !sent.isDropTold;
    if (isSilent) world.fault('nothing is dropped silently', `message ${label} failed, and no drop event said so`);
    const isExcused =
      sent.isLost ||
      sent.isDiscarded ||
      sent.isAborted ||
      sent.outcome === 'EXPIRED' ||
      sent.outcome === 'ABORTED' ||
      sent.outcome === 'QUEUE_FULL' ||
      // Dropped by a page that died before it could say so, or whose storage failed while it forgot the message.
      ((sent.outcome === null || sent.outcome === 'OUTCOME_UNKNOWN') &&
        tabOf(world, sent).settings.bounds.overflow !== 'reject') ||
      isDecided(world, label);
    if (sent.storedAt !== null && !isExcused && sent.ttlMs === null) {
      world.fault('stored arrives', `message ${label} was stored at ${sent.storedAt}, and no handler ever took it`);
    }
  }
  checkOrder(world);
}
