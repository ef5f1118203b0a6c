import { encode, joinBinary, messageFrame, type BinaryFrame } from '@holdfast/core/protocol';
import { describe, expect, test } from 'vitest';
import { type ScriptedConnection, sharedStore, World } from './engine.fixture.ts';
import { Forbidden, Unauthorized } from './errors.ts';

const HELLO = '["hello",{"v":1,"client":"client","n":1,"producers":[["p",1,1,0]]}]';

describe('greeting', () => {
  test('a fresh hello gets a welcome that tells everything the client needs', async () => {
    const world = new World();
    const connection = await world.join({ producers: [['p', 1, 1, 0]] });
    expect(connection.welcome).toEqual({
      session: expect.any(String),
      key: expect.any(String),
      epoch: expect.any(String),
      offset: 0,
      resumed: false,
      taken: [null],
      identity: 'hash-of-anonymous',
      heartbeat: { intervalMs: 15_000, timeoutMs: 5_000 },
      window: { messages: 2_048, bytes: 1_048_576 },
      limits: { messageBytes: 262_144, producers: 256, producerTtlMs: 2_592_000_000 },
      time: 1_700_000_000_000,
    });
    expect(world.sessions).toHaveLength(1);
    expect(world.sessions[0]).toMatchObject({ identity: 'anonymous', client: 'client', isConnected: true });
  });

  test('no hello in time closes with 4408, and a client that does not answer the close is dropped', async () => {
    const world = new World({ limits: { helloTimeoutMs: 50, closeTimeoutMs: 20 } });
    const connection = world.connect();
    await world.advance(50);
    expect(connection.closedWith?.code).toBe(4408);
    expect(connection.isTerminated).toBe(false);
    await world.advance(20);
    expect(connection.isTerminated).toBe(true);
  });

  test.each([
    ['an unknown version', (c: ScriptedConnection) => c.hello({ v: 2 }), 1002],
    ['a second hello', (c: ScriptedConnection) => [1, 2].forEach((n) => c.hello({ n })), 1002],
    ['a message with the hello', (c: ScriptedConnection) => c.raw(`${HELLO}\n["m",0,1,"early"]`), 1002],
    ['a message before the hello', (c: ScriptedConnection) => c.m(0, 1), 1002],
    ['binary data that is no frame', (c: ScriptedConnection) => c.raw(new Uint8Array(3)), 1002],
    ['neither text nor bytes', (c: ScriptedConnection) => c.raw(new Blob(['x'])), 1003],
    ['no JSON', (c: ScriptedConnection) => c.raw('hello'), 1002],
  ])('%s ends it', async (_name, act, code) => {
    const world = new World();
    const connection = world.connect();
    act(connection);
    await world.settle();
    expect(connection.closedWith?.code).toBe(code);
    expect(connection.ofKind('error')).toHaveLength(1);
    expect(world.engine.sessions.size).toBe(0);
    expect(world.runs).toEqual([]);
  });

  test('a ping is answered at any time, and what the client reports becomes a record', async () => {
    const world = new World();
    const connection = world.connect();
    connection.raw('["p",7]\n["error",{"code":"ODD","message":"something"}]\n["q",1]');
    await world.settle();
    expect(connection.frames).toEqual([{ kind: 'q', n: 7 }]);
    expect(world.records).toMatchObject([{ name: 'client.reported', details: { code: 'ODD' } }]);
  });

  test.each([
    ['Unauthorized', new Unauthorized('old token'), 4401, []],
    ['Forbidden', new Forbidden('banned'), 4403, []],
    ['any other error', new Error('the database is down'), 1011, ['authenticate.failed']],
  ])('authenticate throws %s', async (_name, fault, code, names) => {
    const world = new World({ authenticate: () => Promise.reject(fault) });
    const connection = await world.join({ auth: 'token' });
    expect(connection.closedWith?.code).toBe(code);
    expect(world.names.filter((name) => name === 'authenticate.failed')).toEqual(names);
    expect(connection.texts.join('')).not.toContain('database');
  });

  test('authenticate hears token, client, origin and address; an identity that is no name is an error', async () => {
    const asked: unknown[] = [];
    const world = new World({ authenticate: (request) => `${asked.push(request)}`.slice(1) });
    const connection = await world.join({ auth: 'secret' });
    expect(asked).toEqual([
      {
        token: 'secret',
        client: 'client',
        origin: undefined,
        remoteAddress: '192.0.2.1',
        url: '/',
        headers: {},
        signal: expect.anything(),
      },
    ]);
    expect(connection.closedWith?.code).toBe(1011);
    expect(JSON.stringify(world.records)).not.toContain('secret');
  });

  test('a socket that goes while it is authenticated leaves nothing behind', async () => {
    let answer = (_identity: string): void => {};
    const world = new World({ authenticate: () => new Promise((resolve) => (answer = resolve)) });
    const connection = await world.join({ producers: [['p', 1, 1, 0]] });
    connection.drop();
    answer('me');
    await world.settle();
    expect(world.engine.sessions.size).toBe(0);
    expect(connection.texts).toEqual([]);
    expect(world.timers).toBe(1); // housekeeping
  });

  test('authentication that takes too long is answered with 1013', async () => {
    const world = new World({ authenticate: () => new Promise(() => {}), limits: { welcomeTimeoutMs: 100 } });
    const connection = await world.join();
    await world.advance(100);
    expect(connection.closedWith?.code).toBe(1013);
  });

  test('sessions are bounded: the longest without a socket makes room, else the hello is told to wait', async () => {
    const world = new World({ limits: { sessions: 2 } });
    const first = await world.join();
    const second = await world.join();
    const third = await world.join();
    expect(third.closedWith?.code).toBe(1013);
    expect(third.ofKind('error')[0]?.error.retryAfterMs).toBe(120_000);
    expect(third.closedWith?.reason).toBe('TOO_MANY_SESSIONS; retry-after-ms=120000');
    second.drop();
    first.drop();
    const fourth = await world.join();
    expect(fourth.welcome.resumed).toBe(false);
    expect(world.engine.sessions.has(second.welcome.session)).toBe(false);
    expect(world.engine.sessions.has(first.welcome.session)).toBe(true);
  });
});

