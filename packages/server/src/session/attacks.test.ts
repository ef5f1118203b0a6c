import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { encode, type Json } from '@holdfast/core/protocol';
import { describe, expect, test } from 'vitest';
import { World, type ScriptedConnection } from './engine.fixture.ts';
import { Refuse } from './errors.ts';
import { memoryStore } from '../stores/memory-store.ts';

// Each test is an attack. What the victim has must stay as it was, and what the attacker leaves behind must be bounded.

const NEVER = { intervalMs: 1e12, timeoutMs: 1e12 };
/** Everybody is who the token says. */
const aWorld = (options: ConstructorParameters<typeof World>[0] = {}): World =>
  new World({ authenticate: ({ token }) => token ?? 'nobody', heartbeat: NEVER, ...options });

describe('a stolen session', () => {
  const theft = async (changes: object, as = 'victim') => {
    const world = aWorld();
    const victim = await world.join({ auth: 'victim', client: 'install', producers: [['p', 1, 1, 0]] });
    world.sessions[0]?.send('for the victim');
    await world.settle();
    const thief = await world.join({ auth: as, client: 'install', n: 9, ...victim.resumption(), ...changes });
    await world.settle();
    return { world, victim, thief };
  };
  const isUnharmed = async ({ world, victim }: { world: World; victim: ScriptedConnection }): Promise<void> => {
    expect(victim.closedWith).toBeNull();
    victim.m(0, 1);
    await world.settle();
    expect(victim.acknowledged()).toBe(1);
  };

  test.each([
    ['a guessed key', { key: 'guessed' }],
    ['the key of the prototype', { key: '__proto__' }],
    ['a guessed id', { session: 'random-999' }],
    ['another install', { client: 'other' }],
  ])('with %s is a session of its own, and gets nothing', async (_name, changes) => {
    const scene = await theft(changes);
    expect(scene.thief.welcome).toMatchObject({ resumed: false });
    expect(scene.thief.welcome.session).not.toBe(scene.victim.welcome.session);
    expect(scene.thief.ofKind('m')).toEqual([]);
    await isUnharmed(scene);
  });

  test('with everything but the identity is refused for good', async () => {
    const scene = await theft({}, 'thief');
    expect([scene.thief.closedWith?.code, scene.thief.frames.map(({ kind }) => kind)]).toEqual([4403, ['error']]);
    await isUnharmed(scene);
  });

  test('with a key of before is none: each resume makes a new one, and the last two alone count', async () => {
    const world = aWorld();
    const first = await world.join({ auth: 'victim' });
    const second = await world.join({ auth: 'victim', n: 2, ...first.resumption() });
    const third = await world.join({ auth: 'victim', n: 3, ...second.resumption() });
    const thief = await world.join({ auth: 'victim', n: 4, ...first.resumption() });
    expect([third.welcome.resumed, thief.welcome.resumed, third.closedWith]).toEqual([true, false, null]);
  });

  test('keys are compared in constant time, whatever their length', async () => {
    const compared: [string, string][] = [];
    const world = aWorld();
    world.environment.equalSecrets = (left, right) => {
      compared.push([left, right]);
      return left === right;
    };
    const victim = await world.join({ auth: 'victim' });
    await world.join({ auth: 'victim', n: 2, ...victim.resumption(), key: 'x' });
    expect(compared).toEqual([['x', victim.welcome.key]]);
  });
});

describe('a replay', () => {
  test('of a hello takes nothing and ends nothing', async () => {
    const world = aWorld();
    const first = await world.join({ auth: 'victim' });
    const hello = { auth: 'victim', n: 2, ...first.resumption() };
    const second = await world.join(hello);
    const replayed = await world.join(hello);
    expect([second.closedWith, replayed.closedWith?.code, replayed.ofKind('welcome')]).toEqual([null, 4409, []]);
  });

  test('of messages runs none of them twice', async () => {
    const world = aWorld();
    const connection = await world.join({ auth: 'victim', producers: [['p', 1, 1, 0]] });
    connection.m(0, 1);
    connection.m(0, 1);
    await world.settle();
    expect([world.runs.length, connection.closedWith?.code]).toEqual([1, 1002]);
  });

  test('of an acknowledgement, and one of what was never said, change nothing', async () => {
    const world = aWorld();
    const connection = await world.join({ auth: 'victim' });
    world.sessions[0]?.send(1);
    await world.settle();
    for (const offset of [1, 1, 0]) connection.raw(encode.received(offset));
    expect(connection.closedWith).toBeNull();
    connection.raw(encode.received(2));
    expect(connection.closedWith?.code).toBe(1002);
  });
});

