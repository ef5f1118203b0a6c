import { expect, test } from 'vitest';
import { createSocket, plain, pongBarrier, type HoldfastError, type PlainOptions, type Socket } from '../index.ts';
import { createTestWorld, explore, type TestPage, type TestWorld } from '../testing.ts';

const URL = 'wss://plain.test/';
const ping = { data: () => 'ping', isPong: (data: unknown) => data === 'pong' };

/** At least once: what is in doubt is sent again. */
const RESENDS: PlainOptions = { ping, confirm: pongBarrier(), onDoubt: 'resend' };
/** At most once, the default. */
const FAILS: PlainOptions = { ping };

function aSocket(page: TestPage, options: PlainOptions): Socket {
  return createSocket({ url: URL, protocol: plain(options), outbox: page.outbox(), environment: page.environment });
}

/** What a server got, and the app knows, after a plan of faults. */
interface Seen {
  readonly world: TestWorld;
  readonly got: readonly number[];
  readonly stored: ReadonlySet<number>;
  /** Of messages whose page lived until then. */
  readonly outcomes: ReadonlyMap<number, string>;
  /** Sent by pages that were killed. */
  readonly orphans: ReadonlySet<number>;
}

const KINDS = {
  send: 8,
  burst: 3,
  cut: 2,
  outage: 2,
  heal: 3,
  reload: 2,
  kill: 1,
  'kill on arrival': 2,
  'cut after connect': 2,
  blackHole: 1,
};

/** Runs plans with pages that end in all ways, heals the network, and waits until nothing is stored any more. */
function survive(options: PlainOptions, check: (seen: Seen) => void): Promise<unknown> {
  return explore({
    seeds: 150,
    plan: (random) => Array.from({ length: 40 }, () => ({ at: random.whole(0, 60_000), kind: random.weighted(KINDS) })),
    async run(actions, seed) {
      const world = createTestWorld({ seed, jitterMs: 50 });
      const { clock, network, storage } = world;
      storage.latencyMs = seed % 2 === 0 ? 1 : 30;
      const got: number[] = [];
      /** What is to happen when the next message arrives, and when the next connection is made. */
      let onArrival = (): void => {};
      let onConnect = (): void => {};
      world.server(URL, {
        onConnection: () => onConnect(),
        onMessage(peer, data) {
          if (data === 'ping') {
            peer.send('pong');
            return;
          }
          got.push(JSON.parse(data as string) as number);
          onArrival();
        },
      });
      let downSince = Infinity;
      let { page } = world;
      let socket = aSocket(page, options);
      const stored = new Set<number>();
      const outcomes = new Map<number, string>();
      let mine: number[] = [];
      const orphans = new Set<number>();
      let sent = 0;
      const send = (): void => {
        const number = (sent += 1);
        mine.push(number);
        const receipt = socket.send(number);
        receipt.stored.then(
          () => stored.add(number),
          () => {},
        );
        receipt.delivered.then(
          () => outcomes.set(number, 'delivered'),
          (error: unknown) => outcomes.set(number, (error as HoldfastError).code),
        );
      };
      const next = (isKilled: boolean): void => {
        onArrival = () => {};
        if (clock.now - downSince > 1_000) {
          // Long without a connection, nothing is on its way: all that was stored and has no end is in storage.
          const kept = storage.messages();
          expect(
            mine.filter((number) => stored.has(number) && !outcomes.has(number) && !kept.includes(number)),
          ).toEqual([]);
        }
        if (isKilled) page.kill();
        page = isKilled ? world.openPage() : page.reload();
        for (const number of mine) if (!outcomes.has(number)) orphans.add(number);
        mine = [];
        socket = aSocket(page, options);
      };
      for (const { at, kind } of actions) {
        clock.after(at, () => {
          if (kind === 'send') send();
          else if (kind === 'burst') for (let left = 5; left > 0; left -= 1) send();
          else if (kind === 'kill' || kind === 'reload') next(kind === 'kill');
          else if (kind === 'kill on arrival') onArrival = () => next(true);
          else if (kind === 'cut after connect') {
            onConnect = () => {
              onConnect = () => {};
              clock.after(at % 60, () => network.cut());
            };
          } else if (kind === 'outage') {
            network.refuse();
            network.cut();
            downSince = Math.min(downSince, clock.now);
          } else {
            if (kind === 'heal') downSince = Infinity;
            network[kind]();
          }
        });
      }
      await clock.advance(60_000);
      onArrival = () => {};
      network.heal();
      await clock.until(() => world.storage.messages().length === 0, 120_000);
      await clock.until(() => mine.every((number) => outcomes.has(number)), 120_000);
      check({ world, got, stored, outcomes, orphans });
      await clock.until(socket.close());
    },
  });
}

