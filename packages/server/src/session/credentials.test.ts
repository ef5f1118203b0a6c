import { encode } from '@holdfast/core/protocol';
import { describe, expect, test } from 'vitest';
import { World, type ScriptedConnection } from './engine.fixture.ts';
import { Forbidden, Unauthorized } from './errors.ts';

/** Tokens are `name` or `name until`, in milliseconds of the world. */
function aWorld(options: ConstructorParameters<typeof World>[0] = {}): World {
  const world: World = new World({
    authenticate: ({ token = '' }) => {
      const [identity = '', until] = token.split(' ');
      if (identity === 'forbidden') throw new Forbidden('not you');
      if (identity === 'unknown') throw new Unauthorized('who are you');
      if (identity === 'broken') throw new Error('the database is down');
      return until === undefined
        ? identity
        : { identity, expiresAt: world.environment.wallClock() - world.time + Number(until) };
    },
    heartbeat: { intervalMs: 1e13, timeoutMs: 1e13 },
    ...options,
  });
  return world;
}

const asked = (connection: ScriptedConnection): number[] => connection.ofKind('reauth').map(({ withinMs }) => withinMs);
const answer = async (world: World, connection: ScriptedConnection, token: string): Promise<void> => {
  connection.raw(encode.auth(token));
  await world.settle();
};

describe('a token that ends', () => {
  test('is asked for before, and a fresh one lets the connection go on', async () => {
    const world = aWorld();
    const connection = await world.join({ auth: 'ann 100000' });
    await world.advance(69_999);
    expect(asked(connection)).toEqual([]);
    await world.advance(1);
    expect(asked(connection)).toEqual([30_000]);
    await world.advance(29_999);
    await answer(world, connection, 'ann 300000');
    await world.advance(170_000);
    expect([asked(connection).length, connection.closedWith]).toEqual([1, null]);
    await world.advance(1);
    expect(asked(connection)).toEqual([30_000, 30_000]);
    expect(world.names.filter((name) => name === 'session.reauthenticated').length).toBe(1);
  });

  test('of a short life is asked for at its half', async () => {
    const world = aWorld();
    const connection = await world.join({ auth: 'ann 4000' });
    await world.advance(2_000);
    expect(asked(connection)).toEqual([2_000]);
  });

  test('closes with 4401 when none comes in time, at that very moment', async () => {
    const world = aWorld();
    const connection = await world.join({ auth: 'ann 100000' });
    await world.advance(99_999);
    expect(connection.closedWith).toBeNull();
    await world.advance(1);
    expect(connection.closedWith?.code).toBe(4401);
    expect(connection.ofKind('error').at(-1)?.error.code).toBe('UNAUTHORIZED');
  });

  test('that has ended is refused', async () => {
    const world = aWorld();
    expect((await world.join({ auth: 'ann 0' })).closedWith?.code).toBe(4401);
  });

  test('ends by the clock that never jumps', async () => {
    let jump = 0;
    const world = new World({
      authenticate: () => ({ identity: 'ann', expiresAt: 1_700_000_000_000 + 50_000 }),
      heartbeat: { intervalMs: 10_000_000, timeoutMs: 10_000_000 },
    });
    world.environment.wallClock = () => 1_700_000_000_000 + world.time + jump;
    const connection = await world.join();
    jump = 365 * 86_400_000;
    await world.advance(49_999);
    expect(connection.closedWith).toBeNull();
    jump = -jump;
    await world.advance(1);
    expect(connection.closedWith?.code).toBe(4401);
  });

  test('may last longer than a timer can', async () => {
    const world = aWorld();
    const connection = await world.join({ auth: `ann ${3_000_000_000}` });
    expect(world.waits).toContain(2_147_483_647);
    await world.advance(2_999_970_000 - 1);
    expect([asked(connection), connection.closedWith]).toEqual([[], null]);
    await world.advance(1);
    expect(asked(connection)).toEqual([30_000]);
  });

  test('leaves no timer behind when its connection goes', async () => {
    const world = aWorld({ limits: { sessionTtlMs: 1 } });
    const connection = await world.join({ auth: 'ann 100000' });
    connection.drop();
    await world.advance(1);
    expect(world.timers).toBe(1); // housekeeping
  });

  test.each([Number.NaN, '2030-01-01', null])('%s is no end', async (expiresAt) => {
    const world = new World({ authenticate: () => ({ identity: 'ann', expiresAt: expiresAt as number }) });
    expect((await world.join()).closedWith?.code).toBe(1011);
    expect(world.names).toContain('authenticate.failed');
  });
});

