import { describe, expect, test } from 'vitest';
import { World, sharedStore } from './engine.fixture.ts';

describe('claims', () => {
  test('a reconnect waits for the running handler, drops what had not started, and its result counts', async () => {
    const world = new World();
    world.holds = true;
    const first = await world.join({ producers: [['p', 1, 1, 0]] });
    for (const seq of [1, 2, 3]) first.m(0, seq);
    await world.settle();
    const second = world.connect();
    second.hello({ n: 2, ...first.resumption(), producers: [['p', 1, 4, 3]] });
    await world.settle();
    expect(second.texts).toEqual([]);
    world.held[0]?.succeed();
    await world.settle();
    expect(second.welcome.taken).toEqual([[1, []]]);
    expect(world.runs).toHaveLength(1);
    second.m(0, 2);
    await world.settle();
    expect(world.runs.map(({ id, redelivered }) => [id, redelivered])).toEqual([
      ['p:1', false],
      ['p:2', false],
    ]);
    expect(first.acknowledged()).toBeUndefined();
  });

  test('with nobody there, what was received goes on, and the record leaves memory clean', async () => {
    const store = sharedStore();
    const world = new World({ store });
    world.holds = true;
    const first = await world.join({ producers: [['p', 1, 1, 0]] });
    first.m(0, 1);
    first.m(0, 2);
    await world.settle();
    first.drop();
    world.held[0]?.succeed();
    await world.settle();
    world.held[1]?.succeed();
    await world.settle();
    expect(await store.claim('["anonymous","client","p"]', 'anonymous')).toMatchObject({ taken: 2, isDirty: false });
  });

  test('two claims of one producer: the newer one owns it, the older must ask again when it sends', async () => {
    const world = new World();
    const first = await world.join({ producers: [['p', 1, 1, 0]] });
    first.m(0, 1);
    await world.settle();
    const second = await world.join();
    second.raw('["producers",[["p",2,3,1]]]');
    await world.settle();
    expect(second.ofKind('taken')).toEqual([{ kind: 'taken', taken: [[1, []]] }]);
    expect(first.closedWith).toBeNull();
    second.m(0, 2);
    first.m(0, 2);
    await world.settle();
    expect(world.runs.map(({ id }) => id)).toEqual(['p:1', 'p:2']);
    expect(first.closedWith?.code).toBe(1013);
    expect(second.closedWith).toBeNull();
  });

  test('a hello on an older socket takes nothing from a newer one', async () => {
    const world = new World();
    const older = world.connect();
    const newer = await world.join({ producers: [['p', 1, 1, 0]] });
    older.hello({ producers: [['p', 1, 1, 0]] });
    await world.settle();
    expect(older.closedWith?.code).toBe(1013);
    newer.m(0, 1);
    await world.settle();
    expect(newer.acknowledged()).toBe(1);
  });

  test('one whose claim was overtaken by a late one must ask again when that one is gone', async () => {
    const world = new World();
    world.holds = true;
    const older = await world.join();
    const newer = await world.join({ producers: [['p', 1, 2, 1]] });
    newer.m(0, 1);
    await world.settle();
    // The page before this one listed it, and was killed.
    older.raw('["producers",[["p",1,2,0]]]');
    await world.settle();
    world.held[0]?.succeed();
    await world.settle();
    // Nobody would send it again: the newer one has it in flight on a connection that lives.
    expect([newer.acknowledged(), newer.closedWith]).toEqual([undefined, null]);
    older.drop();
    await world.settle();
    expect(newer.closedWith?.code).toBe(1013);
    const next = await world.join({ producers: [['p', 1, 2, 1]] });
    expect(next.welcome.taken).toEqual([[1, []]]);
  });

  test('listed again on one connection, the new index counts and the old one is ignored', async () => {
    const world = new World();
    const connection = await world.join({ producers: [['p', 1, 1, 0]] });
    connection.raw('["producers",[["p",1,1,0]]]\n["m",0,1,"old"]');
    await world.settle();
    connection.m(1, 1, 'new');
    await world.settle();
    expect(world.runs.map(({ data }) => data)).toEqual(['new']);
    expect(connection.closedWith).toBeNull();
  });

  test('answers to producers come in the order of the questions', async () => {
    const world = new World();
    world.holds = true;
    const first = await world.join({ producers: [['slow', 1, 1, 0]] });
    first.m(0, 1);
    await world.settle();
    const second = await world.join();
    second.raw('["producers",[["slow",1,2,1]]]\n["producers",[["quick",1,1,0],["other",4,5,0]]]');
    await world.settle();
    expect(second.ofKind('taken')).toEqual([]);
    world.held[0]?.succeed();
    await world.settle();
    expect(second.ofKind('taken').map(({ taken }) => taken)).toEqual([[[1, []]], [null, null]]);
    // Where the server forgot, it goes on after what the client has settled.
    second.m(2, 4);
    await world.settle();
    expect(world.runs.at(-1)?.id).toBe('other:4');
  });

  test('a claim whose connection has gone by then takes nothing', async () => {
    const world = new World();
    world.holds = true;
    const first = await world.join({ producers: [['p', 1, 1, 0]] });
    first.m(0, 1);
    await world.settle();
    const gone = world.connect();
    gone.hello({ n: 2, ...first.resumption(), producers: [['p', 1, 2, 1]] });
    await world.settle();
    gone.drop();
    world.held[0]?.succeed();
    await world.settle();
    expect(gone.texts).toEqual([]);
    const third = await world.join({ n: 3, ...first.resumption(), producers: [['p', 1, 2, 1]] });
    expect(third.welcome).toMatchObject({ resumed: true, taken: [[1, []]] });
  });

  test('a claim that is overtaken while it waits hears what is true, and nothing of it is taken', async () => {
    const world = new World();
    world.holds = true;
    const first = await world.join({
      producers: [
        ['p', 1, 1, 0],
        ['slow', 1, 1, 0],
      ],
    });
    first.m(0, 1);
    first.m(1, 1);
    await world.settle();
    world.held[0]?.succeed();
    await world.settle();
    const second = world.connect();
    second.hello({
      n: 2,
      ...first.resumption(),
      producers: [
        ['p', 1, 2, 1],
        ['slow', 1, 2, 1],
      ],
    });
    await world.settle();
    const third = await world.join({ producers: [['p', 1, 2, 1]] });
    world.held[1]?.succeed();
    await world.settle();
    expect(second.welcome.taken).toEqual([
      [1, []],
      [1, []],
    ]);
    third.m(0, 2);
    await world.settle();
    expect(world.runs.at(-1)?.id).toBe('p:2');
    expect(second.closedWith).toBeNull();
    second.m(0, 2);
    expect(second.closedWith?.code).toBe(1013);
  });

  test('producers of other identities and clients are others', async () => {
    const world = new World({ authenticate: ({ token }) => token as string });
    const names = [
      ['me', 'client'],
      ['you', 'client'],
      ['me', 'another'],
    ] as const;
    for (const [auth, client] of names) {
      const connection = await world.join({ auth, client, producers: [['p', 1, 1, 0]] });
      connection.m(0, 1);
      await world.settle();
      expect(connection.acknowledged()).toBe(1);
    }
    expect(world.runs).toHaveLength(3);
  });

  test('fin forgets a producer, but not one that another connection has claimed', async () => {
    const store = sharedStore();
    const world = new World({ store });
    const first = await world.join({ producers: [['p', 1, 1, 0]] });
    first.m(0, 1);
    await world.settle();
    const second = await world.join({ producers: [['p', 2, 2, 1]] });
    first.raw('["fin","p"]');
    await world.settle();
    second.m(0, 2);
    await world.settle();
    expect(second.acknowledged()).toBe(2);
    second.raw('["fin","p"]');
    await world.settle();
    expect(await store.claim('["anonymous","client","p"]', 'anonymous')).toMatchObject({ taken: null });
  });

  test('fin for a log whose handler still runs waits for it', async () => {
    const store = sharedStore();
    const world = new World({ store });
    world.holds = true;
    const first = await world.join({ producers: [['p', 1, 1, 0]] });
    first.m(0, 1);
    await world.settle();
    first.drop();
    const second = await world.join();
    second.raw('["fin","p"]');
    await world.settle();
    world.held[0]?.succeed();
    await world.settle();
    expect(await store.claim('["anonymous","client","p"]', 'anonymous')).toMatchObject({ taken: null, fence: 1 });
  });

  test('past the cap the producer of the identity that was idle longest is forgotten', async () => {
    const store = sharedStore();
    const world = new World({ store, limits: { producersPerIdentity: 2 } });
    const live = await world.join({ producers: [['live', 1, 1, 0]] });
    for (const id of ['a', 'b', 'c']) {
      const connection = await world.join({ producers: [[id, 1, 1, 0]] });
      connection.m(0, 1);
      await world.settle();
      connection.drop();
      await world.settle();
    }
    const taken = await Promise.all(
      ['a', 'b', 'c'].map(async (id) => (await store.claim(`["anonymous","client","${id}"]`, 'anonymous')).taken),
    );
    expect(taken).toEqual([null, 1, 1]);
    live.m(0, 1);
    await world.settle();
    expect(live.acknowledged()).toBe(1);
  });

  test('producers that nobody uses are forgotten after their time, while the server runs', async () => {
    const day = 86_400_000;
    const world = new World({ limits: { producerTtlMs: 2 * day, sessionTtlMs: 1 } });
    const first = await world.join({ producers: [['p', 1, 1, 0]] });
    first.m(0, 1);
    await world.settle();
    first.drop();
    await world.advance(2 * day - 1);
    const second = await world.join({ producers: [['p', 2, 2, 1]] });
    expect(second.welcome.taken).toEqual([[1, []]]);
    second.drop();
    await world.advance(2 * day + 3_600_000);
    const third = await world.join({ producers: [['p', 2, 2, 1]] });
    expect(third.welcome.taken).toEqual([null]);
  });
});