describe('resuming', () => {
  test('the session outlives its socket; its n rises, its key changes, the older socket is fenced', async () => {
    const world = new World();
    const first = await world.join();
    const second = await world.join({ n: 2, ...first.resumption() });
    expect(first.closedWith?.code).toBe(4409);
    expect(second.welcome).toMatchObject({ resumed: true, session: first.welcome.session, epoch: first.welcome.epoch });
    expect(second.welcome.key).not.toBe(first.welcome.key);
    expect(second.welcome.lost).toBeUndefined();
    // Late events of the fenced socket change nothing.
    first.raw('["a",99]');
    first.drop();
    await world.settle();
    expect(world.engine.sessions.get(second.welcome.session)?.isConnected).toBe(true);
    expect(world.sessions).toHaveLength(1);
  });

  test('the key that the last hello proved still works, since the last welcome may be lost', async () => {
    const world = new World();
    const first = await world.join();
    const lost = await world.join({ n: 2, ...first.resumption() });
    const second = await world.join({ n: 3, ...first.resumption() });
    expect(second.welcome.resumed).toBe(true);
    // Now the key of the lost welcome is neither proved nor issued.
    const third = await world.join({ n: 4, ...lost.resumption() });
    expect(third.welcome.resumed).toBe(false);
    expect(third.welcome.session).not.toBe(first.welcome.session);
    expect(second.closedWith).toBeNull();
    const fourth = await world.join({ n: 5, ...second.resumption() });
    expect(fourth.welcome.resumed).toBe(true);
  });

  test.each([1, 2])('a hello with n %i after 2 is closed with 4409 and fences nothing', async (n) => {
    const world = new World();
    const first = await world.join();
    const second = await world.join({ n: 2, ...first.resumption() });
    const late = await world.join({ n, ...first.resumption(), producers: [['p', 1, 1, 0]] });
    expect(late.closedWith?.code).toBe(4409);
    expect(late.texts).toEqual([]);
    expect(second.closedWith).toBeNull();
    expect(world.engine.sessions.get(first.welcome.session)?.isConnected).toBe(true);
  });

  test('n is compared again after authentication', async () => {
    const answers: (() => void)[] = [];
    const world = new World({
      authenticate: ({ token }) =>
        token === 'slow' ? new Promise((resolve) => answers.push(() => resolve('me'))) : 'me',
    });
    const first = await world.join();
    const slow = await world.join({ n: 2, auth: 'slow', ...first.resumption() });
    const fast = await world.join({ n: 3, ...first.resumption() });
    answers[0]?.();
    await world.settle();
    expect(fast.welcome.resumed).toBe(true);
    expect(fast.closedWith).toBeNull();
    expect(slow.closedWith?.code).toBe(4409);
  });

  test('a session belongs to one identity', async () => {
    const world = new World({ authenticate: ({ token }) => token as string });
    const first = await world.join({ auth: 'me' });
    const other = await world.join({ auth: 'you', n: 2, ...first.resumption() });
    expect(other.closedWith?.code).toBe(4403);
    expect(first.closedWith).toBeNull();
  });

  test('another epoch, or more received than was sent, begins a new session and ends the old one', async () => {
    const world = new World();
    for (const wrong of [{ epoch: 'another' }, { received: 1 }]) {
      const first = await world.join();
      const second = await world.join({ n: 2, ...first.resumption(), ...wrong });
      expect(second.welcome.resumed).toBe(false);
      expect(second.welcome.lost).toEqual({ reason: 'unknown-session', from: (wrong.received ?? 0) + 1, to: null });
      expect(first.closedWith?.code).toBe(4409);
      expect(world.engine.sessions.has(first.welcome.session)).toBe(false);
    }
  });

  test('an unknown session is told as lost', async () => {
    const world = new World();
    const connection = await world.join({ session: 's', key: 'k', epoch: 'e', received: 4 });
    expect(connection.welcome).toMatchObject({
      resumed: false,
      offset: 0,
      lost: { reason: 'unknown-session', from: 5, to: null },
    });
  });

  test('a session expires after its time without a socket, not before', async () => {
    const world = new World({ limits: { sessionTtlMs: 1_000 } });
    const first = await world.join();
    first.drop();
    await world.advance(999);
    const second = await world.join({ n: 2, ...first.resumption() });
    expect(second.welcome.resumed).toBe(true);
    second.drop();
    await world.advance(1_000);
    const third = await world.join({ n: 3, ...second.resumption() });
    expect(third.welcome.resumed).toBe(false);
    expect(world.sessions[0]?.send('nobody')).toBe(0);
  });
});