describe('once a token has ended', () => {
  test('what was sent and has not started never starts, and comes again with the next hello', async () => {
    const world = aWorld();
    world.holds = true;
    const connection = await world.join({ auth: 'ann 10000', producers: [['p', 1, 4, 0]] });
    for (const seq of [1, 2, 3]) connection.m(0, seq);
    await world.settle();
    await world.advance(10_000);
    expect(connection.closedWith?.code).toBe(4401);
    world.held[0]?.succeed();
    await world.settle();
    expect(world.runs.map(({ id }) => id)).toEqual(['p:1']);
    expect(connection.ofKind('a')).toEqual([]);
    const next = await world.join({ auth: 'ann 20000', n: 2, ...connection.resumption(), producers: [['p', 1, 4, 3]] });
    expect(next.welcome).toMatchObject({ resumed: true, taken: [[1, []]] });
    next.m(0, 2);
    await world.settle();
    expect(world.runs.map(({ id, redelivered }) => [id, redelivered])).toEqual([
      ['p:1', false],
      ['p:2', false],
    ]);
  });

  test('nothing starts for a connection that was lost before', async () => {
    const world = aWorld();
    world.holds = true;
    const connection = await world.join({ auth: 'ann 10000', producers: [['p', 1, 4, 3]] });
    for (const seq of [1, 2]) connection.m(0, seq);
    await world.settle();
    connection.drop();
    await world.advance(10_000);
    world.held[0]?.succeed();
    await world.settle();
    expect(world.runs.length).toBe(1);
  });

  test('a handler that failed is not tried again', async () => {
    const world = aWorld({ limits: { handlerRetryDelayMs: 10_000 } });
    world.holds = true;
    const connection = await world.join({ auth: 'ann 10000', producers: [['p', 1, 2, 1]] });
    connection.m(0, 1);
    await world.advance(1_000);
    world.held[0]?.fail(new Error('no'));
    await world.advance(20_000);
    expect(world.runs.length).toBe(1);
  });

  test('nothing is said or taken, though the timer is late', async () => {
    const world = aWorld();
    const connection = await world.join({ auth: 'ann 10000', producers: [['p', 1, 2, 1]] });
    // The event loop stood still: time has passed, and no timer has run.
    world.time = 10_000;
    expect(world.sessions[0]?.isConnected).toBe(false);
    world.sessions[0]?.send('secret');
    connection.m(0, 1);
    await world.settle();
    expect([connection.ofKind('m'), world.runs, connection.closedWith?.code]).toEqual([[], [], 4401]);
    const next = await world.join({ auth: 'ann', n: 2, ...connection.resumption() });
    expect(next.ofKind('m')).toEqual([{ kind: 'm', offset: 1, payload: 'secret' }]);
  });

  test('a welcome that comes after it is none', async () => {
    const world = aWorld();
    world.holds = true;
    const first = await world.join({ auth: 'ann', producers: [['p', 1, 2, 1]] });
    first.m(0, 1);
    await world.settle();
    const second = world.connect();
    second.hello({ auth: 'ann 3000', n: 2, ...first.resumption(), producers: [['p', 1, 2, 1]] });
    await world.advance(3_000);
    world.held[0]?.succeed();
    await world.settle();
    expect([second.ofKind('welcome'), second.closedWith?.code]).toEqual([[], 4401]);
  });
});

