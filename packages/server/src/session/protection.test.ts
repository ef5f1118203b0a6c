import { encode, type Json } from '@holdfast/core/protocol';
import { describe, expect, test } from 'vitest';
import type { SessionEndReason } from './app.ts';
import { World, type ScriptedConnection } from './engine.fixture.ts';
import type { LimitName } from './metrics.ts';

const count = (world: World, limit: LimitName): number => world.engine.metrics().limits[limit];
const closes = (connections: readonly ScriptedConnection[]): (number | null)[] =>
  connections.map(({ closedWith }) => closedWith?.code ?? null);
const retryAfter = ({ closedWith }: ScriptedConnection): number =>
  Number(/retry-after-ms=(\d+)/.exec(closedWith?.reason ?? '')?.[1] ?? 0);

describe('connections', () => {
  const limits = { connections: { total: 2, perAddress: 100, unwelcomed: 100 } };

  test('above the total are turned away with the time to come again, and make room when they go', async () => {
    const world = new World({ limits });
    const [first, , third] = [await world.join({ client: 'a' }), await world.join({ client: 'b' }), world.connect()];
    expect([closes([third]), count(world, 'connections.total')]).toEqual([[1013], 1]);
    expect(retryAfter(third)).toBeGreaterThan(0);
    first.drop();
    third.drop();
    expect((await world.join({ client: 'c' })).closedWith).toBeNull();
    expect(world.engine.metrics()).toMatchObject({ connections: 2, unwelcomed: 0, sessions: 3, handlers: 0 });
  });

  test('of one address are counted together, those of another are not concerned', async () => {
    const world = new World({ limits: { connections: { total: 100, perAddress: 2, unwelcomed: 100 } } });
    const sockets = ['2001:db8::1', '2001:db8::2', '2001:db8::3', '2001:db8:1::1'].map((address) =>
      world.connect(undefined, address),
    );
    expect([closes(sockets), count(world, 'connections.perAddress')]).toEqual([[null, null, 4429, null], 1]);
    for (const socket of sockets) socket.drop();
    expect(closes([world.connect(undefined, '2001:db8::9')])).toEqual([null]);
  });

  test('that say nothing make room for those that come', async () => {
    const world = new World({ limits: { connections: { total: 100, perAddress: 100, unwelcomed: 3 } } });
    const silent = [world.connect(), world.connect(), world.connect()];
    const honest = await world.join();
    expect(closes([...silent, honest])).toEqual([1013, null, null, null]);
    expect(count(world, 'connections.unwelcomed')).toBe(1);
  });

  test('that wait for their welcome make no room: the next one has to wait', async () => {
    const world = new World({
      limits: { connections: { total: 100, perAddress: 100, unwelcomed: 2 } },
      authenticate: () => new Promise(() => {}),
    });
    for (const client of ['a', 'b']) world.connect().hello({ client });
    await world.settle();
    expect(closes([world.connect()])).toEqual([1013]);
  });

  test('too often from one address are turned away until there is room', async () => {
    const world = new World({ limits: { connectsPerMinute: { perClient: 100, perAddress: 2 } } });
    const sockets = [world.connect(), world.connect(), world.connect()];
    expect([closes(sockets), retryAfter(sockets[2] as ScriptedConnection)]).toEqual([[null, null, 4429], 30_000]);
    expect(closes([world.connect(undefined, '198.51.100.7')])).toEqual([null]);
    await world.advance(30_000);
    expect(closes([world.connect()])).toEqual([null]);
    expect(count(world, 'connectsPerMinute.perAddress')).toBe(1);
  });

  test('too often by one client are turned away; another client is not concerned', async () => {
    const world = new World({ limits: { connectsPerMinute: { perClient: 2, perAddress: 1_000 } } });
    const sockets: ScriptedConnection[] = [];
    for (const n of [1, 2, 3]) {
      sockets.push(await world.join({ n }));
      sockets.at(-1)?.drop();
    }
    expect([closes(sockets), retryAfter(sockets[2] as ScriptedConnection)]).toEqual([[null, null, 4429], 30_000]);
    expect(closes([await world.join({ client: 'other' })])).toEqual([null]);
    expect(count(world, 'connectsPerMinute.perClient')).toBe(1);
  });

  test('without a hello end after their time', async () => {
    const world = new World();
    const connection = world.connect();
    await world.advance(5_000);
    expect([connection.closedWith?.code, count(world, 'helloTimeoutMs')]).toEqual([4408, 1]);
  });
});

