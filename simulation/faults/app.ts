import { type Deeds, inPhase, pick } from './deed.ts';
import { freeze } from './pages.ts';

const READS = ['nothing', 'stored', 'delivered', 'both'] as const;

/** What the app, its user and the server's app do. Some of it comes with a fault in its middle. */
export const APP_DEEDS = {
  send: ({ tab, choice }) => tab.send({ ttlMs: null, abortAfterMs: null, reads: pick(READS, choice) }),
  burst: ({ tab, choice }) => {
    let did = false;
    for (let left = 2 + Math.floor(choice * 8); left > 0; left -= 1) {
      did = tab.send({ ttlMs: null, abortAfterMs: null, reads: pick(READS, (choice * left * 7) % 1) }) || did;
    }
    return did;
  },
  'send with ttl': ({ tab, ms, choice }) =>
    tab.send({ ttlMs: Math.ceil(ms), abortAfterMs: null, reads: pick(READS, choice) }),
  'send and abort': ({ tab, ms, choice }) =>
    tab.send({ ttlMs: null, abortAfterMs: choice < 0.3 ? 0 : Math.min(ms, 3_000) * choice, reads: 'both' }),
  'send when writable': ({ tab, choice }) => tab.sendWhenWritable(choice),
  withdraw: ({ tab, choice }) => tab.withdraw(choice),
  'send poison': ({ tab }) => tab.send({ ttlMs: null, abortAfterMs: null, reads: 'both', isPoison: true }),
  say: ({ world, choice }) => world.server.say(1 + Math.floor(choice * 3)),
  'send to user': ({ world, choice }) => world.server.sendTo(choice),
  'say much': ({ world, choice }) => world.server.say(10 + Math.floor(choice * 60)),
  'open tab': ({ tab }) => tab.open(),
  pause: ({ tab }) => tab.call('pause'),
  connect: ({ tab }) => tab.call('connect'),
  reconnect: ({ tab }) => tab.call('reconnect'),
  migrate: ({ tab }) => tab.call('migrate'),
  'migrate in a fault': (scene) => {
    const { world, tab, choice } = scene;
    const old = tab.current?.page.openLinks.at(-1);
    if (old === undefined || tab.current?.page.isRunning !== true) return false;
    for (let left = 3; left > 0; left -= 1) tab.send({ ttlMs: null, abortAfterMs: null, reads: 'nothing' });
    world.server.say(3);
    tab.call('migrate');
    world.later(world.network.delay() * choice * 4, () => {
      const links = tab.current?.page.openLinks ?? [];
      const link = choice < 0.5 ? links.at(0) : links.at(-1);
      if (choice < 0.25 || choice > 0.75) link?.cut();
      else link?.blackHole('both');
    });
    return true;
  },
  'connect at once after pause': ({ tab }) => tab.call('pause') && tab.call('connect'),
  'close tab': ({ tab }) => tab.close({ flushMs: 0, discard: false }),
  'close and discard': ({ tab }) => tab.close({ flushMs: 0, discard: true }),
  'close with flush': (scene) => {
    const { world, tab, ms, choice } = scene;
    for (let left = 3; left > 0; left -= 1) tab.send({ ttlMs: null, abortAfterMs: null, reads: 'both' });
    const page = tab.current?.page;
    if (!tab.close({ flushMs: Math.ceil(ms), discard: false })) return false;
    // What may come in the middle of it.
    world.later(world.network.delay() * choice, () => {
      if (choice < 0.25) tab.closeAgain();
      else if (choice < 0.5) for (const link of page?.links ?? []) link.cut();
      else if (choice < 0.75) freeze(world, tab, ms);
    });
    return true;
  },
  'stir a resting tab': (scene) => {
    const { choice } = scene;
    const tab = inPhase(scene, ['suspended']) ?? inPhase(scene, ['paused', 'idle']);
    if (tab === undefined) return false;
    if (choice < 0.35) return tab.call('pause');
    if (choice < 0.7) return tab.call('reconnect');
    return choice < 0.8 ? tab.call('connect') : tab.close({ flushMs: 0, discard: false });
  },
} satisfies Deeds;
