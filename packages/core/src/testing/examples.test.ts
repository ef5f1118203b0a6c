import { createSocket, holdfast, plain } from '@holdfast/core';
import { createTestWorld, explore, HoldfastServer, outboxStoreConformance, PlanFailed } from '@holdfast/core/testing';
import { HoldfastWebSocket } from '@holdfast/core/websocket';
import { readFileSync } from 'node:fs';
import { describe, expect, it, test, vi } from 'vitest';
import type { Json } from '../lib/errors.ts';
import { MemoryPlace, MemoryStore } from '../testing-fakes/memory-store.fixture.ts';

// What docs/testing.md shows, run as it stands there.

test('a message survives a cut', async () => {
  const world = createTestWorld();
  const chat = new HoldfastServer();
  world.server('wss://chat.test/socket', chat);
  const { page, clock, network } = world;
  const socket = createSocket({
    url: 'wss://chat.test/socket',
    protocol: holdfast(),
    outbox: page.outbox(),
    environment: page.environment,
  });
  await clock.until(socket.whenOpen());

  network.cut();
  const receipt = socket.send({ text: 'hello' });
  await clock.until(receipt.delivered);

  expect(chat.taken).toEqual([{ text: 'hello' }]);
});

test('a reload delivers once', async () => {
  const world = createTestWorld();
  const chat = new HoldfastServer();
  const server = world.server('wss://chat.test/socket', chat);
  const startApp = (page = world.page) =>
    createSocket({
      url: 'wss://chat.test/socket',
      protocol: holdfast(),
      outbox: page.outbox(),
      environment: page.environment,
    });

  server.stop();
  await world.clock.until(startApp().send({ text: 'hello' }).stored);
  startApp(world.page.reload());
  server.start();
  await world.clock.advance(60_000);

  expect(chat.taken).toEqual([{ text: 'hello' }]);
  expect(world.storage.messages()).toEqual([]);
});

test('a plain server of your own', async () => {
  const world = createTestWorld({ latencyMs: 50 });
  const server = world.server('wss://prices.test/', {
    onConnection: (peer) => peer.send(JSON.stringify({ price: 1 })),
    onMessage: (peer, data) => peer.send(data),
  });
  const socket = createSocket({
    url: 'wss://prices.test/',
    protocol: plain(),
    environment: world.page.environment,
  });
  const heard: unknown[] = [];
  socket.on('message', (message) => heard.push(message));

  await world.clock.until(() => heard.length === 1);
  socket.send('stop');
  await world.clock.advance(100);
  server.peer.close(1012, 'restart; retry-after-ms=5000');
  await world.clock.advance(4_000);

  expect(server.messages).toEqual(['"stop"']);
  expect(heard).toEqual([{ price: 1 }, 'stop']);
  expect(socket.getState().phase).toBe('waiting');
});

test('code that uses the global WebSocket', async () => {
  vi.useFakeTimers();
  const world = createTestWorld({ timers: 'global' });
  world.server('wss://echo.test/', { onMessage: (peer, data) => peer.send(data) });
  vi.stubGlobal('WebSocket', world.WebSocket);

  const socket = new WebSocket('wss://echo.test/');
  const heard: unknown[] = [];
  socket.onopen = () => socket.send('hello');
  socket.onmessage = ({ data }) => heard.push(data);
  await vi.advanceTimersByTimeAsync(1_000);

  expect(heard).toEqual(['hello']);
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

test('a socket of the drop-in class is back after a cut', async () => {
  const world = createTestWorld();
  world.server('wss://echo.test/');
  const { environment } = world.page;
  const socket = new HoldfastWebSocket('wss://echo.test/', [], { environment });
  let opened = 0;
  socket.onopen = () => (opened += 1);

  await world.clock.until(() => opened === 1);
  world.network.cut();
  await world.clock.until(() => opened === 2);

  expect(world.network.live).toHaveLength(1);
});

test('whatever happens, each message is taken once and in order', async () => {
  await explore({
    seeds: 20,
    plan: (random) =>
      Array.from({ length: 30 }, () => ({
        at: random.whole(0, 60_000),
        kind: random.weighted({ send: 6, cut: 2, blackHole: 1, heal: 1, refuse: 1, sleep: 1 }),
      })),
    async run(actions, seed) {
      const world = createTestWorld({ seed, jitterMs: 50 });
      const { page, clock, network } = world;
      const chat = new HoldfastServer();
      world.server('wss://chat.test/', chat);
      const { environment } = page;
      const socket = createSocket({
        url: 'wss://chat.test/',
        protocol: holdfast(),
        outbox: page.outbox(),
        environment,
      });
      let sent = 0;
      for (const { at, kind } of actions) {
        clock.after(at, () => {
          if (kind === 'send') socket.send((sent += 1));
          else if (kind === 'sleep') page.sleep(10_000);
          else network[kind]();
        });
      }
      await clock.advance(60_000);
      network.heal();
      await clock.until(() => chat.taken.length === sent);
      expect(chat.taken).toEqual(Array.from({ length: sent }, (_, index) => index + 1));
    },
  });
});

describe('myStore', () => {
  for (const { name, run } of outboxStoreConformance((place) => myStore(place))) it(name, run);
});

const places = new Map<string, MemoryPlace>();

function myStore(name: string): MemoryStore {
  const place = places.get(name) ?? new MemoryPlace();
  places.set(name, place);
  return new MemoryStore(place);
}

it('is what docs/testing.md shows', () => {
  const read = (path: string): string => readFileSync(new URL(path, import.meta.url), 'utf8');
  const shown = [...read('../../../../docs/testing.md').matchAll(/```ts\n([\s\S]*?)```/g)].map(([, code = '']) => code);
  const here = read('./examples.test.ts');
  expect(shown).toHaveLength(8);
  for (const code of shown) expect(here).toContain(code);
});

it('a plan that fails is made small', async () => {
  const run = (actions: readonly Json[]): void => {
    if (actions.includes(7)) throw new Error('seven');
  };
  const failing = explore({ seeds: 3, plan: (random) => [1, random.whole(2, 6), 7], run });
  await expect(failing).rejects.toMatchObject({ name: 'PlanFailed', actions: [7], planned: 3 });
  await expect(failing).rejects.toBeInstanceOf(PlanFailed);
});
