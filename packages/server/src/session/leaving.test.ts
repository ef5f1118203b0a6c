import { describe, expect, test } from 'vitest';
import { World } from './engine.fixture.ts';

/** Whether a promise has settled by now. */
async function isOver(world: World, promise: Promise<void>): Promise<boolean> {
  let over = false;
  void promise.then(() => (over = true));
  await world.settle();
  return over;
}

describe('admission', () => {
  test('refuses before a hello is awaited, and lets the place in', async () => {
    const world = new World({ admission: { perSecond: 2, burst: 1 } });
    const first = await world.join();
    const second = world.connect();
    expect(second.closedWith).toEqual({
      code: 1013,
      reason: expect.stringMatching(/^busy; retry-after-ms=500; slot=/),
    });
    second.hello({ client: 'other' });
    const slot = second.closedWith?.reason.split('slot=')[1];
    await world.advance(500);
    expect(second.texts).toEqual([]);
    const again = world.connect(slot);
    again.hello({ client: 'other' });
    await world.settle();
    expect(again.welcome.resumed).toBe(false);
    expect(first.closedWith).toBeNull();
    expect(world.names).toContain('connection.refused');
  });

  test('a client that does not answer the close is dropped', async () => {
    const world = new World({ admission: { perSecond: 1, burst: 1 } });
    world.connect().drop();
    const refused = world.connect();
    await world.advance(2_000);
    expect(refused.isTerminated).toBe(true);
    expect(world.timers).toBe(1); // housekeeping
  });
});

describe('drain', () => {
  test('asks every connection that is there, and waits until each is over', async () => {
    const world = new World();
    const [moves, ends, goes] = [
      await world.join({ client: 'moves' }),
      await world.join({ client: 'ends' }),
      await world.join({ client: 'goes' }),
    ];
    const drained = world.engine.drain(30_000);
    const newcomer = await world.join({ client: 'newcomer' });
    for (const connection of [moves, ends, goes]) {
      expect(connection.ofKind('drain')).toEqual([{ kind: 'drain', withinMs: 30_000 }]);
      expect(connection.closedWith).toBeNull();
    }
    const moved = await world.join({ client: 'moves', n: 2, ...moves.resumption() });
    world.engine.sessions.get(ends.welcome.session)?.close();
    expect(await isOver(world, drained)).toBe(false);
    goes.drop();
    expect(await isOver(world, drained)).toBe(true);
    expect(moved.welcome.resumed).toBe(true);
    for (const connection of [moved, newcomer]) {
      expect(connection.ofKind('drain')).toEqual([]);
      expect(connection.closedWith).toBeNull();
    }
    expect(world.names).toContain('server.drained');
  });

  test('closes with 1012 what is left when the time is over', async () => {
    const world = new World();
    const stays = await world.join();
    const drained = world.engine.drain(1_000);
    await world.advance(999);
    expect(stays.closedWith).toBeNull();
    const newcomer = await world.join({ client: 'newcomer' });
    await world.advance(1);
    expect(stays.closedWith?.code).toBe(1012);
    expect(newcomer.closedWith).toBeNull();
    expect(await isOver(world, drained)).toBe(true);
    // It resumes here like after any loss.
    const back = await world.join({ n: 2, ...stays.resumption() });
    expect(back.welcome.resumed).toBe(true);
  });

  test('a connection without its welcome is asked right after it, for the time that is left', async () => {
    const world = new World();
    const connection = world.connect();
    void world.engine.drain(5_000);
    await world.advance(1_000);
    expect(connection.texts).toEqual([]);
    connection.hello();
    await world.settle();
    expect(connection.frames.map(({ kind }) => kind)).toEqual(['welcome', 'drain']);
    expect(connection.ofKind('drain')).toEqual([{ kind: 'drain', withinMs: 4_000 }]);
  });

  test('may be asked for twice, and ends with the server', async () => {
    const world = new World();
    const connection = await world.join();
    const drains = [world.engine.drain(60_000), world.engine.drain(30_000)];
    await world.settle();
    expect(connection.ofKind('drain').map(({ withinMs }) => withinMs)).toEqual([60_000, 30_000]);
    const closed = world.engine.close(0);
    await world.settle();
    connection.drop();
    await Promise.all([...drains, closed]);
    expect(world.timers).toBe(0);
    expect(await isOver(world, world.engine.drain(1_000))).toBe(true);
  });
});

test('close tells each client a time of its own to come back, in the later half of what it is given', async () => {
  const world = new World();
  const connections = [];
  for (const client of ['a', 'b', 'c', 'd']) connections.push(await world.join({ client }));
  void world.engine.close(0, 8_000);
  await world.settle();
  expect(connections.map(({ closedWith }) => closedWith)).toEqual(
    [5_000, 6_000, 7_000, 8_000].map((ms) => ({ code: 1012, reason: `the server restarts; retry-after-ms=${ms}` })),
  );
});