describe('the answer', () => {
  test('of another identity closes with 4403, and what was sent does not start', async () => {
    const world = aWorld();
    world.holds = true;
    const connection = await world.join({ auth: 'ann 10000', producers: [['p', 1, 3, 2]] });
    for (const seq of [1, 2]) connection.m(0, seq);
    await world.settle();
    await answer(world, connection, 'bob 10000');
    expect(connection.closedWith?.code).toBe(4403);
    expect(connection.ofKind('error').at(-1)?.error.code).toBe('IDENTITY_CHANGED');
    world.held[0]?.succeed();
    await world.settle();
    expect(world.runs.length).toBe(1);
  });

  test('of another identity ends the retries of what had started, too', async () => {
    const world = aWorld();
    world.holds = true;
    const connection = await world.join({ auth: 'ann 10000', producers: [['p', 1, 2, 1]] });
    connection.m(0, 1);
    await world.settle();
    world.held[0]?.fail(new Error('not now'));
    await answer(world, connection, 'bob 10000');
    await world.advance(10_000);
    expect([connection.closedWith?.code, world.runs.length]).toEqual([4403, 1]);
    // It was not taken: ann sends it again.
    const next = await world.join({ auth: 'ann 99999', producers: [['p', 1, 2, 1]] });
    expect(next.welcome.taken).toEqual([null]);
  });

  test.each([
    ['it was', 1],
    ['the first of two was', 2],
  ])('of another identity ends the retries where the connection was lost before %s looked at', async (_, tokens) => {
    const open: ((identity: string) => void)[] = [];
    const world = new World({ authenticate: () => new Promise<string>((resolve) => open.push(resolve)) });
    world.holds = true;
    const connection = world.connect();
    connection.hello({ producers: [['p', 1, 2, 1]] });
    await world.settle();
    open[0]?.('ann');
    await world.settle();
    connection.m(0, 1);
    for (let left = tokens; left > 0; left -= 1) await answer(world, connection, 'another');
    world.held[0]?.fail(new Error('not now'));
    connection.drop();
    open[1]?.('bob');
    await world.advance(10_000);
    expect([open.length, world.runs.length]).toEqual([2, 1]);
  });

  test.each([
    ['forbidden', 4403],
    ['unknown', 4401],
  ])('%s closes with %i', async (token, code) => {
    const world = aWorld();
    const connection = await world.join({ auth: 'ann' });
    await answer(world, connection, token);
    expect(connection.closedWith?.code).toBe(code);
  });

  test('that the app could not look at changes nothing, and the client is asked again', async () => {
    const world = aWorld();
    const connection = await world.join({ auth: 'ann 100000' });
    await world.advance(70_000);
    await answer(world, connection, 'broken');
    expect([asked(connection), connection.closedWith]).toEqual([[30_000], null]);
    await world.advance(15_000);
    expect(asked(connection)).toEqual([30_000, 15_000]);
    await answer(world, connection, 'broken');
    await world.advance(15_000);
    expect(connection.closedWith?.code).toBe(4401);
    expect(asked(connection).length).toBeLessThan(10);
  });

  test('of several that come at once the last counts', async () => {
    const open: ((identity: string) => void)[] = [];
    const world = new World({ authenticate: () => new Promise<string>((resolve) => open.push(resolve)) });
    const connection = world.connect();
    connection.hello();
    await world.settle();
    open[0]?.('ann');
    await world.settle();
    for (const token of ['1', '2', '3']) connection.raw(encode.auth(token));
    await world.settle();
    expect(open.length).toBe(2);
    open[1]?.('bob');
    await world.settle();
    expect([open.length, connection.closedWith]).toEqual([3, null]);
    open[2]?.('ann');
    await world.settle();
    expect(connection.closedWith).toBeNull();
  });

  test('before the welcome breaks the protocol', async () => {
    const world = aWorld();
    const connection = world.connect();
    connection.raw(encode.auth('ann'));
    expect(connection.closedWith?.code).toBe(1002);
  });

  test('unasked is lawful, and without `authenticate` says nothing', async () => {
    const world = new World();
    const connection = await world.join();
    await answer(world, connection, 'whatever');
    expect(connection.closedWith).toBeNull();
  });
});

