import type { Sent } from '../world/ledger.ts';
import { isUnreadable, textOf } from '../world/payloads.ts';
import type { Tab } from '../world/tab.ts';
import type { World } from '../world/world.ts';

// What the app is told about a message that it sent is true: stored, delivered, or failed with this code.

export function stored(world: World, sent: Sent): void {
  const tab = world.tabs.find(({ name }) => name === sent.tab);
  if (tab?.settings.outbox === 'memory' && !world.ledger.hasTaken(sent.label)) {
    world.fault('memory stores nothing', `message ${sent.label} in a memory outbox says that it is stored`);
  }
  const isOnDisk = [...(tab?.device.disk.logs.values() ?? [])].some((log) =>
    [...log.segments.values()].some(({ messages }) =>
      messages.some(({ payload }) => textOf(payload).includes(`:${sent.label}}`)),
    ),
  );
  // The news may come late, to a page that was frozen: by then another page may have let it expire, or taken it back.
  const mayBeGone = sent.wasStored && (sent.ttlMs !== null || sent.isAborted);
  if (!isOnDisk && !mayBeGone && !sent.isLost && !isDecided(world, sent.label)) {
    world.fault('stored is stored', `message ${sent.label} says that it is stored, and is neither on disk nor decided`);
  }
}

export function settled(world: World, sent: Sent): void {
  const { label, outcome } = sent;
  const runs = world.ledger.runsOf(label);
  switch (outcome) {
    case 'delivered':
      if (!world.ledger.hasTaken(label)) {
        world.fault('delivered is taken', `message ${label} says delivered, and no handler took it`);
      }
      return;
    case 'EXPIRED':
    case 'ABORTED':
    case 'QUEUE_FULL':
      // A run that failed, or died before its effect, took nothing.
      if (runs.some((run) => run.hasEffect || run.outcome === 'running')) {
        world.fault('what is withdrawn never runs', `message ${label} is ${outcome} and has run`);
      }
      if (outcome === 'EXPIRED' && world.clock.now - sent.at < (sent.ttlMs ?? Infinity) - 1) {
        world.fault(
          'nothing expires early',
          `message ${label} expired ${world.clock.now - sent.at} ms after send, its ttlMs is ${sent.ttlMs}`,
        );
      }
      return;
    case 'REFUSED':
      if (!runs.some((run) => run.outcome === 'refused')) {
        world.fault('a refusal is the handler’s', `message ${label} says REFUSED, and no handler refused it`);
      }
      return;
    case 'HANDLER_FAILED':
      if (!runs.some((run) => run.outcome === 'thrown')) {
        world.fault('a failure is the handler’s', `message ${label} says HANDLER_FAILED, and no handler failed`);
      }
      return;
    case 'INVALID_MESSAGE':
      if (!isUnreadable(world.seed, label) || runs.length > 0) {
        world.fault('no lawful message is turned down', `message ${label}: ${outcome}, ${runs.length} runs`);
      }
      return;
    case 'MESSAGE_TOO_LARGE': {
      const { maxBytes = Infinity } = tabOf(world, sent).settings.bounds;
      if (sent.bytes <= maxBytes || runs.length > 0) {
        world.fault('no lawful message is turned down', `message ${label}: ${outcome}, ${runs.length} runs`);
      }
      return;
    }
    case 'MESSAGE_POISONOUS':
      if (!world.ledger.poison.has(label)) world.fault('only poison is blamed', `message ${label}: ${outcome}`);
      return;
    case 'PROTOCOL_ERROR':
      world.fault('no lawful message is turned down', `message ${label}: ${outcome}`);
      return;
    default:
      return;
  }
}

export function tabOf(world: World, { tab }: Sent): Tab {
  return world.tabs.find(({ name }) => name === tab) as Tab;
}

/** Whether the handler has said its last word on it. */
export function isDecided(world: World, label: number): boolean {
  const sent = world.ledger.sent.get(label);
  const runs = world.ledger.runsOf(label);
  // Whoever came to it last has set it aside, or will.
  if (world.ledger.poison.has(label)) return true;
  if (runs.some((run) => run.hasEffect || run.outcome === 'refused')) return true;
  if (runs.length > 0 && runs.at(-1)?.outcome === 'thrown' && sent !== undefined) {
    return sent.receipt.error?.code === 'HANDLER_FAILED' || world.server.hasGivenUp(label);
  }
  return false;
}