describe('authenticate', () => {
  test('runs so many times at once; who waits and goes is not asked about', async () => {
    const open: (() => void)[] = [];
    const asked: (string | undefined)[] = [];
    const world = new World({
      limits: { authentications: 1 },
      authenticate: ({ token }) =>
        new Promise((resolve) => {
          asked.push(token);
          open.push(() => resolve('user'));
        }),
    });
    const [first, gone, last] = [world.connect(), world.connect(), world.connect()];
    first.hello({ auth: 'first', client: 'a' });
    gone.hello({ auth: 'gone', client: 'b' });
    last.hello({ auth: 'last', client: 'c' });
    await world.settle();
    expect(asked).toEqual(['first']);
    gone.drop();
    open[0]?.();
    await world.settle();
    expect(asked).toEqual(['first', 'last']);
    open[1]?.();
    await world.settle();
    expect([first.welcome.resumed, last.welcome.resumed, count(world, 'authentications')]).toEqual([false, false, 2]);
  });

  test('that takes too long is given up, its signal aborts, and others get their turn', async () => {
    const signals: { readonly aborted: boolean }[] = [];
    const world = new World({
      limits: { authentications: 1, authenticateTimeoutMs: 1_000 },
      authenticate: ({ token, signal }) => {
        signals.push(signal);
        return token === 'hangs' ? new Promise(() => {}) : 'user';
      },
    });
    const [hangs, waits] = [world.connect(), world.connect()];
    hangs.hello({ auth: 'hangs' });
    waits.hello({ auth: 'waits', client: 'b' });
    await world.advance(1_000);
    expect([hangs.closedWith?.code, signals[0]?.aborted, count(world, 'authenticateTimeoutMs')]).toEqual([
      1013,
      true,
      1,
    ]);
    expect([waits.welcome.resumed, signals[1]?.aborted]).toEqual([false, false]);
  });
});

describe('frames', () => {
  test('that are no messages may come so fast', async () => {
    const world = new World({ limits: { framesPerSecond: 10 } });
    const connection = await world.join();
    connection.raw(Array.from({ length: 49 }, (_, n) => encode.ping(n)).join('\n'));
    await world.settle();
    expect(connection.closedWith).toBeNull();
    connection.raw([encode.ping(1), encode.ping(2)].join('\n'));
    await world.settle();
    expect([connection.closedWith?.code, retryAfter(connection)]).toEqual([4429, 1_000]);
    expect([count(world, 'framesPerSecond'), connection.ofKind('q').length]).toEqual([1, 49]);
  });

  test('messages run no faster than they may; nothing is closed or lost, in order', async () => {
    const world = new World({ limits: { messagesPerSecond: 10 } });
    const connection = await world.join({ producers: [['p', 1, 1, 0]] });
    connection.raw(Array.from({ length: 25 }, (_, n) => encode.message(0, n + 1, `${n}`)).join('\n'));
    await world.settle();
    expect(world.runs.length).toBe(10);
    await world.advance(1_000);
    expect(world.runs.length).toBe(20);
    await world.advance(500);
    expect(world.runs.map(({ data }) => data)).toEqual(Array.from({ length: 25 }, (_, n) => n));
    expect([connection.acknowledged(), connection.closedWith]).toEqual([25, null]);
    expect(count(world, 'messagesPerSecond')).toBeGreaterThan(0);
  });

  test('a session that goes while its messages wait leaves no timer', async () => {
    const world = new World({ limits: { messagesPerSecond: 1, handlerTimeoutMs: 1 } });
    const connection = await world.join({ producers: [['p', 1, 1, 0]] });
    for (const seq of [1, 2, 3]) connection.m(0, seq);
    await world.settle();
    world.engine.sessions.get(connection.welcome.session)?.close();
    connection.drop();
    await world.advance(1);
    expect([world.runs.length, world.timers]).toEqual([1, 1]); // housekeeping
  });

  test('a message above its limit is counted', async () => {
    const world = new World({ limits: { messageBytes: 10 } });
    const connection = await world.join({ producers: [['p', 1, 1, 0]] });
    connection.m(0, 1, 'x'.repeat(11));
    expect([connection.closedWith?.code, count(world, 'messageBytes')]).toEqual([1009, 1]);
  });

  test('a client that does not read is cut off', async () => {
    const world = new World({ limits: { bufferedBytes: 1_000 } });
    const connection = await world.join();
    connection.bufferedAmount = 1_001;
    world.sessions[0]?.send('x');
    await world.settle();
    expect([connection.isTerminated, count(world, 'bufferedBytes')]).toEqual([true, 1]);
  });
});