describe('session.reauthenticate', () => {
  test('asks at once, and closes with 4401 when no answer comes in time', async () => {
    const world = aWorld();
    const connection = await world.join({ auth: 'ann' });
    world.sessions[0]?.reauthenticate({ withinMs: 5_000 });
    await world.settle();
    expect(asked(connection)).toEqual([5_000]);
    await world.advance(4_999);
    expect(connection.closedWith).toBeNull();
    await world.advance(1);
    expect(connection.closedWith?.code).toBe(4401);
  });

  test('is done with by a fresh token, whose own end counts then', async () => {
    const world = aWorld();
    const connection = await world.join({ auth: 'ann 600000' });
    world.sessions[0]?.reauthenticate();
    await world.settle();
    expect(asked(connection)).toEqual([30_000]);
    await answer(world, connection, 'ann 300000');
    await world.advance(269_999);
    expect(asked(connection)).toEqual([30_000]);
    await world.advance(1);
    expect(asked(connection)).toEqual([30_000, 30_000]);
  });

  test('is not answered by a token that the app began to look at before', async () => {
    const gates: (() => void)[] = [];
    let isSlow = false;
    const world = aWorld({
      authenticate: async () => {
        if (isSlow) await new Promise<void>((resolve) => void gates.push(resolve));
        return 'ann';
      },
    });
    const connection = await world.join({ auth: 'ann' });
    isSlow = true;
    await answer(world, connection, 'before');
    world.sessions[0]?.reauthenticate({ withinMs: 5_000 });
    gates[0]?.();
    await world.settle();
    await world.advance(4_999);
    expect([asked(connection), connection.closedWith]).toEqual([[5_000], null]);
    await world.advance(1);
    expect(connection.closedWith?.code).toBe(4401);
  });

  test('never gives more time than the token has', async () => {
    const world = aWorld();
    const connection = await world.join({ auth: 'ann 8000' });
    world.sessions[0]?.reauthenticate({ withinMs: 60_000 });
    await world.settle();
    expect(asked(connection)).toEqual([8_000]);
    await world.advance(8_000);
    expect(connection.closedWith?.code).toBe(4401);
  });

  test('asks on the connection that takes the session over, behind its welcome', async () => {
    const world = aWorld();
    world.holds = true;
    const first = await world.join({ auth: 'ann', producers: [['p', 1, 2, 1]] });
    first.m(0, 1);
    await world.settle();
    const second = world.connect();
    second.hello({ auth: 'ann', n: 2, ...first.resumption(), producers: [['p', 1, 2, 1]] });
    await world.settle();
    world.sessions[0]?.reauthenticate({ withinMs: 5_000 });
    await world.settle();
    expect(second.frames).toEqual([]);
    world.held[0]?.succeed();
    await world.settle();
    expect(second.frames.map(({ kind }) => kind).slice(0, 2)).toEqual(['welcome', 'reauth']);
  });

  test('does nothing to a session without a socket', async () => {
    const world = aWorld();
    const connection = await world.join({ auth: 'ann' });
    connection.drop();
    world.sessions[0]?.reauthenticate({ withinMs: 0 });
    const next = await world.join({ auth: 'ann', n: 2, ...connection.resumption() });
    expect([next.welcome.resumed, asked(next)]).toEqual([true, []]);
  });

  test.each([-1, 0.5, 3_600_001])('takes no %d ms', async (withinMs) => {
    const world = aWorld();
    await world.join({ auth: 'ann' });
    expect(() => world.sessions[0]?.reauthenticate({ withinMs })).toThrow(RangeError);
  });
});
