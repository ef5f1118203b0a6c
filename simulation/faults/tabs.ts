import type { Deeds, Scene } from './deed.ts';
import { weather } from './network.ts';

/** Pages that end: killed, or loaded anew. */
export const TAB_FAULTS = {
  'tab kill': (scene) => kill(scene, 'reset'),
  'tab kill silent': (scene) => kill(scene, 'silent'),
  'tab kill in a write': (scene) => {
    const { tab, world, choice, ms } = scene;
    if (!tab.send({ ttlMs: null, abortAfterMs: null, reads: 'stored' })) return false;
    world.later(choice * 8, () => {
      tab.kill(choice < 0.5 ? 'reset' : 'silent');
      world.later(ms, () => tab.open());
    });
    return true;
  },
  // What was stored with the message that is taken back is rewritten without it.
  'tab kill after a withdrawal': (scene) => {
    const { world, tab, choice } = scene;
    if (tab.current?.page.isRunning !== true) return false;
    weather({ ...scene, ms: 1_500 }, 'refuse');
    for (const link of tab.current.page.openLinks) link.cut();
    world.later(100, () => {
      for (const abortAfterMs of [null, 100, null]) tab.send({ ttlMs: null, abortAfterMs, reads: 'stored' });
    });
    world.later(210 + choice * 200, () => tab.kill('reset'));
    world.later(1_000, () => tab.open());
    return true;
  },
  reload: ({ tab, choice, ms }) => tab.reload(choice < 0.5, Math.min(ms, 1_000)),
  'reload twice': ({ world, tab, choice, ms }) => {
    if (!tab.reload(choice < 0.5, 50)) return false;
    world.later(60 + choice * Math.min(ms, 500), () => tab.reload(choice < 0.3, 50));
    return true;
  },
  // Each page leaves a message: those of all of them come in the order of the pages.
  'reload in an outage': (scene) => {
    const { world, tab, choice } = scene;
    if (tab.current?.page.isRunning !== true) return false;
    const times = 3 + Math.floor(choice * 3);
    weather({ ...scene, ms: (times + 1) * 400 }, 'refuse');
    for (const link of tab.current.page.openLinks) link.cut();
    for (let turn = 0; turn < times; turn += 1) {
      world.later(turn * 400 + 100, () => tab.send({ ttlMs: null, abortAfterMs: null, reads: 'stored' }));
      world.later(turn * 400 + 300, () => tab.reload(true, 20));
    }
    return true;
  },
  'backlog with withdrawals': (scene) => {
    // Several segments of several messages, taken over by a page that reads them ahead; while the first are on their way,
    // some behind them are withdrawn, and their segment is rewritten.
    const { world, tab, choice } = scene;
    if (tab.current?.page.isRunning !== true) return false;
    weather({ ...scene, ms: 800 }, 'refuse');
    for (const link of tab.current.page.openLinks) link.cut();
    for (let turn = 0; turn < 6; turn += 1) {
      for (let left = 4; left > 0; left -= 1)
        world.later(turn * 100, () => tab.send({ ttlMs: null, abortAfterMs: null, reads: 'stored' }));
    }
    world.later(700, () => tab.reload(true, 20));
    for (let turn = 0; turn < 40; turn += 1) {
      world.later(900 + turn * 60, () => tab.withdraw(0.3 + ((choice * (turn + 7)) % 0.7)));
    }
    return true;
  },
} satisfies Deeds;

function kill({ world, tab, ms, choice }: Scene, way: 'reset' | 'silent'): boolean {
  if (tab.current === null) return false;
  tab.kill(way);
  if (choice < 0.8) world.later(ms, () => tab.open());
  return true;
}
