import type { Phase } from '../packages/core/src/socket/types.ts';
import { count } from './coverage.ts';
import type { Action, ActionKind, Plan } from './plan.ts';
import { labelOf } from './world/ledger.ts';
import { textOf } from './world/payloads.ts';
import type { Device } from './world/device.ts';
import type { ConnectWeather, Link } from './world/network.ts';
import type { Page } from './world/page.ts';
import type { Tab } from './world/tab.ts';
import type { World } from './world/world.ts';

const YEAR_MS = 365 * 86_400_000;

/** Does one action of the plan to the world. What lasts ends by itself, or with `endFaults`. */
export function act(world: World, plan: Plan, action: Action): void {
  const { kind, ms, choice } = action;
  const tab = world.tabs[action.who % world.tabs.length] as Tab;
  const device = world.devices[action.who % world.devices.length] as Device;
  const deed = DEEDS_BY_KIND[kind];
  if (world.isSettling) return;
  const did = deed({ world, plan, tab, device, ms, choice, kind });
  if (!did) return;
  count(`did ${kind}`);
}

interface Scene {
  readonly world: World;
  readonly plan: Plan;
  readonly tab: Tab;
  readonly device: Device;
  readonly ms: number;
  readonly choice: number;
  readonly kind: ActionKind;
}

/** Tells whether there was anything to do it to. */
type Deed = (scene: Scene) => boolean;

const READS = ['nothing', 'stored', 'delivered', 'both'] as const;

const DEEDS_BY_KIND: { readonly [Kind in ActionKind]: Deed } = {
  // The app.
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
  'stir a resting tab': (scene) => {
    const { choice } = scene;
    const tab = inPhase(scene, ['suspended']) ?? inPhase(scene, ['paused', 'idle']);
    if (tab === undefined) return false;
    if (choice < 0.35) return tab.call('pause');
    if (choice < 0.7) return tab.call('reconnect');
    return choice < 0.8 ? tab.call('connect') : tab.close({ flushMs: 0, discard: false });
  },

  // The network.
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
  'slow network': ({ world, plan, ms, choice }) => {
    world.network.latencyMs = 300 + choice * 1_500;
    world.later(ms, () => {
      world.network.latencyMs = plan.network.latencyMs;
    });
    return true;
  },

  // The server.
  'server kill': ({ world, ms, choice }) => {
    if (world.server.current === null) return false;
    world.server.kill();
    world.later(Math.max(100, choice < 0.5 ? 200 : ms), () => world.server.start());
    return true;
  },
  // What it took nobody has written down; its sender learns that there is doubt, and withdraws or lets it expire.
  'server kill after an effect': ({ world, tab, ms, choice }) => {
    if (world.server.current === null || world.server.settings.mode === 'hook') return false;
    if (!tab.send({ ttlMs: null, abortAfterMs: 300 + choice * 3_000, reads: 'both' })) return false;
    tab.send({ ttlMs: Math.ceil(300 + choice * 3_000), abortAfterMs: null, reads: 'both' });
    world.server.killAfterEffect(Math.max(100, choice < 0.7 ? 200 : ms));
    return true;
  },
  'server close': ({ world, ms, choice }) => {
    if (!world.server.closeGracefully(choice < 0.5 ? 0 : 2_000, choice < 0.3 ? 5_000 : 0)) return false;
    world.later(Math.max(100, ms), () => world.server.startWhenGone());
    return true;
  },
  'server drain': ({ world, ms }) => world.server.drain(Math.ceil(ms)),
  'server freeze': ({ world, ms }) => {
    if (world.server.current === null) return false;
    world.server.freeze();
    world.later(ms, () => world.server.thaw());
    return true;
  },
  'server clock jumps': ({ world, choice }) => {
    world.server.wallOffset += (choice < 0.5 ? -1 : 1) * YEAR_MS * choice;
    return true;
  },
  'session closed by server': ({ world, choice }) => world.server.closeSession(choice, choice < 0.5 ? 1000 : 4000),

  // The apps' own functions.
  'token fails': ({ world, plan, ms }) => {
    if (!plan.server.hasAuth) return false;
    world.tokens.fail = true;
    world.later(ms, () => {
      world.tokens.fail = false;
      world.tokens.trouble();
    });
    return true;
  },
  // Its app has mixed up two users. Only a page that the server knows can be told that from a first sign-in.
  'token of another user': ({ world, plan, tab, ms, choice }) => {
    const running = tab.current;
    if (!plan.server.hasAuth || running === null || !running.page.isRunning) return false;
    if (world.sessions.get(running.page)?.some(({ isHeard }) => isHeard) !== true) return false;
    running.hadOtherToken = true;
    tab.user = 'other';
    // Else the live connection is the first to be told, when its token ends.
    if (choice < 0.5) tab.call('reconnect');
    world.later(choice < 0.5 ? ms : 20_000, () => {
      tab.user = 'user';
    });
    return true;
  },
  'token rejected': ({ world, plan, ms }) => {
    if (!plan.server.hasAuth) return false;
    world.tokens.areRejected = true;
    world.later(ms, () => {
      world.tokens.areRejected = false;
      world.tokens.trouble();
    });
    return true;
  },
  'onConnect fails': ({ world, plan, ms }) => {
    if (plan.tabs.every(({ settings }) => settings.preparesMs === null)) return false;
    world.onConnectFails = true;
    world.later(ms, () => {
      world.onConnectFails = false;
    });
    return true;
  },

  // Storage.
  'storage abort': ({ device, choice }) => {
    device.disk.abortsLeft += 1 + Math.floor(choice * 2);
    return true;
  },
  'storage full': ({ world, device, ms }) => {
    device.disk.isFull = true;
    world.later(ms, () => {
      device.disk.isFull = false;
    });
    return true;
  },
  'storage hang': ({ world, device, ms }) => {
    device.disk.hangsUntil = Math.max(device.disk.hangsUntil, Math.min(world.clock.now + ms, world.settleAt - 1));
    return true;
  },
  'storage lost': ({ tab, device }) => {
    if (tab.current === null) return false;
    device.disk.loseConnections(tab.current.page);
    return true;
  },

  'storage cleared': ({ world, device }) => {
    if (device.disk.info === null) return false;
    loseStored(world, device, [...device.disk.logs.keys()]);
    device.disk.clear();
    return true;
  },
  // Damaged, or of a key that is lost: what was stored is there, and nobody can read it.
  'records unreadable': ({ world, device, choice }) => {
    const ids = [...device.disk.logs.keys()];
    if (ids.length === 0) return false;
    const id = pick(ids, choice);
    loseStored(world, device, [id]);
    device.disk.spoil(id);
    return true;
  },

  // The tab.
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
    device.wallOffset += (choice < 0.5 ? -1 : 1) * YEAR_MS * choice;
    return true;
  },
  offline: (scene) => offline(scene, true, true),
  'offline lie': (scene) => offline(scene, false, true),
  'offline unseen': (scene) => offline(scene, true, false),
};