describe('server messages', () => {
  test('are numbered, joined per turn, and sent again after the last one received', async () => {
    const world = new World();
    const first = await world.join();
    const session = world.sessions[0]!;
    first.texts.length = 0;
    expect([session.send({ a: 1 }), session.send('two'), session.send(null)]).toEqual([1, 2, 3]);
    await world.settle();
    expect(first.texts).toEqual(['["m",1,{"a":1}]\n["m",2,"two"]\n["m",3,null]']);
    first.drop();
    expect(session.isConnected).toBe(false);
    session.send('four');
    const second = await world.join({ n: 2, ...first.resumption(2) });
    expect(second.welcome).toMatchObject({ resumed: true, offset: 2 });
    expect(second.ofKind('m').map(({ offset }) => offset)).toEqual([3, 4]);
    second.raw('["a",4]');
    const third = await world.join({ n: 3, ...second.resumption(4) });
    expect(third.ofKind('m')).toEqual([]);
  });

  test('what the replay buffer could not keep is told as lost, and the session goes on', async () => {
    const world = new World({ limits: { replay: { messages: 2, bytes: 1_000, ageMs: 1_000 } } });
    const first = await world.join();
    const session = world.sessions[0]!;
    session.send('one');
    await world.settle();
    first.drop();
    for (const text of ['two', 'three', 'four', 'five']) session.send(text);
    const second = await world.join({ n: 2, ...first.resumption(1) });
    expect(second.welcome).toMatchObject({
      resumed: true,
      offset: 3,
      lost: { reason: 'buffer-overflow', from: 2, to: 3 },
    });
    expect(second.ofKind('m').map(({ payload }) => payload)).toEqual(['four', 'five']);
  });

  test('bytes go both ways, in order with text, in as few messages as their order allows', async () => {
    const world = new World();
    const connection = await world.join({ producers: [['p', 1, 1, 0]] });
    connection.raw(encode.message(0, 1, '"a"'));
    connection.raw(joinBinary([2, 3].map((seq) => messageFrame(Uint8Array.of(seq, 255), 0, seq) as BinaryFrame)));
    connection.raw(encode.message(0, 4, '"b"'));
    await world.settle();
    expect(world.runs.map(({ data }) => data)).toEqual(['a', Uint8Array.of(2, 255), Uint8Array.of(3, 255), 'b']);
    expect(connection.acknowledged()).toBe(4);
    const bytes = Uint8Array.of(1, 2, 3, 4);
    const [session] = world.sessions;
    connection.texts.length = 0;
    for (const data of ['c', bytes.subarray(1, 3), bytes.buffer, new DataView(bytes.buffer, 3), 'd'])
      session?.send(data);
    bytes.fill(0);
    await world.settle();
    expect(connection.ofKind('m').map(({ payload }) => payload)).toEqual([
      'c',
      Uint8Array.of(2, 3),
      Uint8Array.of(1, 2, 3, 4),
      Uint8Array.of(4),
      'd',
    ]);
    expect(connection.texts.map((text) => text.startsWith('bytes'))).toEqual([false, true, false]);
  });

  test('bytes that the client does not have are replayed, and count as bytes', async () => {
    const world = new World({ limits: { replay: { messages: 100, bytes: 100, ageMs: 3_600_000 } } });
    const first = await world.join({ producers: [['p', 1, 1, 0]] });
    const [session] = world.sessions;
    for (let k = 1; k <= 3; k += 1) session?.send(new Uint8Array(50).fill(k));
    expect(() => session?.send(new Uint8Array(101))).toThrow(/101 bytes/);
    const buffer = new ArrayBuffer(1);
    structuredClone(buffer, { transfer: [buffer] });
    expect(() => session?.send(buffer)).toThrow(TypeError);
    first.drop();
    const second = await world.join({ n: 2, ...first.resumption() });
    expect(second.welcome.lost).toEqual({ reason: 'buffer-overflow', from: 1, to: 1 });
    expect(second.ofKind('m').map(({ payload }) => (payload as Uint8Array)[0])).toEqual([2, 3]);
  });

  test('bytes count in the limit and in the window as they are', async () => {
    const world = new World({ limits: { messageBytes: 100, window: { messages: 10, bytes: 150 } } });
    world.holds = true;
    const send = (connection: ScriptedConnection, seq: number, length: number): void =>
      connection.raw(joinBinary([messageFrame(new Uint8Array(length), 0, seq) as BinaryFrame]));
    const connection = await world.join({ producers: [['p', 1, 1, 0]] });
    send(connection, 1, 100);
    send(connection, 2, 50);
    expect(connection.closedWith).toBeNull();
    send(connection, 3, 1);
    expect(connection.closedWith?.code).toBe(1002);
    const other = await world.join({ client: 'other', producers: [['p', 1, 1, 0]] });
    send(other, 1, 101);
    expect(other.closedWith?.code).toBe(1009);
  });

  test('the replay buffer is bounded in bytes, too, and one message above it is refused at the call', async () => {
    const world = new World({ limits: { replay: { messages: 100, bytes: 100, ageMs: 1_000 } } });
    const first = await world.join();
    const session = world.sessions[0]!;
    expect(() => session.send('x'.repeat(49))).toThrow(RangeError);
    expect(() => session.send(undefined as never)).toThrow(TypeError);
    session.send('x'.repeat(48));
    session.send('y');
    first.drop();
    const second = await world.join({ n: 2, ...first.resumption(0) });
    expect(second.ofKind('m').map(({ offset }) => offset)).toEqual([2]);
  });

  test('what became too old in the replay buffer is told as expired', async () => {
    const world = new World({ limits: { replay: { messages: 3, bytes: 1_000, ageMs: 1_000 } } });
    const first = await world.join();
    const session = world.sessions[0]!;
    first.drop();
    session.send('one');
    await world.advance(600);
    session.send('two');
    await world.advance(400);
    const second = await world.join({ n: 2, ...first.resumption(0) });
    expect(second.welcome.lost).toEqual({ reason: 'buffer-expired', from: 1, to: 1 });
    expect(second.ofKind('m').map(({ payload }) => payload)).toEqual(['two']);
    second.drop();
    for (const text of ['three', 'four', 'five']) session.send(text);
    const third = await world.join({ n: 3, ...second.resumption(1) });
    expect(third.welcome.lost).toEqual({ reason: 'buffer-overflow', from: 2, to: 2 });
  });

  test('an acknowledgement above every offset breaks the protocol', async () => {
    const world = new World();
    const connection = await world.join();
    world.sessions[0]?.send('one');
    connection.raw('["a",2]');
    expect(connection.closedWith?.code).toBe(1002);
  });

  test('a slow client is dropped; its session stays', async () => {
    const world = new World({ limits: { bufferedBytes: 10 } });
    const connection = await world.join();
    connection.bufferedAmount = 11;
    world.sessions[0]?.send('more');
    await world.settle();
    expect(connection.isTerminated).toBe(true);
    const second = await world.join({ n: 2, ...connection.resumption() });
    expect(second.ofKind('m')).toHaveLength(1);
  });

  test('big frames travel alone, small ones together up to 16 KiB', async () => {
    const world = new World();
    const connection = await world.join();
    connection.texts.length = 0;
    for (const length of [10, 20_000, 10, 10_000, 10_000]) world.sessions[0]?.send('x'.repeat(length));
    await world.settle();
    expect(connection.texts.map((text) => text.split('\n').length)).toEqual([1, 1, 2, 1]);
  });

  test('what onSession sends comes after the welcome', async () => {
    const world = new World({ onSession: (session) => void session.send('hello') });
    const connection = await world.join();
    expect(connection.frames.map(({ kind }) => kind)).toEqual(['welcome', 'm']);
  });
});

