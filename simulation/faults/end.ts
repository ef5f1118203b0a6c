import type { Plan } from '../plan.ts';
import type { Tab } from '../world/tab.ts';
import type { World } from '../world/world.ts';
import { backOnline } from './devices.ts';

/** All faults end; every app does what an app would do about what is left. */
export function endFaults(world: World, plan: Plan): void {
  world.isSettling = true;
  world.trace.add('world', 'all faults end');
  const { network, server } = world;
  network.weather = 'good';
  network.lostAddresses.clear();
  network.latencyMs = plan.network.latencyMs;
  server.thaw();
  server.startWhenGone();
  for (const device of world.devices) {
    device.disk.abortsLeft = 0;
    device.disk.isFull = false;
    backOnline(world, device, true);
  }
  for (const link of network.live) if (link.isBlocked && link.id % 2 === 0) link.heal();
  for (const tab of world.tabs) {
    const { current } = tab;
    if (current === null) continue;
    const { page } = current;
    page.wake(false);
    page.show();
  }
}

/** An app that is still there goes on; a page whose storage has failed is loaded anew by its user. */
export function goOn(world: World): void {
  for (const tab of world.tabs) {
    const { current } = tab;
    if (current === null || !current.page.isRunning || current.isClosing) continue;
    if (current.hasStorageFailed && tab.settings.outbox === 'stored' && tab.settings.hasLocks) {
      tab.reload(false, 50);
      tab.breakOrder();
      continue;
    }
    const { phase } = current.socket.getState();
    if (phase === 'paused' || phase === 'suspended' || phase === 'idle') tab.call('connect');
  }
  // No new tab where one is open: the tabs that are there must empty all logs.
  for (const device of world.devices) {
    const tabs = world.tabs.filter((tab) => tab.device === device && canAdopt(tab));
    const [first] = tabs;
    const isServed = tabs.some(
      (tab) => tab.isComing || (tab.current?.page.isRunning === true && !tab.current.isClosing),
    );
    if (first === undefined || isServed) continue;
    first.kill('reset');
    first.open();
  }
}

function canAdopt(tab: Tab): boolean {
  return tab.settings.outbox === 'stored' && tab.settings.hasLocks;
}