/** The next tab whose socket is in one of these phases. */
function inPhase({ world, tab: first }: Scene, phases: readonly Phase[]): Tab | undefined {
  const at = world.tabs.indexOf(first);
  const inTurn = [...world.tabs.slice(at), ...world.tabs.slice(0, at)];
  return inTurn.find(({ current }) => current !== null && phases.includes(current.socket.getState().phase));
}

/** The pages that are open on a device. */
function pagesOf(world: World, device: Device): readonly Page[] {
  return world.tabs.flatMap(({ current, device: its }) => (current !== null && its === device ? [current.page] : []));
}

/** From here on nobody is promised that what these logs have is delivered. */
function loseStored(world: World, { disk }: Device, ids: readonly string[]): void {
  for (const id of ids) {
    for (const payload of disk.payloadsOf(id)) {
      const sent = world.ledger.sent.get(labelOf(JSON.parse(textOf(payload))));
      if (sent !== undefined) sent.isLost = true;
    }
  }
}

function pick<T>(items: readonly T[], choice: number): T {
  return items[Math.floor(choice * items.length)] as T;
}

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

function blackHole(scene: Scene, direction: 'up' | 'down' | 'both'): boolean {
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

function weather({ world, ms }: Scene, what: ConnectWeather): boolean {
  world.trace.add('net', what);
  world.network.weather = what;
  world.later(ms, () => {
    if (world.network.weather === what) world.network.weather = 'good';
  });
  return true;
}

function kill({ world, tab, ms, choice }: Scene, way: 'reset' | 'silent'): boolean {
  if (tab.current === null) return false;
  tab.kill(way);
  if (choice < 0.8) world.later(ms, () => tab.open());
  return true;
}

function freeze(world: World, tab: Tab, ms: number): boolean {
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

function hide({ world, tab }: Scene, ms: number): boolean {
  const page = tab.current?.page;
  if (page?.isRunning !== true) return false;
  page.hide();
  world.later(ms, () => {
    world.wakeUps += 1;
    page.show();
  });
  return true;
}

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

function backOnline(world: World, device: Device, survives: boolean): void {
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

/** All faults end; every app does what an app would do about what is left. */
export function endFaults(world: World, plan: Plan): void {
  world.isSettling = true;
  world.trace.add('world', 'all faults end');
  const { network, server } = world;
  network.weather = 'good';
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
