import { expect, test } from 'vitest';
import { aWelcome } from '../testing-fakes/frames.fixture.ts';
import type { ConnectContext } from './types.ts';
import { memory } from './options.ts';
import { plain } from './protocols.ts';
import { outcomeOf, World } from './socket.fixture.ts';

// What goes on the wire, and in which order: the outbox, its bounds, and what onConnect sends before it.

test('frames of one turn share a WebSocket message', async () => {
  const world = await new World().welcome();
  const before = world.wire.sent.length;
  world.socket.send(1);
  world.socket.send({ b: [2] });
  await world.settle();
  expect(world.wire.sent.slice(before)).toEqual(['["m",0,1,1]\n["m",0,2,{"b":[2]}]']);
});

test('a receipt follows its message: queued, in flight, delivered', async () => {
  const world = new World();
  const receipt = world.socket.send('x');
  expect([receipt.status, receipt.isStored, receipt.error]).toEqual(['queued', false, null]);
  await world.welcome();
  expect(receipt.status).toBe('inFlight');
  world.wire.receive(['a', 0, 1]);
  expect(receipt.status).toBe('delivered');
  await receipt.delivered;
  expect(receipt.id).toBe(`${world.hello.producers[0]?.[0]}:1`);
});

test('the one timer is for the earliest, whatever the order of sending', async () => {
  const world = new World({ autoConnect: false });
  const late = world.socket.send(1, { ttlMs: 500 });
  const early = world.socket.send(2, { ttlMs: 100 });
  expect(world.environment.timers).toBe(1);
  await world.environment.advance(100);
  expect([late.status, early.status]).toEqual(['queued', 'failed']);
  await world.environment.advance(400);
  expect([late.status, world.environment.timers]).toEqual(['failed', 0]);
});

test('a full outbox refuses with its bound; the rest goes on, and there is room again later', async () => {
  const world = await new World({ outbox: memory({ maxMessages: 2 }) }).welcome();
  const [first, , third] = [1, 2, 3].map((data) => world.socket.send(data));
  expect(third).toMatchObject({
    status: 'failed',
    error: { code: 'QUEUE_FULL', details: { maxMessages: 2 }, retryable: true },
  });
  expect(world.events('drop')).toHaveLength(1);
  await world.settle();
  world.wire.receive(['a', 0, 1]);
  expect([first?.status, world.socket.send(4).error]).toEqual(['delivered', null]);
  await world.settle();
  expect(world.sent).toEqual([1, 2, 4]);
});

test("a message above the server's limit fails at once, by bytes and not by characters", async () => {
  const world = await new World().welcome({ limits: { ...aWelcome().limits, messageBytes: 6 } });
  expect(world.socket.send('abcd').error).toBeNull();
  const large = world.socket.send('äöü');
  expect(large.error).toMatchObject({ code: 'MESSAGE_TOO_LARGE', details: { bytes: 8, limit: 6 } });
  await expect(large.delivered).rejects.toBe(large.error);
});

test('a message that was queued before the limit was known fails with the welcome', async () => {
  const world = new World();
  const [large, small] = [world.socket.send('too large'), world.socket.send(1)];
  await world.welcome({ limits: { ...aWelcome().limits, messageBytes: 6 } });
  expect([large.error?.code, small.status]).toEqual(['MESSAGE_TOO_LARGE', 'inFlight']);
  expect(world.wire.frames.filter(([kind]) => kind === 's' || kind === 'm')).toEqual([
    ['s', 0, 1],
    ['m', 0, 2, 1],
  ]);
});

test('after close every message is refused with CLOSED, and ids never repeat', async () => {
  const world = await new World().welcome();
  await world.socket.close();
  const receipts = [world.socket.send(1), world.socket.send(2)];
  expect(receipts.map(({ error }) => error?.code)).toEqual(['CLOSED', 'CLOSED']);
  expect(receipts[0]?.id).not.toBe(receipts[1]?.id);
  expect(outcomeOf(receipts[0]?.stored ?? Promise.resolve()).state).toBe('pending');
  await world.settle();
  expect(world.environment.timers).toBe(0);
});

test('it runs on every connection, told whether the session goes on and how often it was tried', async () => {
  const contexts: Pick<ConnectContext<unknown>, 'resumed' | 'attempt'>[] = [];
  const world = new World({ onConnect: ({ resumed, attempt }) => void contexts.push({ resumed, attempt }) });
  await world.welcome();
  world.wire.closeBy(1006);
  await world.environment.advance(300);
  await world.welcome({ resumed: true });
  expect(contexts).toEqual([
    { resumed: false, attempt: 0 },
    { resumed: true, attempt: 1 },
  ]);
});

test('one that ends after its connection changes nothing on the next one', async () => {
  const finish: (() => void)[] = [];
  const world = await new World({ onConnect: () => new Promise((resolve) => finish.push(resolve)) }).welcome();
  world.socket.reconnect();
  await world.welcome();
  finish[0]?.();
  await world.settle();
  expect(world.socket.getState().phase).toBe('connecting');
  finish[1]?.();
  await world.settle();
  expect(world.socket.getState().phase).toBe('open');
});

test('a producer of onConnect is finished with on the next connection, and none is made where nothing was sent', async () => {
  let runs = 0;
  const world = await new World({
    onConnect: ({ send }) => {
      runs += 1;
      if (runs === 1) send(1).catch(() => {});
    },
  }).welcome();
  const [id] = (world.wire.framesOf('producers') as [string, [[string]]][])[0]?.[1][0] ?? [];
  world.wire.closeBy(1006);
  await world.environment.advance(300);
  await world.welcome();
  expect(world.wire.framesOf('fin')).toEqual([['fin', id]]);
  expect(world.wire.framesOf('producers')).toEqual([]);
});

test('with plain() what it sends goes before the queue as well', async () => {
  const world = new World({
    protocol: plain(),
    onConnect: async ({ send }) => {
      await send('first');
    },
  });
  world.socket.send('queued');
  await world.accept();
  expect(world.wire.sent).toEqual(['"first"']);
  await world.environment.advance(20);
  expect(world.wire.sent).toEqual(['"first"', '"queued"']);
});
