import type { ConnectWeather, Link } from '../world/network.ts';
import { ADDRESSES } from '../world/tab.ts';
import { type Deeds, pick, type Scene } from './deed.ts';

/** What goes wrong with connections, and with those that are to be made. */
export const NETWORK_FAULTS = {
  cut: (scene) => onLink(scene, (link) => link.cut()),
  'cut client only': (scene) => onLink(scene, (link) => link.cutClientOnly()),
  'black hole up': (scene) => blackHole(scene, 'up'),
  'black hole down': (scene) => blackHole(scene, 'down'),
  'black hole both': (scene) => blackHole(scene, 'both'),
  'black hole then cut': (scene) =>
    onLink(scene, (link) => {
      link.blackHole('both');
      scene.world.later(scene.ms, () => link.cut());
    }),
  'late mail of an old connection': (scene) => {
    const { world, tab, choice } = scene;
    const old = tab.current?.page.openLinks.at(-1);
    if (old === undefined || tab.current?.page.isRunning !== true) return false;
    world.trace.add('net', `what #${old.id} carries up will be late`);
    old.blackHole('up');
    for (let left = 4; left > 0; left -= 1) tab.send({ ttlMs: null, abortAfterMs: null, reads: 'nothing' });
    world.later(60, () => {
      if (choice < 0.6) {
        tab.call('reconnect');
      } else {
        tab.kill('reset');
        tab.open();
      }
    });
    healLater(scene, old);
    return true;
  },
  'late hello of an old connection': (scene) => {
    const { world, tab } = scene;
    if (!tab.call('reconnect')) return false;
    // The WebSocket is opened some microtasks later.
    world.later(1, () => {
      const old = tab.current?.page.openLinks.at(-1);
      if (old === undefined) return;
      world.trace.add('net', `the hello of #${old.id} will be late`);
      old.blackHole('up');
      world.later(3 * world.network.delay() + 10, () => tab.call('reconnect'));
      healLater(scene, old);
    });
    return true;
  },
  refuse: (scene) => weather(scene, 'refuse'),
  hang: (scene) => weather(scene, 'hang'),
  'slow connect': (scene) => weather(scene, 'slow'),
  'connects that close at once': (scene) => weather(scene, 'burst'),
  'address cut': (scene) =>
    onAddress(scene, (links) => {
      for (const link of links) link.cut();
    }),
  'address refuses': (scene) =>
    onAddress(scene, (links, address) => {
      loseAddress(scene, address, 'refuse');
      for (const link of links) link.cut();
    }),
  'address in a black hole': (scene) =>
    onAddress(scene, (links, address) => {
      loseAddress(scene, address, 'hang');
      for (const link of links) link.blackHole('both');
      if (scene.choice < 0.6)
        scene.world.later(scene.ms, () => {
          for (const link of links) link.heal();
        });
    }),
  'slow network': ({ world, plan, ms, choice }) => {
    world.network.latencyMs = 300 + choice * 1_500;
    world.later(ms, () => {
      world.network.latencyMs = plan.network.latencyMs;
    });
    return true;
  },
} satisfies Deeds;

function onLink({ world, tab, choice }: Scene, run: (link: Link) => void): boolean {
  const { live } = world.network;
  const own = live.filter((link) => link.owner === tab.current?.page);
  const links = own.length > 0 ? own : live;
  if (links.length === 0) return false;
  const link = pick(links, choice);
  world.trace.add('net', `fault on #${link.id}`);
  run(link);
  return true;
}

/** More often the preferred one: there all are. */
function onAddress({ world, choice }: Scene, run: (links: readonly Link[], address: string) => void): boolean {
  const address = (choice * 10) % 1 < 0.7 ? ADDRESSES[0] : ADDRESSES[1];
  world.trace.add('net', `fault at ${address}`);
  run(
    world.network.live.filter((link) => link.address === address),
    address,
  );
  return true;
}

function loseAddress({ world, ms }: Scene, address: string, how: 'refuse' | 'hang'): void {
  const { lostAddresses } = world.network;
  world.trace.add('net', `${address} will ${how}`);
  lostAddresses.set(address, how);
  world.later(ms, () => {
    if (lostAddresses.get(address) === how) lostAddresses.delete(address);
  });
}

export function blackHole(scene: Scene, direction: 'up' | 'down' | 'both'): boolean {
  return onLink(scene, (link) => {
    scene.world.trace.add('net', `black hole ${direction} on #${link.id}`);
    link.blackHole(direction);
    if (scene.choice < 0.6) scene.world.later(scene.ms, () => link.heal());
  });
}

/** Some round trips later, when the next connection is under way or has just begun to flow. */
function healLater({ world, choice }: Scene, link: Link): void {
  world.later(60 + (2 + choice * 10) * world.network.delay() + choice * 50, () => {
    world.trace.add('net', `#${link.id} flows again`);
    link.heal();
  });
}

export function weather({ world, ms }: Scene, what: ConnectWeather): boolean {
  world.trace.add('net', what);
  world.network.weather = what;
  world.later(ms, () => {
    if (world.network.weather === what) world.network.weather = 'good';
  });
  return true;
}
