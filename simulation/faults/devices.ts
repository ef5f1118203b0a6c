import type { Device } from '../world/device.ts';
import type { Page } from '../world/page.ts';
import type { World } from '../world/world.ts';
import { clockJump, type Deeds, type Scene } from './deed.ts';

/** What happens to all pages of a device at once. */
export const DEVICE_FAULTS = {
  sleep: (scene) => sleep(scene, false),
  'sleep with stopped clock': (scene) => sleep(scene, true),
  'sleep in a question': (scene) => {
    const { world, device, choice, ms } = scene;
    const pages = pagesOf(world, device);
    if (!pages.some((page) => page.isRunning)) return false;
    // A hint makes each page ask its peer; the device sleeps before the answer is there.
    for (const page of pages) {
      page.tell('offline');
      page.tell('online');
    }
    world.wakeUps += pages.length;
    world.later(world.network.delay() * choice, () => sleep({ ...scene, ms: 2_100 + ms, choice: 1 }, false));
    return true;
  },
  'wall clock jumps': ({ device, choice }) => {
    device.wallOffset += clockJump(choice);
    return true;
  },
  offline: (scene) => offline(scene, true, true),
  'offline lie': (scene) => offline(scene, false, true),
  'offline unseen': (scene) => offline(scene, true, false),
} satisfies Deeds;

/** The whole device sleeps: its pages hear nothing of it, and their connections may be gone when it wakes. */
function sleep({ world, device, ms, choice }: Scene, hasStoppedClock: boolean): boolean {
  const pages = pagesOf(world, device);
  if (pages.length === 0) return false;
  world.trace.add(device.name, 'sleeps');
  for (const page of pages) page.sleep();
  world.later(ms, () => {
    world.trace.add(device.name, 'wakes');
    for (const page of pages) {
      if (choice < 0.4) for (const link of page.links) if (link.isLive) link.cutClientOnly();
      page.wake(hasStoppedClock);
    }
  });
  return true;
}

/** `isReal`: nothing leaves the device. `isTold`: its browser says so. */
function offline({ world, device, ms, choice }: Scene, isReal: boolean, isTold: boolean): boolean {
  world.trace.add(device.name, `offline ${isReal ? '' : 'by mistake'} ${isTold ? '' : 'and nobody says so'}`);
  const pages = pagesOf(world, device);
  if (isReal) {
    device.isConnected = false;
    for (const page of pages) for (const link of page.links) if (link.isLive) link.blackHole('both');
  }
  if (isTold) {
    device.saysOnline = false;
    for (const page of pages) page.tell('offline');
  }
  world.later(ms, () => backOnline(world, device, choice < 0.6));
  return true;
}

export function backOnline(world: World, device: Device, survives: boolean): void {
  const pages = pagesOf(world, device);
  if (!device.isConnected) {
    device.isConnected = true;
    for (const page of pages) {
      for (const link of page.links) {
        if (!link.isLive || !link.isBlocked) continue;
        if (survives) link.heal();
        else link.cutClientOnly();
      }
    }
  }
  if (!device.saysOnline) {
    device.saysOnline = true;
    world.wakeUps += pages.length;
    for (const page of pages) page.tell('online');
  }
}

/** The pages that are open on a device. */
function pagesOf(world: World, device: Device): readonly Page[] {
  return world.tabs.flatMap(({ current, device: its }) => (current !== null && its === device ? [current.page] : []));
}
