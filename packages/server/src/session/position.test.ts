import { describe, expect, test } from 'vitest';
import { World, sharedStore } from './engine.fixture.ts';
import { Refuse } from './errors.ts';

describe('redelivered', () => {
  /** What a world takes of p from `from` on, after a claim with these numbers. */
  async function marks(world: World, claim: readonly [number, number, number], from: number): Promise<string[]> {
    const connection = await world.join({ producers: [['p', ...claim]] });
    world.runs.length = 0;
    for (let seq = from; seq < claim[1]; seq += 1) connection.m(0, seq);
    await world.settle();
    expect(connection.closedWith).toBeNull();
    return world.runs.map(({ id, redelivered }) => (redelivered ? `${id} again` : id));
  }

  test('a server that knows nothing marks what may have been sent, and only that', async () => {
    expect(await marks(new World(), [3, 6, 4], 3)).toEqual(['p:3 again', 'p:4 again', 'p:5']);
  });

  test('a new producer has no marks', async () => {
    expect(await marks(new World(), [1, 3, 0], 1)).toEqual(['p:1', 'p:2']);
  });

  test('a clean release proves what was not taken', async () => {
    const store = sharedStore();
    const world = new World({ store });
    const first = await world.join({ producers: [['p', 1, 1, 0]] });
    first.m(0, 1);
    await world.settle();
    first.drop();
    await world.settle();
    expect(await marks(new World({ store }), [2, 4, 3], 2)).toEqual(['p:2', 'p:3']);
  });

  test('an owner that ended without a release leaves doubt', async () => {
    const store = sharedStore();
    const crashed = new World({ store });
    const first = await crashed.join({ producers: [['p', 1, 1, 0]] });
    first.m(0, 1);
    await crashed.settle();
    expect(await marks(new World({ store }), [1, 4, 2], 2)).toEqual(['p:2 again', 'p:3']);
  });

  test('the doubt survives a connection that came and went without a message', async () => {
    const store = sharedStore();
    const crashed = new World({ store });
    const first = await crashed.join({ producers: [['p', 1, 1, 0]] });
    first.m(0, 1);
    await crashed.settle();
    const world = new World({ store });
    const second = await world.join({ producers: [['p', 2, 4, 2]] });
    second.drop();
    await world.settle();
    const third = await world.join({ producers: [['p', 2, 4, 3]] });
    third.m(0, 2);
    await world.settle();
    third.drop();
    await world.settle();
    expect(await marks(new World({ store }), [2, 5, 4], 3)).toEqual(['p:3 again', 'p:4 again']);
  });

  test('a store that went back is not believed', async () => {
    const store = sharedStore();
    const world = new World({ store });
    const first = await world.join({ producers: [['p', 1, 1, 0]] });
    first.m(0, 1);
    await world.settle();
    first.drop();
    await world.settle();
    const again = new World({ store });
    expect(await marks(again, [5, 8, 6], 5)).toEqual(['p:5 again', 'p:6 again', 'p:7']);
  });

  test('what a crashed owner may have run is told as in doubt, what was never sent is not', async () => {
    const store = sharedStore();
    const crashed = new World({ store });
    const first = await crashed.join({ producers: [['p', 1, 1, 0]] });
    first.m(0, 1);
    await crashed.settle();
    const connection = await new World({ store }).join({ producers: [['p', 2, 5, 3]] });
    expect(connection.welcome.taken).toEqual([[1, [], 3]]);
  });

  test('within one server nothing is in doubt, however often the client comes back', async () => {
    const world = new World();
    world.holds = true;
    const first = await world.join({ producers: [['p', 1, 1, 0]] });
    for (const seq of [1, 2, 3]) first.m(0, seq);
    await world.settle();
    first.drop();
    const second = world.connect();
    second.hello({ producers: [['p', 1, 4, 3]] });
    await world.settle();
    world.holds = false;
    world.held[0]?.succeed();
    await world.settle();
    second.m(0, 2);
    second.m(0, 3);
    await world.settle();
    expect(world.runs.map(({ redelivered }) => redelivered)).toEqual([false, false, false]);
  });
});