describe("a victim's producer", () => {
  test.each([
    ['another identity', { auth: 'thief', client: 'install' }],
    ['another install of the same identity', { auth: 'victim', client: 'other' }],
  ])('named by %s is another producer: it learns nothing, moves nothing, forgets nothing', async (_name, who) => {
    const world = aWorld();
    const victim = await world.join({ auth: 'victim', client: 'install', producers: [['p', 1, 1, 0]] });
    victim.m(0, 1);
    await world.settle();
    const thief = await world.join({ ...who, producers: [['p', 1, 1, 0]] });
    expect(thief.welcome.taken).toEqual([null]);
    for (const seq of [1, 2, 3]) thief.m(0, seq, 'forged');
    await world.settle();
    thief.raw(encode.fin('p'));
    await world.settle();
    victim.m(0, 2);
    await world.settle();
    expect([victim.closedWith, victim.acknowledged()]).toEqual([null, 2]);
    const again = await world.join({ auth: 'victim', client: 'install', n: 2, producers: [['p', 1, 3, 2]] });
    expect(again.welcome.taken).toEqual([[2, []]]);
  });

  test('names can be glued together to none', async () => {
    const keys: string[] = [];
    const world = aWorld({ onMessage: ({ producer }) => void keys.push(producer) });
    for (const [auth, client, id] of [
      ['a', 'b', 'c'],
      ['a","b', 'c', 'c'],
      ['a', 'b","c', 'c'],
      ['a', 'b', 'c"]'],
    ] as const) {
      const connection = await world.join({ auth, client, producers: [[id, 1, 1, 0]] });
      connection.m(0, 1);
      await world.settle();
    }
    expect(new Set(keys).size).toBe(4);
  });
});

/** Bytes, without the garbage: how much of that there is depends on when it was last collected. */
function heapInUse(): number {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  return process.memoryUsage().heapUsed;
}

describe('memory', () => {
  test('withdrawals take none, however many come while a handler runs', async () => {
    const world = aWorld({ limits: { framesPerSecond: 1_000_000 } });
    world.holds = true;
    const connection = await world.join({ producers: [['p', 1, 1, 0]] });
    connection.m(0, 1);
    await world.settle();
    const before = heapInUse();
    for (let seq = 2; seq < 300_000; seq += 10) {
      connection.raw(Array.from({ length: 10 }, (_, index) => encode.skip(0, seq + index)).join('\n'));
    }
    // An entry each would be some 15 MB.
    expect(heapInUse() - before).toBeLessThan(5_000_000);
    world.held[0]?.succeed();
    await world.settle();
    expect([connection.acknowledged(), connection.closedWith]).toEqual([300_001, null]);
  });

  test('one connection lists a bounded number of producers over its life', async () => {
    const world = aWorld({ limits: { producers: 20 } });
    const connection = await world.join();
    let listed = 0;
    while (connection.closedWith === null && listed < 1_000) {
      const ids = Array.from({ length: 20 }, (_, place) => `p${listed + place}`);
      connection.raw(encode.producers(ids.map((id) => [id, 1, 1, 0] as const)));
      await world.settle();
      connection.raw(ids.map((id) => encode.fin(id)).join('\n'));
      await world.settle();
      listed += 20;
    }
    expect([connection.closedWith?.code, listed]).toEqual([1008, 340]);
  });

  test('without identities one client uses up nothing of another', async () => {
    const store = memoryStore({ now: () => 0 });
    const world = new World({ store, heartbeat: NEVER, limits: { producersPerIdentity: 3, sessionsPerIdentity: 2 } });
    const honest = await world.join({ client: 'honest', producers: [['mine', 1, 1, 0]] });
    honest.m(0, 1);
    await world.settle();
    honest.drop();
    for (let n = 1; n < 20; n += 1) {
      const flood = await world.join({ client: 'flood', n, producers: [[`p${n}`, 1, 1, 0]] });
      flood.drop();
      await world.settle();
    }
    const again = await world.join({ client: 'honest', n: 2, ...honest.resumption(), producers: [['mine', 1, 2, 1]] });
    expect(again.welcome).toMatchObject({ resumed: true, taken: [[1, []]] });
    expect(world.engine.sessions.size).toBeLessThanOrEqual(4);
  });

  test('producers of all clients together are bounded: the one idle for longest goes first', async () => {
    const store = memoryStore({ now: () => 0 });
    const world = new World({ store, heartbeat: NEVER, limits: { producersTotal: 5 } });
    for (let n = 0; n < 20; n += 1) (await world.join({ client: `flood ${n}`, producers: [['p', 1, 1, 0]] })).drop();
    await world.settle();
    expect((await store.surplus(null, 0)).length).toBeLessThanOrEqual(6);
    expect(world.engine.metrics().limits.producersTotal).toBeGreaterThan(0);
  });

  test('messages that nobody acknowledges are bounded', async () => {
    const world = aWorld({ limits: { replay: { messages: 10, bytes: 1_000_000, ageMs: 1e9 } } });
    const deaf = await world.join({ auth: 'deaf' });
    for (let k = 0; k < 1_000; k += 1) world.sessions[0]?.send(k);
    await world.settle();
    const again = await world.join({ auth: 'deaf', n: 2, ...deaf.resumption() });
    expect([again.ofKind('m').length, again.welcome.lost]).toEqual([
      10,
      { reason: 'buffer-overflow', from: 1, to: 990 },
    ]);
  });

  test.each([
    ['a deep payload', `["m",0,1,${'['.repeat(100_000)}${']'.repeat(100_000)}]`, null],
    ['a payload above its limit', `["m",0,1,"${'x'.repeat(300_000)}"]`, 1009],
    ['a deep frame', '['.repeat(100_000), 1002],
    ['many lines', '\n'.repeat(300_000), 1002],
    ['many tiny frames', Array.from({ length: 40_000 }, () => '["p",0]').join('\n'), 4429],
    [
      'a long list of producers',
      JSON.stringify(['producers', Array.from({ length: 5_000 }, (_, n) => [`${n}`, 1, 1, 0])]),
      1002,
    ],
    ['many messages', Array.from({ length: 5_000 }, (_, n) => encode.message(0, n + 1, '0')).join('\n'), 1002],
  ])('%s is judged, and the next client does not notice', async (_name, text, code) => {
    const world = aWorld({ onMessage: () => new Promise(() => {}) });
    const connection = await world.join({ auth: 'attacker', producers: [['p', 1, 1, 0]] });
    connection.raw(text);
    await world.settle();
    expect(connection.closedWith?.code ?? null).toBe(code);
    expect((await world.join({ auth: 'honest', client: 'honest' })).welcome.resumed).toBe(false);
  });
});

