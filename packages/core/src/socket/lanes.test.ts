import { expect, test } from 'vitest';
import { createSocket, holdfast, plain, type Socket } from '../index.ts';
import { createTestWorld, explore, HoldfastServer, type TestPage, type TestWorld } from '../testing.ts';

const URL = 'wss://lanes.test/';
const urgent = { lane: 'urgent' } as const;

function aSocket(page: TestPage, protocol = holdfast()): Socket {
  return createSocket({ url: URL, protocol, outbox: page.outbox(), environment: page.environment });
}

function aWorld(): { world: TestWorld; server: HoldfastServer } {
  const world = createTestWorld();
  const server = new HoldfastServer();
  world.server(URL, server);
  return { world, server };
}

test('what is urgent is written before all that waits, in its own order', async () => {
  const world = createTestWorld();
  const server = new HoldfastServer();
  const wire = world.server(URL, server);
  const socket = aSocket(world.page);
  for (const text of ['a', 'b', 'c']) socket.send(text);
  for (const text of ['!1', '!2']) socket.send(text, urgent);
  await world.clock.until(() => server.taken.length === 5);
  const written = wire.messages.join('\n').matchAll(/\["m",\d+,\d+,"(.*)"\]/g);
  expect([...written].map(([, text]) => text)).toEqual(['!1', '!2', 'a', 'b', 'c']);
  await world.clock.until(socket.close());
});

test('each lane is stored, and a killed page loses neither', async () => {
  const { world, server } = aWorld();
  world.network.refuse();
  const socket = aSocket(world.page);
  const receipts = [socket.send('a'), socket.send('!1', urgent), socket.send('b'), socket.send('!2', urgent)];
  await world.clock.until(Promise.all(receipts.map(({ stored }) => stored)));
  world.page.kill();
  world.network.heal();
  const next = aSocket(world.openPage());
  await world.clock.until(() => server.taken.length === 4);
  const isUrgent = (text: unknown): boolean => (text as string).startsWith('!');
  expect(server.taken.filter(isUrgent)).toEqual(['!1', '!2']);
  expect(server.taken.filter((text) => !isUrgent(text))).toEqual(['a', 'b']);
  await world.clock.advance(30_000);
  expect(world.storage.messages()).toEqual([]);
  await world.clock.until(next.close());
});

test('a lane that begins in storage that was cleared stores nothing under a name that the server does not know', async () => {
  const { world, server } = aWorld();
  const { page, clock } = world;
  const socket = aSocket(page);
  await clock.until(socket.whenOpen());
  world.storage.clear();
  const receipt = socket.send('!1', urgent);
  const stored = receipt.stored.then(
    () => 'stored',
    (error: unknown) => (error as { code: string }).code,
  );
  expect(['STORAGE_FAILED', 'STORAGE_LOST']).toContain(await clock.until(stored));
  await clock.until(receipt.delivered);
  page.kill();
  const next = aSocket(world.openPage());
  await clock.advance(60_000);
  expect(server.taken).toEqual(['!1']);
  await clock.until(next.close());
});

test('a message of either lane can be withdrawn from storage', async () => {
  const { world, server } = aWorld();
  world.network.refuse();
  const socket = aSocket(world.page);
  const receipts = [socket.send('a'), socket.send('!1', urgent), socket.send('!2', urgent)];
  await world.clock.until(Promise.all(receipts.map(({ stored }) => stored)));
  expect(receipts[1]?.cancel()).toBe(true);
  await world.clock.until(receipts[1]!.delivered.catch(() => {}));
  expect(receipts[1]?.error?.code).toBe('ABORTED');
  expect(world.storage.messages()).toHaveLength(2);
  world.network.heal();
  await world.clock.until(() => server.taken.length === 2);
  expect(server.taken).toEqual(['!2', 'a']);
  await world.clock.until(socket.close());
});

test('a plain server gets what is urgent first, too', async () => {
  const world = createTestWorld();
  const server = world.server(URL, {});
  const socket = createSocket({ url: URL, protocol: plain({ codec: 'text' }), environment: world.page.environment });
  for (const text of ['a', 'b']) socket.send(text);
  socket.send('!1', urgent);
  await world.clock.until(() => server.messages.length === 3);
  expect(server.messages).toEqual(['!1', 'a', 'b']);
  await world.clock.until(socket.close());
});

test('each lane has the bounds of the outbox for itself', async () => {
  const { world } = aWorld();
  world.network.refuse();
  const socket = createSocket({
    url: URL,
    protocol: holdfast(),
    outbox: world.page.outbox({ maxMessages: 1 }),
    environment: world.page.environment,
  });
  const receipts = [socket.send('a'), socket.send('b'), socket.send('!1', urgent), socket.send('!2', urgent)];
  expect(receipts.map(({ error }) => error?.code)).toEqual([undefined, 'QUEUE_FULL', undefined, 'QUEUE_FULL']);
  let hasRoom = false;
  void socket.whenWritable(urgent).then(() => (hasRoom = true));
  receipts[2]?.cancel();
  await world.clock.until(() => hasRoom);
  await world.clock.until(socket.close());
});

test('a lane that nobody knows is a wrong option', async () => {
  const { world } = aWorld();
  const socket = aSocket(world.page);
  expect(() => socket.send('a', { lane: 'fast' as never })).toThrow(/lane/);
  await world.clock.until(socket.close());
  // Nothing begins in a socket that has closed.
  expect(socket.send('a', urgent).error?.code).toBe('CLOSED');
});

test('both keep their order over reloads, freezes, kills and cuts, and lose nothing', { timeout: 60_000 }, async () => {
  await explore({
    seeds: 100,
    plan: (random) =>
      Array.from({ length: 40 }, () => ({
        at: random.whole(0, 60_000),
        kind: random.weighted({ send: 8, urgent: 6, cut: 2, refuse: 1, heal: 2, reload: 2, freeze: 1, blackHole: 1 }),
      })),
    async run(actions, seed) {
      const world = createTestWorld({ seed, jitterMs: 50 });
      const { clock, network } = world;
      const server = new HoldfastServer();
      world.server(URL, server);
      let { page } = world;
      let socket = aSocket(page);
      const sent = { normal: [] as number[], urgent: [] as number[] };
      const waiting: Promise<unknown>[] = [];
      let count = 0;
      // Only what is stored survives a reload.
      const whenStored = async (): Promise<void> => {
        const { length } = waiting;
        await Promise.all(waiting);
        if (waiting.length > length) await whenStored();
      };
      for (const { at, kind } of actions) {
        clock.after(at, () => {
          if (kind === 'send' || kind === 'urgent') {
            const lane = kind === 'send' ? 'normal' : 'urgent';
            count += 1;
            sent[lane].push(count);
            waiting.push(socket.send(count, { lane }).stored.catch(() => {}));
          } else if (kind === 'reload') {
            void whenStored().then(() => {
              page = page.reload();
              socket = aSocket(page);
            });
          } else if (kind === 'freeze') page.sleep(3_000);
          else network[kind]();
        });
      }
      await clock.advance(60_000);
      network.heal();
      await clock.until(() => new Set(server.taken).size === count, 600_000);
      for (const lane of ['normal', 'urgent'] as const) {
        expect(server.taken.filter((number) => sent[lane].includes(number as number))).toEqual(sent[lane]);
      }
      await clock.until(socket.close());
    },
  });
});
