import type { Tab } from '../world/tab.ts';
import type { World } from '../world/world.ts';
import type { Deeds, Scene } from './deed.ts';

/** Pages that stand still, or that nobody sees. */
export const PAGE_FAULTS = {
  freeze: ({ world, tab, ms }) => freeze(world, tab, ms),
  'freeze for ever': ({ world, tab }) => {
    const page = tab.current?.page;
    if (page?.isRunning !== true || world.live.length < 2) return false;
    world.trace.add(page.name, 'frozen for ever');
    page.freeze();
    tab.breakOrder();
    return true;
  },
  hide: (scene) => hide(scene, scene.ms),
  'hide long': (scene) => hide(scene, 400_000),
} satisfies Deeds;

export function freeze(world: World, tab: Tab, ms: number): boolean {
  const page = tab.current?.page;
  if (page?.isRunning !== true) return false;
  world.trace.add(page.name, 'frozen');
  page.freeze();
  // Another page may take its log meanwhile.
  tab.breakOrder();
  world.later(ms, () => {
    world.wakeUps += 1;
    world.trace.add(page.name, 'resumed');
    page.resume();
  });
  return true;
}

export function hide({ world, tab }: Scene, ms: number): boolean {
  const page = tab.current?.page;
  if (page?.isRunning !== true) return false;
  page.hide();
  world.later(ms, () => {
    world.wakeUps += 1;
    page.show();
  });
  return true;
}