describe('a handler that takes too long', () => {
  const limits = { handlerTimeoutMs: 10_000 };
  const late = async (options: ConstructorParameters<typeof World>[0] = {}) => {
    const world = new World({ limits, heartbeat: { intervalMs: 1e9, timeoutMs: 1e9 }, ...options });
    world.holds = true;
    const connection = await world.join({ producers: [['p', 1, 1, 0]] });
    connection.raw([encode.message(0, 1, '1'), encode.message(0, 2, '2')].join('\n'));
    await world.advance(9_999);
    return { world, connection };
  };
  const refused = (connection: ScriptedConnection): Json[] =>
    connection.ofKind('r').map(({ seq, error }) => [seq, error.code]);

  test('has its signal aborted, and ends as it likes', async () => {
    const { world, connection } = await late();
    const { signal } = world.held[0]!.message;
    expect(signal.aborted).toBe(false);
    await world.advance(1);
    expect([signal.aborted, count(world, 'handlerTimeoutMs')]).toEqual([true, 1]);
    world.held[0]?.succeed();
    await world.settle();
    expect([connection.acknowledged(), refused(connection), world.runs.length]).toEqual([1, [], 2]);
  });

  test('is not tried again when it fails then', async () => {
    const { world, connection } = await late();
    await world.advance(1);
    world.held[0]?.fail(new Error('aborted'));
    await world.settle();
    expect([refused(connection), connection.acknowledged(), world.runs.map(({ id }) => id)]).toEqual([
      [[1, 'HANDLER_FAILED']],
      1,
      ['p:1', 'p:2'],
    ]);
  });

  test('and heeds nothing is given up after a second: the next message runs, and what it does late counts for nothing', async () => {
    const { world, connection } = await late();
    await world.advance(1_001);
    expect([refused(connection), world.runs.length]).toEqual([[[1, 'HANDLER_FAILED']], 2]);
    world.held[0]?.succeed();
    world.held[1]?.succeed();
    await world.settle();
    expect([connection.acknowledged(), refused(connection).length]).toEqual([2, 1]);
  });

  test('blocks no resume for ever', async () => {
    const { world, connection } = await late();
    connection.drop();
    const next = world.connect();
    next.hello({ n: 2, ...connection.resumption(), producers: [['p', 1, 3, 2]] });
    await world.settle();
    expect(next.frames).toEqual([]);
    await world.advance(1_001);
    expect(next.welcome).toMatchObject({ resumed: true, taken: [[1, [[1, { code: 'HANDLER_FAILED' }]]]] });
  });

  test('can commit no position any more', async () => {
    const { world } = await late({ positions: { load: () => null, commit: () => {} } });
    await world.advance(1_001);
    expect(() => world.held[0]?.message.commit()).toThrow('after the handler had settled');
  });

  test('leaves no timer when it has ended', async () => {
    const { world, connection } = await late({ limits: { ...limits, sessionTtlMs: 1 } });
    for (const run of world.held) run.succeed();
    connection.drop();
    world.holds = false;
    await world.advance(20_000);
    expect(world.timers).toBe(1); // housekeeping
  });
});

