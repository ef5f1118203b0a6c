import { describe, expect, test } from 'vitest';
import { memoryUserQueues } from '../stores/memory-user-queues.ts';
import type { UserQueueStore } from '../stores/ports.ts';
import { World, type HelloOptions, type ScriptedConnection } from './engine.fixture.ts';
import type { EngineOptions } from './engine.ts';
import { DEFAULT_LIMITS } from './limits.ts';

/** A world whose clients are who they say they are. */
function worldOf(options: Partial<EngineOptions> = {}): World {
  return new World({ authenticate: ({ token }) => token ?? 'nobody', ...options });
}

const heard = (connection: ScriptedConnection): unknown[] => connection.ofKind('m').map(({ payload }) => payload);
const drops = (world: World): unknown[] =>
  world.records.filter(({ name }) => name === 'user-queue.dropped').map(({ details }) => details);

/** Joins as a user, in a page of its own unless a session is resumed. */
function join(world: World, auth: string, hello: HelloOptions = {}): Promise<ScriptedConnection> {
  return world.join({ auth, ...hello });
}

describe('sendTo', () => {
  test('reaches every session of the user, and nobody else', async () => {
    const world = worldOf();
    const [a, b, other] = [await join(world, 'me'), await join(world, 'me'), await join(world, 'you')];
    expect(await world.engine.sendTo('me', { n: 1 })).toBe('sent');
    await world.settle();
    expect([heard(a), heard(b), heard(other)]).toEqual([[{ n: 1 }], [{ n: 1 }], []]);
  });

  test('without a session it waits for the next one, in order, behind what the app says first', async () => {
    const world = worldOf({ onSession: (session) => void session.send('hello') });
    const sent = ['one', 'two', 'three'].map((text) => world.engine.sendTo('me', text));
    expect(await Promise.all(sent)).toEqual(['queued', 'queued', 'queued']);
    const connection = await join(world, 'me');
    expect(heard(connection)).toEqual(['hello', 'one', 'two', 'three']);
    expect(connection.ofKind('m').map(({ offset }) => offset)).toEqual([1, 2, 3, 4]);
    connection.raw('["a",4]');
    await world.settle();
    expect(heard(await join(world, 'me'))).toEqual(['hello']);
  });

  test('bytes wait beside JSON, as they were at the call', async () => {
    const world = worldOf();
    const bytes = Uint8Array.of(1, 2, 3);
    await world.engine.sendTo('me', 'one');
    const sent = world.engine.sendTo('me', bytes.subarray(1));
    bytes.fill(0);
    await sent;
    await world.engine.sendTo('me', 'three');
    expect(heard(await join(world, 'me'))).toEqual(['one', Uint8Array.of(2, 3), 'three']);
  });

  test('leaves the queue by the acknowledgement of its offset only', async () => {
    const world = worldOf();
    for (const text of ['one', 'two', 'three']) await world.engine.sendTo('me', text);
    const first = await join(world, 'me');
    first.raw('["a",1]');
    // The page ends for good before it could acknowledge the others.
    first.drop(1000);
    const second = await join(world, 'me');
    expect(heard(second)).toEqual(['two', 'three']);
    second.raw('["a",2]');
    await world.settle();
    expect(heard(await join(world, 'me'))).toEqual([]);
  });

  test('what was sent is kept for the next session, though a session was there and ended', async () => {
    const world = worldOf({ limits: { sessionTtlMs: 1_000 } });
    const first = await join(world, 'me');
    expect(await world.engine.sendTo('me', 'one')).toBe('sent');
    first.drop();
    expect(await world.engine.sendTo('me', 'two')).toBe('queued');
    await world.advance(1_000);
    expect(world.engine.sessions.size).toBe(0);
    expect(heard(await join(world, 'me'))).toEqual(['one', 'two']);
  });

  test('a session that resumes gets each once, what was sent meanwhile included', async () => {
    const world = worldOf();
    const first = await join(world, 'me');
    for (const text of ['one', 'two']) await world.engine.sendTo('me', text);
    await world.settle();
    first.drop();
    await world.engine.sendTo('me', 'three');
    // It had the first, and its acknowledgement was lost: the hello says so.
    const second = await join(world, 'me', { n: 2, ...first.resumption(1) });
    expect(heard(second)).toEqual(['two', 'three']);
    expect(second.ofKind('m').map(({ offset }) => offset)).toEqual([2, 3]);
    second.raw('["a",3]');
    await world.settle();
    expect(heard(await join(world, 'me'))).toEqual([]);
  });

  test('what one session has acknowledged still reaches the other that is away', async () => {
    const world = worldOf();
    const [away, here] = [await join(world, 'me'), await join(world, 'me')];
    away.drop();
    for (const text of ['one', 'two']) await world.engine.sendTo('me', text);
    await world.settle();
    here.raw('["a",2]');
    await world.settle();
    const back = await join(world, 'me', { n: 2, ...away.resumption(0) });
    expect(heard(back)).toEqual(['one', 'two']);
    expect(heard(await join(world, 'me'))).toEqual([]);
  });

  test('what falls out of the replay buffer comes behind the gap, in order, and the rest keeps its offsets', async () => {
    const world = worldOf({ limits: { replay: { messages: 6, bytes: 10_000, ageMs: 100_000 } } });
    const first = await join(world, 'me');
    const session = world.sessions[0]!;
    for (const text of ['one', 'two', 'three']) {
      session.send(`before ${text}`);
      await world.engine.sendTo('me', text);
    }
    await world.settle();
    first.drop();
    for (const text of ['a', 'b', 'c']) session.send(text);
    const second = await join(world, 'me', { n: 2, ...first.resumption(0) });
    expect(second.welcome).toMatchObject({ offset: 3, lost: { reason: 'buffer-overflow', from: 1, to: 3 } });
    const got = second.ofKind('m').map(({ offset, payload }) => [offset, payload]);
    expect(got).toEqual([
      [4, 'one'],
      [5, 'before three'],
      [6, 'two'],
      [7, 'a'],
      [8, 'b'],
      [9, 'c'],
      [10, 'three'],
    ]);
    second.raw('["a",6]');
    await world.settle();
    expect(heard(await join(world, 'me'))).toEqual(['three']);
  });

  test('what falls out of the replay buffer takes the place of what has expired behind it', async () => {
    const world = worldOf({ limits: { replay: { messages: 6, bytes: 10_000, ageMs: 100_000 } } });
    const other = await join(world, 'me');
    other.drop();
    const first = await join(world, 'me');
    const session = world.sessions[1]!;
    for (const text of ['one', 'two', 'short']) {
      session.send(`before ${text}`);
      await world.engine.sendTo('me', text, text === 'short' ? { ttlMs: 1_000 } : {});
    }
    await world.settle();
    first.drop();
    for (const text of ['a', 'b', 'c']) session.send(text);
    await world.advance(1_000);
    // Found out of date on its way to another session.
    expect(heard(await join(world, 'me', { n: 2, ...other.resumption(0) }))).toEqual(['one', 'two']);
    await world.engine.sendTo('me', 'four');
    const second = await join(world, 'me', { n: 2, ...first.resumption(0) });
    expect(second.ofKind('m').map(({ offset, payload }) => [offset, payload])).toEqual([
      [4, 'one'],
      [5, 'before short'],
      [6, 'two'],
      [7, 'a'],
      [8, 'b'],
      [9, 'c'],
      [10, 'four'],
    ]);
  });

  test('a backlog takes half of the replay buffer at most, and flows on with the acknowledgements', async () => {
    const world = worldOf({ limits: { replay: { messages: 8, bytes: 10_000, ageMs: 100_000 } } });
    for (let index = 0; index < 10; index += 1) await world.engine.sendTo('me', index);
    const connection = await join(world, 'me');
    expect(heard(connection)).toEqual([0, 1, 2, 3]);
    connection.raw('["a",2]');
    await world.settle();
    expect(heard(connection)).toEqual([0, 1, 2, 3, 4, 5]);
    connection.raw('["a",6]');
    await world.settle();
    expect(heard(connection)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  test('what waits expires, and is told: when it would travel, or when the queues are swept', async () => {
    const world = worldOf();
    await world.engine.sendTo('me', 'short', { ttlMs: 1_000 });
    await world.engine.sendTo('me', 'long', { ttlMs: 100_000 });
    await world.engine.sendTo('you', 'never', { ttlMs: 1_000 });
    await world.advance(1_000);
    expect(heard(await join(world, 'me'))).toEqual(['long']);
    expect(drops(world)).toEqual([{ identity: 'hash-of-me', reason: 'expired', count: 1 }]);
    await world.advance(300_000);
    expect(drops(world)).toContainEqual({ identity: 'hash-of-you', reason: 'expired', count: 1 });
  });

  test('what finds no room is dropped, told to the caller and as a record', async () => {
    const world = worldOf({
      limits: { userQueue: { messages: 2, bytes: 1_000, totalBytes: 10_000, ttlMs: 1_000 } },
    });
    const sent = [1, 2, 3].map((n) => world.engine.sendTo('me', n));
    expect(await Promise.all(sent)).toEqual(['queued', 'queued', 'dropped']);
    expect(drops(world)).toEqual([{ identity: 'hash-of-me', reason: 'overflow', count: 1 }]);
    // What has expired makes room.
    await world.advance(1_000);
    expect(await world.engine.sendTo('me', 4)).toBe('queued');
    expect(drops(world)).toContainEqual({ identity: 'hash-of-me', reason: 'expired', count: 2 });
    expect(heard(await join(world, 'me'))).toEqual([4]);
  });

  test('an id is taken once', async () => {
    const world = worldOf();
    const connection = await join(world, 'me');
    expect(await world.engine.sendTo('me', 'one', { id: 'x' })).toBe('sent');
    await world.settle();
    connection.raw('["a",1]');
    await world.settle();
    expect(await world.engine.sendTo('me', 'again', { id: 'x' })).toBe('duplicate');
    await world.settle();
    expect(heard(connection)).toEqual(['one']);
  });

  test('a server that is killed delivers again what it did not know to be acknowledged, to a new session', async () => {
    const userQueues = memoryUserQueues({ now: () => 0 });
    const killed = worldOf({ userQueues });
    const before = await join(killed, 'me');
    for (const text of ['one', 'two']) await killed.engine.sendTo('me', text);
    await killed.settle();
    before.raw('["a",1]');
    await killed.settle();
    expect(heard(before)).toEqual(['one', 'two']);
    const next = worldOf({ userQueues });
    const after = await join(next, 'me', { n: 2, ...before.resumption(2) });
    expect(after.welcome).toMatchObject({ resumed: false, lost: { reason: 'unknown-session' } });
    expect(heard(after)).toEqual(['two']);
  });

  test('a store that fails rejects the call; one that can’t be read is asked again', async () => {
    const working = memoryUserQueues({ now: () => 0 });
    let isBroken = true;
    const guard = <T>(call: () => Promise<T>): Promise<T> =>
      isBroken ? Promise.reject(new Error('the disk is full')) : call();
    const userQueues: UserQueueStore = {
      append: (...args) => guard(() => working.append(...args)),
      load: (...args) => guard(() => working.load(...args)),
      settle: (...args) => guard(() => working.settle(...args)),
      sweep: () => guard(() => working.sweep()),
    };
    const world = worldOf({ userQueues });
    await expect(world.engine.sendTo('me', 'lost')).rejects.toThrow('the disk is full');
    await working.append('me', { payload: '"one"', ttlMs: 1_000 }, DEFAULT_LIMITS.userQueue);
    const connection = await join(world, 'me');
    expect(world.names).toContain('store.failed');
    isBroken = false;
    expect(await world.engine.sendTo('me', 'two')).toBe('queued');
    await world.advance(1_000);
    expect(heard(connection)).toEqual(['one', 'two']);
    isBroken = true;
    connection.raw('["a",2]');
    await world.settle();
    expect(world.records.filter(({ name }) => name === 'store.failed')).toHaveLength(2);
    // At least once: nobody could write down that it was delivered.
    isBroken = false;
    connection.drop(1000);
    expect(heard(await join(world, 'me'))).toEqual(['one', 'two']);
  });

  test('sessions that come and go while the store takes its time lose nothing, double nothing', async () => {
    for (let delay = 0; delay < 12; delay += 1) {
      const working = memoryUserQueues({ now: () => 0 });
      const world = worldOf();
      const late = async <T>(call: Promise<T>): Promise<T> => {
        await new Promise<void>((resolve) => void world.environment.setTimer(3, resolve));
        return call;
      };
      const slow = worldOf({
        userQueues: {
          append: (...args) => late(working.append(...args)),
          load: (...args) => late(working.load(...args)),
          settle: (...args) => late(working.settle(...args)),
          sweep: () => working.sweep(),
        },
      });
      let connection: ScriptedConnection | null = null;
      const all: unknown[] = [];
      for (let now = 0; now < 30; now += 1) {
        if (now < 10) void slow.engine.sendTo('me', now);
        if (now % 7 === delay % 7) {
          // Acknowledges all that it heard, and ends.
          if (connection !== null) {
            const { length } = heard(connection);
            all.push(...heard(connection));
            if (length > 0) connection.raw(`["a",${length}]`);
            connection.drop(1000);
          }
          connection = await join(slow, 'me', { n: 1 + now });
        }
        await world.advance(1);
        await slow.advance(1);
      }
      all.push(...heard(connection as ScriptedConnection));
      expect(all).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    }
  });

  test('is checked at the call, and refused after close()', async () => {
    const world = worldOf();
    const { engine } = world;
    await expect(engine.sendTo('', 1)).rejects.toThrow(/^user must be a string of 1 to 256 characters/);
    await expect(engine.sendTo('me', undefined as never)).rejects.toThrow(
      /^sendTo takes bytes or what JSON can encode/,
    );
    await expect(engine.sendTo('me', 1, { ttlMs: 0 })).rejects.toThrow(/^ttlMs must be a whole number from 1 to/);
    await expect(engine.sendTo('me', 1, { id: '' })).rejects.toThrow(/^id must be a string of 1 to 128 characters/);
    await expect(engine.sendTo('me', 'x'.repeat(524_288))).rejects.toThrow(/no place in limits\.replay\.bytes/);
    expect(world.timers).toBe(1);
    await engine.sendTo('me', 1);
    const closed = engine.close(0);
    await world.advance(20_000);
    await closed;
    await expect(engine.sendTo('me', 1)).rejects.toThrow('sendTo was called after close()');
    expect(world.timers).toBe(0);
  });
});
