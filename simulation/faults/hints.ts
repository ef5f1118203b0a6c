import { type Deeds, inPhase, pick } from './deed.ts';
import { blackHole } from './network.ts';
import { freeze, hide } from './pages.ts';

/** What a browser tells a page of the network and of its user, whether anything is wrong or not. */
export const HINTS = {
  'hint while all is well': ({ world, tab, choice }) => {
    const page = tab.current?.page;
    if (page?.isRunning !== true) return false;
    world.wakeUps += 1;
    page.tell(pick(['focus', 'network', 'woke', 'visible'], choice));
    return true;
  },
  'hint in a black hole': (scene) => {
    const { world, tab, choice } = scene;
    if (!blackHole({ ...scene, choice: choice / 2 }, pick(['up', 'down', 'both'], choice))) return false;
    world.later(20 + 400 * choice, () => {
      world.wakeUps += 1;
      tab.current?.page.tell(pick(['focus', 'network', 'woke', 'online'], (choice * 7) % 1));
    });
    return true;
  },
  'hint to a resting tab': (scene) => {
    const { world, choice, ms } = scene;
    const tab = inPhase(scene, ['suspended']) ?? inPhase(scene, ['waiting', 'paused']);
    const page = tab?.current?.page;
    if (tab === undefined || page?.isRunning !== true) return false;
    world.wakeUps += 1;
    if (choice < 0.15) return freeze(world, tab, Math.min(ms, 3_000));
    if (choice < 0.35) return hide({ ...scene, tab }, Math.min(ms, 5_000));
    page.tell(
      pick(['online', 'visible', 'network', 'network', 'woke', 'woke', 'focus', 'offline'], (choice - 0.35) / 0.65),
    );
    return true;
  },
} satisfies Deeds;