test(
  'at least once: what was stored survives kills and reloads, arrives, and leaves storage',
  { timeout: 60_000 },
  async () => {
    let doubled = 0;
    await survive(RESENDS, ({ got, stored }) => {
      expect([...stored].filter((number) => !got.includes(number))).toEqual([]);
      doubled += got.length - new Set(got).size;
    });
    expect(doubled, 'the plans make doubts').toBeGreaterThan(0);
  },
);

test(
  'at most once: what was stored is forgotten before it is written, so nothing is sent twice',
  { timeout: 60_000 },
  async () => {
    let late = 0;
    let lost = 0;
    await survive(FAILS, ({ got, stored, outcomes, orphans }) => {
      expect(got).toEqual([...new Set(got)]);
      // What failed as never sent has not arrived.
      for (const [number, outcome] of outcomes) if (outcome === 'ABORTED') expect(got).not.toContain(number);
      late += got.filter((number) => orphans.has(number)).length;
      lost += [...stored].filter((number) => !got.includes(number) && outcomes.get(number) === undefined).length;
    });
    expect(late, 'messages of pages that are gone arrive').toBeGreaterThan(50);
    // On the wire, or on their way from storage to it, when their page was killed or their link was dead.
    expect(lost).toBeLessThan(late);
  },
);

/** A server that nobody reaches yet, and what it got. */
function anOutage() {
  const world = createTestWorld();
  const got: unknown[] = [];
  world.server(URL, { onMessage: (_peer, data) => void got.push(JSON.parse(data as string)) });
  world.network.refuse();
  const { clock, network, storage } = world;
  return { world, clock, network, storage, got };
}

test.each([
  ['stays stored where storage has not forgotten it', 50, [1, 2, 3]],
  ['else is stored again', 150, []],
])('at most once: what was to be written when the connection ended %s', async (_, afterMs, stored) => {
  const { world, clock, network, storage, got } = anOutage();
  const socket = aSocket(world.page, {});
  for (const number of [1, 2, 3]) socket.send(number);
  await clock.until(() => storage.messages().length === 3);
  storage.latencyMs = 200;
  network.heal();
  socket.reconnect();
  await clock.until(() => socket.getState().phase === 'open');
  // Storage is about to forget them.
  await clock.advance(afterMs);
  socket.send(4);
  network.refuse();
  network.cut();
  await clock.advance(200 - afterMs);
  expect([storage.messages(), got]).toEqual([stored, []]);
  await clock.advance(1_000);
  expect([storage.messages(), got]).toEqual([[1, 2, 3, 4], []]);
  world.page.kill();
  network.heal();
  const next = aSocket(world.openPage(), {});
  await clock.until(() => got.length === 4);
  await clock.until(() => storage.messages().length === 0);
  expect(got).toEqual([1, 2, 3, 4]);
  await clock.until(next.close());
});

test('at most once: a message that storage can not forget is not sent', async () => {
  const { world, clock, network, storage, got } = anOutage();
  const socket = aSocket(world.page, {});
  const receipt = socket.send(1);
  await clock.until(receipt.stored);
  storage.failNextWrite(1_000);
  network.heal();
  socket.reconnect();
  await expect(clock.until(receipt.delivered)).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN' });
  socket.send(2);
  await clock.until(() => got.length > 0);
  expect([got, storage.messages()]).toEqual([[2], [1]]);
  await clock.until(socket.close());
});