describe('positions of the app', () => {
  function database(): {
    positions: Map<string, number>;
    hook: { load(key: string): number | null; commit(tx: unknown, key: string, seq: number): void };
  } {
    const positions = new Map<string, number>();
    return {
      positions,
      hook: {
        load: (key) => positions.get(key) ?? null,
        commit: (_tx, key, seq) => void positions.set(key, seq),
      },
    };
  }

  test('committed with the handler: nothing is in doubt after a crash, and nothing runs twice', async () => {
    const store = sharedStore();
    const { hook } = database();
    const crashed = new World({ store, positions: hook, onMessage: (message) => message.commit(null) });
    const first = await crashed.join({ producers: [['p', 1, 1, 0]] });
    first.m(0, 1);
    await crashed.settle();
    expect(first.acknowledged()).toBe(1);
    const runs: string[] = [];
    const world = new World({
      store,
      positions: hook,
      onMessage: (message) => {
        message.commit(null);
        runs.push(`${message.id} ${message.redelivered}`);
      },
    });
    const second = await world.join({ producers: [['p', 1, 3, 2]] });
    expect(second.welcome.taken).toEqual([[1, []]]);
    second.m(0, 2);
    await world.settle();
    expect(runs).toEqual(['p:2 false']);
  });

  test('a handler that does not commit is refused, and told why', async () => {
    const world = new World({ positions: database().hook, onMessage: () => {} });
    const connection = await world.join({ producers: [['p', 1, 1, 0]] });
    connection.m(0, 1);
    await world.settle();
    expect(connection.ofKind('r')[0]?.error).toMatchObject({ code: 'HANDLER_FAILED', message: /message\.commit/ });
  });

  test('a handler that fails after its commit is not run again', async () => {
    let runs = 0;
    const world = new World({
      positions: database().hook,
      onMessage: (message) => {
        runs += 1;
        message.commit(null);
        throw new Error('the mail could not be sent');
      },
    });
    const connection = await world.join({ producers: [['p', 1, 1, 0]] });
    connection.m(0, 1);
    await world.advance(1_000);
    expect(runs).toBe(1);
    expect(connection.acknowledged()).toBe(1);
    expect(connection.ofKind('r')).toEqual([]);
    expect(world.names).toContain('handler.failed-after-commit');
  });

  test('when nobody can say whether it was committed, nothing runs before the position was read again', async () => {
    const { hook } = database();
    let isDown = false;
    let runs = 0;
    const world = new World({
      positions: {
        ...hook,
        load: (key) => (isDown ? Promise.reject(new Error('down')) : Promise.resolve(hook.load(key))),
      },
      onMessage: (message) => {
        runs += 1;
        message.commit(null);
        isDown = true;
        throw new Error('the connection to the database broke');
      },
    });
    const first = await world.join({ producers: [['p', 1, 1, 0]] });
    first.raw('["m",0,1,"a"]\n["m",0,2,"b"]');
    await world.advance(1_000);
    expect(runs).toBe(1);
    expect(first.closedWith?.code).toBe(1011);
    isDown = false;
    const second = await world.join({ n: 2, ...first.resumption(), producers: [['p', 1, 3, 2]] });
    expect(second.welcome.taken).toEqual([[1, []]]);
  });

  test('refusals and withdrawals, which the app does not commit, are kept by the store', async () => {
    const store = sharedStore();
    const { hook, positions } = database();
    const world = new World({
      store,
      positions: hook,
      onMessage: (message) => {
        if (message.seq === 2) throw new Refuse('no');
        message.commit(null);
      },
    });
    const first = await world.join({ producers: [['p', 1, 4, 0]] });
    first.m(0, 1);
    first.m(0, 2);
    first.skip(0, 3);
    await world.settle();
    expect(first.acknowledged()).toBe(3);
    expect([...positions.values()]).toEqual([1]);
    const next = new World({ store, positions: hook });
    const second = await next.join({ producers: [['p', 1, 4, 2]] });
    expect(second.welcome.taken).toEqual([[3, [[2, { code: 'REFUSED', message: 'no' }]]]]);
  });

  test('commit without the option, or after the handler has settled, is an error of the app', async () => {
    const world = new World({ onMessage: (message) => message.commit(null), limits: { handlerRetries: 1 } });
    const connection = await world.join({ producers: [['p', 1, 1, 0]] });
    connection.m(0, 1);
    await world.advance(1_000);
    expect(connection.ofKind('r')[0]?.error.code).toBe('HANDLER_FAILED');
    let late = (): void => {};
    const other = new World({
      positions: database().hook,
      onMessage: (message) => {
        late = () => message.commit(null);
        message.commit(null);
      },
    });
    const second = await other.join({ producers: [['p', 1, 1, 0]] });
    second.m(0, 1);
    await other.settle();
    expect(late).toThrow(/after the handler had settled/);
  });
});