describe('the app ends a session', () => {
  test('its socket closes with the given code, its run aborts, and what has not started is dropped', async () => {
    const world = new World();
    world.holds = true;
    const connection = await world.join({ producers: [['p', 1, 1, 0]] });
    connection.m(0, 1);
    connection.m(0, 2);
    await world.settle();
    const [run] = world.held;
    run?.session.close(4001, 'bye');
    expect(connection.closedWith).toEqual({ code: 4001, reason: 'bye' });
    expect(run?.message.signal.aborted).toBe(true);
    run?.succeed();
    await world.settle();
    expect(world.runs.map(({ id }) => id)).toEqual(['p:1']);
    expect(world.engine.sessions.size).toBe(0);
    expect(run?.session.send('late')).toBe(0);
    run?.session.close();
    expect(() => run?.session.close(1002)).toThrow(RangeError);
  });
});

describe('heartbeat', () => {
  test('silence after a ping closes with 4408', async () => {
    const world = new World();
    const connection = await world.join();
    while (connection.ofKind('p').length === 0) await world.advance(100);
    expect(connection.closedWith).toBeNull();
    await world.advance(5_100);
    expect(connection.closedWith?.code).toBe(4408);
    await world.advance(2_000);
    expect(connection.isTerminated).toBe(true);
    expect(world.engine.sessions.size).toBe(1);
  });

  test('any frame is a sign of life', async () => {
    const world = new World();
    const connection = await world.join();
    for (let asked = 0, rounds = 0; rounds < 600; rounds += 1) {
      await world.advance(100);
      const pings = connection.ofKind('p').length;
      if (pings > asked) connection.raw('["error",{"code":"ODD","message":"no answer, and yet a sign"}]');
      asked = pings;
    }
    expect(connection.ofKind('p').length).toBeGreaterThan(2);
    expect(connection.closedWith).toBeNull();
  });
});

