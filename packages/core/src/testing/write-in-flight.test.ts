import { expect, it } from 'vitest';
import { createSocket } from '../socket/create-socket.ts';
import type { Socket } from '../socket/types.ts';
import { holdfast } from '../socket/protocols.ts';
import { HoldfastServer } from './holdfast-server.ts';
import { createTestWorld, type TestWorld } from './world.ts';

// Storage takes 100 ms for a write that begins 20 ms after `send`, and asks for the messages half-way, at 70 ms.

function aWorld(latencyMs: number): { world: TestWorld; socket: Socket } {
  const world = createTestWorld();
  world.server('wss://chat.test/', new HoldfastServer());
  world.network.latencyMs = latencyMs;
  world.network.jitterMs = 0;
  world.storage.latencyMs = 100;
  const { page } = world;
  const socket = createSocket({
    url: 'wss://chat.test/',
    protocol: holdfast(),
    outbox: page.outbox(),
    environment: page.environment,
  });
  return { world, socket };
}

it.each([
  ['before storage asks for it is not stored', 20, []],
  ['after that is stored, and goes', 40, ['late']],
])('what is acknowledged %s', async (_, latencyMs, stored) => {
  const { world, socket } = aWorld(latencyMs);
  await world.clock.until(() => socket.getState().phase === 'open');
  await world.clock.advance(1_000);
  const { delivered } = socket.send('late');
  await world.clock.advance(125);
  expect(world.storage.messages()).toEqual(stored);
  await delivered;
  await world.clock.advance(1_000);
  expect(world.storage.messages()).toEqual([]);
  await world.clock.until(socket.close());
});

it('what is withdrawn before storage asks for it is not stored', async () => {
  const { world, socket } = aWorld(1_000);
  await world.clock.until(() => socket.getState().phase === 'open');
  world.network.refuse();
  world.network.cut();
  await world.clock.until(() => socket.getState().phase === 'waiting');
  await world.clock.advance(1_000);
  const receipt = socket.send('gone');
  const kept = socket.send('kept');
  kept.delivered.catch(() => {});
  await world.clock.advance(50);
  expect(receipt.cancel()).toBe(true);
  await expect(receipt.delivered).rejects.toMatchObject({ code: 'ABORTED' });
  await world.clock.until(kept.stored);
  expect(world.storage.messages()).toEqual(['kept']);
  await world.clock.until(socket.close());
});

it('a segment of which more is withdrawn while it is written anew is written anew once', async () => {
  const { world, socket } = aWorld(20);
  world.network.refuse();
  world.storage.latencyMs = 1;
  const errors: string[] = [];
  socket.on('error', ({ code }) => errors.push(code));
  const [one, two] = [1, 2, 3].map((number) => {
    const receipt = socket.send(number);
    receipt.delivered.catch(() => {});
    return receipt;
  });
  await world.clock.until(() => world.storage.messages().length === 3);
  world.storage.latencyMs = 100;
  one?.cancel();
  await world.clock.advance(20);
  two?.cancel();
  await world.clock.advance(1_000);
  expect([errors, world.storage.messages()]).toEqual([[], [3]]);
  await world.clock.until(socket.close());
});
