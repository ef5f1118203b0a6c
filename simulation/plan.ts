import type { OutboxLimits } from '../packages/core/src/storage/limits.ts';
import { Chance } from './world/prng.ts';
import type { ServerSettings } from './world/server-process.ts';
import type { TabSettings } from './world/tab.ts';

/** What happens in a world, when and to whom. Plain data: a failure is shrunk by leaving actions out. */
export interface Plan {
  readonly seed: number;
  readonly server: ServerSettings;
  readonly network: { readonly latencyMs: number; readonly jitterMs: number };
  readonly devices: readonly string[];
  /** Messages in one page of a log that storage is asked for. */
  readonly pageMessages: number;
  readonly tabs: readonly { readonly name: string; readonly device: number; readonly settings: TabSettings }[];
  readonly actions: readonly Action[];
  /** When all faults end. */
  readonly settleAt: number;
}

export interface Action {
  readonly at: number;
  readonly kind: ActionKind;
  /** Index of the tab or device that it concerns, where it concerns one. */
  readonly who: number;
  /** How long a fault lasts, or another number of milliseconds. */
  readonly ms: number;
  /** A number from 0 to 1 for what else the action has to choose. */
  readonly choice: number;
}

/** What the app, its user and the server's app do. */
export const DEEDS = {
  send: 60,
  burst: 14,
  'send with ttl': 6,
  'send and abort': 6,
  'send when writable': 8,
  withdraw: 4,
  'send poison': 2,
  say: 22,
  'say much': 2,
  // On a plan of its own, so that it changes nothing else.
  'send to user': 0,
  'open tab': 6,
  pause: 2,
  connect: 3,
  reconnect: 2,
  migrate: 6,
  'migrate in a fault': 4,
  'close tab': 2,
  'close and discard': 0.6,
  'close with flush': 4,
  'stir a resting tab': 8,
  'hint to a resting tab': 28,
  'connect at once after pause': 1,
} as const;

/** What goes wrong. */
export const FAULTS = {
  cut: 10,
  'cut client only': 4,
  'black hole up': 3,
  'black hole down': 4,
  'black hole both': 5,
  'black hole then cut': 3,
  'late mail of an old connection': 6,
  'late hello of an old connection': 4,
  refuse: 4,
  hang: 2,
  'slow connect': 2,
  'connects that close at once': 2,
  // On a plan of their own, for worlds whose server has two addresses.
  'address cut': 0,
  'address refuses': 0,
  'address in a black hole': 0,
  'slow network': 3,
  'server kill': 6,
  'server kill after an effect': 4,
  'server close': 3,
  'server drain': 4,
  'server freeze': 4,
  'server clock jumps': 1,
  'session closed by server': 2,
  'token fails': 2,
  'token rejected': 2,
  'token of another user': 2,
  'onConnect fails': 2,
  'storage abort': 3,
  'storage full': 2,
  'storage hang': 3,
  'storage lost': 2,
  'storage cleared': 1,
  'records unreadable': 1.5,
  'tab kill': 6,
  'tab kill silent': 3,
  'tab kill in a write': 4,
  'tab kill after a withdrawal': 2,
  reload: 7,
  'reload twice': 2,
  'reload in an outage': 3,
  // On a plan of its own, too.
  'backlog with withdrawals': 0,
  freeze: 5,
  'freeze for ever': 1.5,
  hide: 4,
  'hide long': 1,
  sleep: 4,
  'hint while all is well': 3,
  'hint in a black hole': 4,
  'sleep with stopped clock': 2,
  'sleep in a question': 3,
  'wall clock jumps': 3,
  offline: 5,
  'offline lie': 2,
  'offline unseen': 3,
} as const;

export type ActionKind = keyof typeof DEEDS | keyof typeof FAULTS;

/** Most outboxes have room; those that have none do each of what may be done about it. */
function boundsOf(chance: Chance): OutboxLimits {
  if (!chance.hits(0.2)) return { maxMessages: 1_000 };
  return {
    maxMessages: chance.pick([3, 5, 1_000]),
    maxBytes: chance.pick([14, 60, 300, 25_000]),
    overflow: chance.pick(['reject', 'drop-oldest', 'drop-newest'] as const),
    ...(chance.hits(0.3) && { maxAgeMs: chance.pick([2_000, 30_000]) }),
  };
}

