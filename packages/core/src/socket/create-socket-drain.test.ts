import { describe, expect, it } from 'vitest';
import { aWelcome, nothingTaken } from '../testing-fakes/frames.fixture.ts';
import { inTheMiddle, outcomeOf, World } from './socket.fixture.ts';
import type { SocketOptions } from './types.ts';

/** Ends what `later` waits for. */
let prepared = (): void => {};
const later = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    prepared = resolve;
    signal.addEventListener('abort', () => resolve());
  });

describe("the server's drain", () => {
  it.each([0, 0.5, 0.999])('moves the conversation within its time (chance %d)', async (chance) => {
    const world = await inTheMiddle();
    const [old] = world.environment.sockets;
    world.environment.chance = chance;
    old?.receive(['drain', { within: 8_000 }]);
    // All clients of a server get the same frame: they spread over half of the time.
    if (chance > 0) {
      await world.environment.advance(4_000 * chance - 1);
      expect(world.environment.sockets.length).toBe(1);
    }
    await world.environment.advance(1);
    expect([world.environment.sockets.length, old?.isDeaf]).toEqual([2, false]);
    await world.welcome({ resumed: true, offset: 2, taken: [[2, []]] });
    expect([world.sent, old?.closes.length, world.socket.getState().phase]).toEqual([['c'], 1, 'open']);
    expect(world.events('close')).toEqual([]);
    expect(world.records.map(({ name }) => name)).toContain('connection.drain');
  });

  it.each<[string, Partial<SocketOptions>]>([
    ['told right behind the welcome', {}],
    ['told while onConnect runs', { onConnect: ({ signal }) => later(signal) }],
  ])('%s is heeded when the connection is open', async (_name, options) => {
    const world = await new World(options).accept();
    world.wire.receive(['welcome', aWelcome({ taken: nothingTaken(world.hello) })], ['drain', { within: 8_000 }]);
    await world.environment.advance(2_000);
    expect(world.environment.sockets.length).toBe(options.onConnect ? 1 : 2);
    if (options.onConnect) {
      prepared();
      await world.settle();
      await world.environment.advance(2_000);
    }
    expect([world.environment.sockets.length, world.socket.getState().phase]).toEqual([2, 'open']);
  });

  it('told to a connection that ended before it was open is not meant for the next', async () => {
    const world = await new World({ onConnect: ({ signal }) => later(signal) }).accept();
    world.wire.receive(['welcome', aWelcome({ taken: nothingTaken(world.hello) })], ['drain', { within: 8_000 }]);
    world.wire.closeBy(1006);
    await world.environment.advance(300);
    await world.welcome();
    prepared();
    await world.alive(10_000);
    expect([world.environment.sockets.length, world.socket.getState().phase]).toEqual([2, 'open']);
  });

  it('is not forgotten when a hint finds the old connection late, and then well', async () => {
    const world = await new World().stable();
    const [old] = world.environment.sockets;
    old?.receive(['drain', { within: 60_000 }]);
    world.environment.tell('focus');
    await world.environment.advance(600);
    for (let ms = 0; ms < 2_000; ms += 100) {
      world.pong(old);
      await world.environment.advance(100);
    }
    expect(world.environment.liveSockets.length).toBe(2);
    await world.welcome({ resumed: true });
    expect([world.environment.liveSockets, world.events('close')]).toEqual([[world.wire], []]);
  });

  it('told twice is one move', async () => {
    const world = await new World().stable();
    world.wire.receive(['drain', { within: 2_000 }], ['drain', { within: 2_000 }]);
    await world.environment.advance(1_000);
    expect(world.environment.sockets.length).toBe(2);
  });

  it('with no time at all moves at once', async () => {
    const world = await new World().stable();
    world.wire.receive(['drain', { within: 0 }]);
    await world.environment.advance(0);
    expect(world.environment.sockets.length).toBe(2);
  });

  it('lets migrate() have its way at once, and once', async () => {
    const world = await new World().stable();
    world.wire.receive(['drain', { within: 60_000 }]);
    const moved = outcomeOf(world.socket.migrate());
    await world.settle();
    expect(world.environment.liveSockets.length).toBe(2);
    await world.welcome({ resumed: true });
    expect(moved.state).toBe('resolved');
  });

  it('that ends before the move succeeds is a restart: the rest of the way is that of any lost connection', async () => {
    const world = await inTheMiddle();
    const [old] = world.environment.sockets;
    old?.receive(['drain', { within: 1_000 }]);
    await world.environment.advance(400);
    old?.closeBy(1012, 'restart');
    await world.environment.advance(10_000 * world.environment.chance);
    await world.welcome({ resumed: true, offset: 2, taken: [[1, []]] });
    expect([world.sent, world.socket.getState().phase]).toEqual([['b', 'c'], 'open']);
  });
});