describe('names of the prototype', () => {
  const names = ['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty'];

  test('are names like any other', async () => {
    const world = aWorld();
    for (const name of names) {
      const connection = await world.join({ auth: name, client: name, producers: [[name, 1, 1, 0]] });
      connection.m(0, 1);
      await world.settle();
      const again = await world.join({
        auth: name,
        client: name,
        n: 2,
        ...connection.resumption(),
        producers: [[name, 1, 2, 1]],
      });
      expect(again.welcome).toMatchObject({ resumed: true, taken: [[1, []]] });
      const strange = await world.join({
        auth: name,
        client: name,
        n: 3,
        session: name,
        key: name,
        epoch: name,
        received: 0,
      });
      expect(strange.welcome.resumed).toBe(false);
    }
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });

  test('in payloads and details are data, and reach no prototype', async () => {
    const seen: unknown[] = [];
    const details = JSON.parse('{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}') as {
      [key: string]: Json;
    };
    const world = aWorld({
      onMessage: ({ data }) => {
        seen.push(data);
        throw new Refuse('no', { code: '__proto__', details });
      },
    });
    const connection = await world.join({ producers: [['p', 1, 1, 0]] });
    connection.raw('["m",0,1,{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}]');
    connection.raw('["error",{"code":"__proto__","message":"m","details":{"__proto__":{"polluted":true}}}]');
    connection.raw('["a",0,{"__proto__":null}]');
    await world.settle();
    expect(JSON.stringify(seen)).toBe(
      '[{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}]',
    );
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
    expect(Object.getPrototypeOf(seen[0])).toBe(Object.prototype);
  });

  test('as fields of a hello are not taken from a prototype', async () => {
    const world = aWorld();
    const connection = world.connect();
    connection.raw('["hello",{"__proto__":{"v":1,"client":"c","n":1,"producers":[]}}]');
    expect(connection.closedWith?.code).toBe(1002);
  });
});

/** The records as an app may log them: without what it has thrown itself. */
const written = (world: World): string => JSON.stringify(world.records.map((record) => ({ ...record, cause: null })));

describe('the log', () => {
  test('gets no line of an attacker, whatever he puts into names and words', async () => {
    const evil = 'x\n2026-01-01 ERROR all is lost\r\u001b[31m\u2028\u202e\u0000';
    const world = aWorld({
      onMessage: () => {
        throw new Error('no');
      },
      limits: { handlerRetries: 0 },
    });
    const connection = await world.join({
      auth: evil,
      client: evil.slice(0, 60),
      producers: [[evil.slice(0, 60), 1, 1, 0]],
    });
    connection.m(0, 1);
    connection.raw(JSON.stringify(['error', { code: evil.slice(0, 60), message: evil }]));
    await world.settle();
    connection.raw(JSON.stringify(['m', evil, 1, 1]));
    await world.settle();
    const texts = written(world);
    expect(world.names).toEqual(expect.arrayContaining(['client.reported', 'handler.failed', 'connection.failed']));
    // As JSON a raw control character would be an escape of one backslash; what is escaped already has two.
    expect(texts).not.toMatch(/(?<!\\)\\[nr]|(?<!\\)\\u00|[\u2028\u202e]/);
    expect(texts).toContain('all is lost');
  });

  test('gets neither tokens nor keys nor payloads', async () => {
    const world = aWorld({ limits: { handlerRetries: 0 } });
    const victim = await world.join({ auth: 'secret-token', producers: [['p', 1, 1, 0]] });
    victim.m(0, 1, 'secret-payload');
    victim.raw(encode.auth('secret-other'));
    await world.settle();
    victim.raw('["m",0,7,"secret-payload"]');
    await world.settle();
    const texts = written(world);
    expect(texts.replaceAll('hash-of-secret-token', '')).not.toContain('secret');
    expect(texts).not.toContain(victim.welcome.key);
  });
});