/** A seed is a plan. */
export function makePlan(seed: number): Plan {
  const chance = new Chance(seed, 'plan');
  const bounds = new Chance(seed, 'bounds of the server');
  const mode = chance.weighted({ memory: 35, durable: 35, hook: 30 });
  const server: Omit<ServerSettings, 'tokenLifeMs'> = {
    mode,
    slowHandlers: chance.hits(0.3) ? 10 : 1,
    sessionTtlMs: chance.pick([3_000, 20_000, 120_000]),
    replayMessages: chance.pick([8, 50, 1_000]),
    replayAgeMs: bounds.pick([1_500, 3_600_000, 3_600_000]),
    userMessages: bounds.pick([2, 1_000, 1_000]),
    handlers: bounds.pick([1, 3, 1_000, 1_000]),
    windowMessages: chance.pick([1, 4, 2_048]),
    heartbeatMs: chance.pick([15_000, 15_000, 4_000]),
    hasAuth: chance.hits(0.3),
    storeWriteMs: chance.pick([6, 6, 200]),
    admission: chance.hits(0.2) ? { perSecond: chance.pick([1, 5]), burst: chance.pick([1, 3]) } : null,
  };
  // Drawn by itself: the plans of all other seeds stay what they were.
  const life = new Chance(seed, 'tokens');
  const devices = chance.hits(0.15) ? ['D', 'E'] : ['D'];
  const tabCount = chance.pick([1, 2, 2, 3]);
  const hasOutbox = chance.hits(0.85);
  const tabs = Array.from({ length: tabCount }, (_, index) => ({
    name: String.fromCharCode(65 + index),
    device: index % devices.length,
    settings: {
      outbox: hasOutbox ? ('stored' as const) : ('memory' as const),
      hasLocks: !chance.hits(0.04),
      hasTabStorage: !chance.hits(0.05),
      hasAuth: server.hasAuth,
      connectsAtOnce: !chance.hits(0.16),
      preparesMs: chance.hits(0.25) ? chance.between(0, chance.pick([50, 300, 2_000])) : null,
      bounds: boundsOf(chance),
      maxAttempts: chance.hits(0.3) ? chance.whole(1, 4) : null,
      coolDownMs: chance.pick([5_000, 60_000]),
      hidden: chance.pick(['keep', 'slow', { releaseAfterMs: 2_000 }] as const),
    },
  }));
  const addresses = new Chance(seed, 'addresses');
  const endpoints = addresses.hits(0.2)
    ? {
        hedgeAfterMs: addresses.pick([50, 250, 2_000]),
        coolDownMs: addresses.pick([500, 10_000, 60_000]),
        returnAfterMs: addresses.pick([1_000, 5_000, 60_000]),
      }
    : null;
  const isLong = chance.hits(0.05);
  const settleAt = isLong ? chance.between(300_000, 700_000) : chance.between(8_000, 60_000);
  const quiet = chance.hits(0.1);
  const count = isLong ? chance.whole(20, 60) : chance.whole(12, 50);
  const actions: Action[] = [];
  let at = 0;
  for (let index = 0; index < count; index += 1) {
    // Now and then close together: races are made of that.
    at =
      chance.hits(0.35) && actions.length > 0
        ? at + chance.pick([0, 1, 20, 60]) * chance.next()
        : chance.between(0, settleAt);
    const isFault = !quiet && chance.hits(0.38);
    actions.push({
      at,
      kind: isFault ? chance.weighted(FAULTS) : chance.weighted(DEEDS),
      who: chance.whole(0, 5),
      ms: chance.pick([50, 500, 3_000, 8_000, 30_000]) * chance.between(0.3, 1.5),
      choice: chance.next(),
    });
  }
  const mail = new Chance(seed, 'mail');
  for (let left = mail.pick([0, 3, 10, 25]); left > 0; left -= 1) {
    actions.push({ at: mail.between(0, settleAt), kind: 'send to user', who: 0, ms: 0, choice: mail.next() });
  }
  const backlog = new Chance(seed, 'backlog');
  if (hasOutbox && backlog.hits(0.1)) {
    const startsAt = backlog.between(0, settleAt);
    actions.push({
      at: startsAt,
      kind: 'backlog with withdrawals',
      who: backlog.whole(0, 5),
      ms: 0,
      choice: backlog.next(),
    });
  }
  if (endpoints !== null) {
    for (let left = addresses.whole(3, 12); left > 0; left -= 1) {
      actions.push({
        at: addresses.between(0, settleAt),
        kind: addresses.pick(['address cut', 'address refuses', 'address in a black hole'] as const),
        who: 0,
        ms: addresses.pick([300, 3_000, 15_000]) * addresses.between(0.3, 1.5),
        choice: addresses.next(),
      });
    }
  }
  actions.sort((left, right) => left.at - right.at);
  return {
    seed,
    server: { ...server, tokenLifeMs: server.hasAuth ? life.pick([null, 2_500, 8_000, 30_000]) : null },
    network: { latencyMs: chance.pick([1, 10, 40, 150]), jitterMs: chance.pick([0, 5, 60]) },
    devices,
    pageMessages: [1_000, 1, 4][seed % 3] ?? 1_000,
    tabs: endpoints === null ? tabs : tabs.map((tab) => ({ ...tab, settings: { ...tab.settings, endpoints } })),
    actions,
    settleAt,
  };
}
