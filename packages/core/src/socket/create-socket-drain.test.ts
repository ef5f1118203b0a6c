import { describe, expect, it } from 'vitest';
import { inTheMiddle, outcomeOf, World } from './socket.fixture.ts';

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