describe('sessions', () => {
  test('of one identity have a bound of their own: its oldest without a socket makes room', async () => {
    const world = new World({ limits: { sessionsPerIdentity: 2 }, authenticate: ({ token }) => token as string });
    const other = await world.join({ auth: 'bob', client: 'bob' });
    other.drop();
    const [oldest, second] = [
      await world.join({ auth: 'ann', client: '1' }),
      await world.join({ auth: 'ann', client: '2' }),
    ];
    expect(closes([await world.join({ auth: 'ann', client: '3' })])).toEqual([4429]);
    oldest.drop();
    expect(closes([await world.join({ auth: 'ann', client: '4' }), second])).toEqual([null, null]);
    expect(world.engine.sessions.has(oldest.welcome.session)).toBe(false);
    expect(world.engine.sessions.has(other.welcome.session)).toBe(true);
    expect(count(world, 'sessionsPerIdentity')).toBe(2);
  });

  test('are bounded in all', async () => {
    const world = new World({ limits: { sessions: 1 } });
    const first = await world.join({ client: 'a' });
    expect(closes([await world.join({ client: 'b' })])).toEqual([1013]);
    first.drop();
    expect(closes([await world.join({ client: 'c' })])).toEqual([null]);
    expect(count(world, 'sessions')).toBe(2);
  });

  test('tell their end and its reason, once, and not where nobody knew them', async () => {
    const ends: string[] = [];
    const world = new World({
      limits: { sessions: 2 },
      onSessionEnd: (session, reason: SessionEndReason) => void ends.push(`${session.client} ${reason}`),
    });
    const closed = await world.join({ client: 'closed' });
    world.engine.sessions.get(closed.welcome.session)?.close();
    (await world.join({ client: 'expired' })).drop();
    await world.advance(120_000);
    (await world.join({ client: 'evicted' })).drop();
    const replaced = await world.join({ client: 'replaced' });
    const last = await world.join({ client: 'replaced', n: 2, ...replaced.resumption(), epoch: 'another' });
    expect(last.welcome.resumed).toBe(false);
    await world.join({ client: 'shutdown' });
    void world.engine.close(0);
    await world.advance(10_000);
    expect(ends).toEqual([
      'closed closed',
      'expired expired',
      'replaced replaced',
      'evicted evicted',
      'replaced shutdown',
      'shutdown shutdown',
    ]);
  });

  test.each([
    [
      'throws',
      () => {
        throw new Error('no');
      },
    ],
    ['rejects', () => Promise.reject(new Error('no'))],
  ])('whose listener %s end all the same, and that is reported', async (_name, onSessionEnd) => {
    const world = new World({ onSessionEnd });
    const connection = await world.join();
    world.engine.sessions.get(connection.welcome.session)?.close();
    await world.settle();
    expect([world.engine.sessions.size, world.names.includes('listener.failed')]).toEqual([0, true]);
  });
});

test('a limit that is reached again and again fills no log: one record a second, with how often', async () => {
  const world = new World({ limits: { connections: { total: 1, perAddress: 100, unwelcomed: 100 } } });
  await world.join();
  for (let index = 0; index < 50; index += 1) world.connect().drop();
  await world.advance(1_000);
  world.connect().drop();
  const told = world.records.filter(({ name }) => name === 'limit.reached').map(({ details }) => details);
  expect(told).toEqual([
    { limit: 'connections.total', times: 1 },
    { limit: 'connections.total', times: 50 },
  ]);
  expect(count(world, 'connections.total')).toBe(51);
});
