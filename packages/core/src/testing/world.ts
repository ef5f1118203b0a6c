import { LockManager } from './locks.ts';
import { TestNetwork } from './network.ts';
import { TestPage, type PageOptions, type PageWorld } from './page.ts';
import { Random } from './random.ts';
import { TestServer, type ServerScript } from './server.ts';
import { TestStorage } from './storage.ts';
import { globalClock, OwnClock, type TestClock } from './test-clock.ts';

/** The chance, the delays and the clock of a world. */
export interface TestWorldOptions {
  /** All chance of the world comes from it: the same seed, the same run. Default 1. */
  readonly seed?: number;
  /** How long a packet takes one way, milliseconds; opening takes two ways. Default 10. */
  readonly latencyMs?: number;
  /** How much longer it may take, by chance, milliseconds. Default 0. */
  readonly jitterMs?: number;
  /** What the wall clock says at the beginning, milliseconds since the epoch. Default 1,800,000,000,000. */
  readonly startMs?: number;
  /**
   * `own` (the default): time passes by `world.clock` alone, however long that really takes. `global`: by the global
   * `setTimeout` and `Date`, as a test runner fakes them: for code that uses those itself.
   */
  readonly timers?: 'own' | 'global';
}

/** A browser, a network and servers in one process and in virtual time. Nothing is shared between two worlds. */
export interface TestWorld {
  readonly seed: number;
  /** Chance of the world's seed, for the test itself. */
  readonly random: Random;
  readonly clock: TestClock;
  readonly network: TestNetwork;
  /** What all pages store in. */
  readonly storage: TestStorage;
  /** The first tab. */
  readonly page: TestPage;
  /** The first tab's WebSocket. */
  readonly WebSocket: typeof WebSocket;
  /** Another tab. */
  openPage(options?: PageOptions): TestPage;
  /**
   * A server at this URL, for every query.
   * @throws Error when there is one
   */
  server(url: string, script?: ServerScript): TestServer;
}

/** Makes a world for one test. */
export function createTestWorld(options: TestWorldOptions & PageOptions = {}): TestWorld {
  const { seed = 1, latencyMs = 10, jitterMs = 0, startMs = 1_800_000_000_000, timers = 'own' } = options;
  const clock = timers === 'own' ? new OwnClock() : globalClock;
  const network = new TestNetwork(clock, new Random(seed, 'network'), latencyMs, jitterMs);
  const wallClock = (): number => (timers === 'own' ? startMs : 0) + Math.floor(clock.now);
  let pages = 0;
  const shared: PageWorld = {
    clock,
    network,
    storage: new TestStorage(clock),
    locks: new LockManager(clock, () => 0),
    random: new Random(seed, 'pages'),
    wallClock,
    nextName: () => {
      pages += 1;
      return `page ${pages}`;
    },
  };
  const page = new TestPage(shared, options);
  return {
    seed,
    random: new Random(seed, 'test'),
    clock,
    network,
    storage: shared.storage,
    page,
    WebSocket: page.WebSocket,
    openPage: (its) => new TestPage(shared, its),
    server(url, script = {}) {
      const server = new TestServer(url, script, wallClock);
      network.listen(url, server);
      return server;
    },
  };
}