describe('close', () => {
  test('waits for running handlers, acknowledges, closes with 1012 and leaves nothing', async () => {
    const world = new World();
    world.holds = true;
    const connection = await world.join({ producers: [['p', 1, 1, 0]] });
    const idle = await world.join({ client: 'other' });
    connection.m(0, 1);
    connection.m(0, 2);
    await world.settle();
    const closed = world.engine.close(1_000);
    connection.m(0, 3);
    await world.settle();
    expect(connection.closedWith).toBeNull();
    world.held[0]?.succeed();
    await world.settle();
    expect(connection.acknowledged()).toBe(1);
    expect([connection.closedWith?.code, idle.closedWith?.code]).toEqual([1012, 1012]);
    connection.drop();
    idle.drop();
    await closed;
    expect(world.runs).toHaveLength(1);
    expect(world.timers).toBe(0);
    expect(world.engine.sessions.size).toBe(0);
    const late = world.connect();
    expect(late.closedWith?.code).toBe(1012);
    expect(world.engine.close(0)).toBe(world.engine.close(0));
  });

  test('past the grace signals abort; a handler that never ends leaves its producer dirty', async () => {
    const store = sharedStore();
    const world = new World({ store });
    world.holds = true;
    const connection = await world.join({
      producers: [
        ['stuck', 1, 1, 0],
        ['heeds', 1, 1, 0],
      ],
    });
    connection.m(0, 1);
    connection.m(1, 1);
    await world.settle();
    const heeds = world.held[1]!;
    heeds.message.signal.addEventListener('abort', () => heeds.fail(new Error('aborted')));
    const closed = world.engine.close(1_000);
    await world.advance(999);
    expect(heeds.message.signal.aborted).toBe(false);
    await world.advance(1);
    expect(heeds.message.signal.aborted).toBe(true);
    await world.advance(10_000);
    await closed;
    expect(connection.isTerminated).toBe(true);
    expect(world.timers).toBe(0);
    expect(connection.ofKind('a')).toEqual([]);
    // Too late: nobody is told, and the next server marks it.
    world.held[0]?.succeed();
    await world.settle();
    const next = new World({ store });
    const again = await next.join({
      producers: [
        ['stuck', 1, 2, 1],
        ['heeds', 1, 2, 1],
      ],
    });
    again.m(0, 1);
    again.m(1, 1);
    await next.settle();
    expect(next.runs).toMatchObject([
      { id: 'stuck:1', redelivered: true },
      { id: 'heeds:1', redelivered: false },
    ]);
  });
});

test('a callback that throws is reported and hurts nobody', async () => {
  const world = new World({
    onSession: () => {
      throw new Error('app fault');
    },
  });
  const connection = await world.join();
  expect(connection.welcome.resumed).toBe(false);
  expect(connection.closedWith).toBeNull();
  expect(world.names).toContain('listener.failed');
});
