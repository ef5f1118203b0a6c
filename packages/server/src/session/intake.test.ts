import { describe, expect, test } from 'vitest';
import { type ScriptedConnection, World, sharedStore } from './engine.fixture.ts';

describe('messages', () => {
  test('run one at a time, in order, and are acknowledged when they are written down', async () => {
    const world = new World();
    world.holds = true;
    const connection = await world.join({ producers: [['p', 1, 1, 0]] });
    connection.raw('["m",0,1,"a"]\n["m",0,2,{"b":[1]}]');
    await world.settle();
    expect(world.held).toHaveLength(1);
    expect(world.held[0]?.message).toMatchObject({
      id: 'p:1',
      producer: '["anonymous","client","p"]',
      seq: 1,
      data: 'a',
      redelivered: false,
      identity: 'anonymous',
      client: 'client',
      fence: 1,
    });
    expect(connection.acknowledged()).toBeUndefined();
    world.held[0]?.succeed();
    await world.settle();
    expect(connection.acknowledged()).toBe(1);
    expect(world.held[1]?.message.data).toEqual({ b: [1] });
  });

  test('two producers run side by side', async () => {
    const world = new World();
    world.holds = true;
    const connection = await world.join({
      producers: [
        ['p', 1, 1, 0],
        ['q', 1, 1, 0],
      ],
    });
    connection.m(0, 1);
    connection.m(1, 1);
    await world.settle();
    expect(world.held.map(({ message }) => message.id)).toEqual(['p:1', 'q:1']);
    world.held[1]?.succeed();
    await world.settle();
    expect([connection.acknowledged(0), connection.acknowledged(1)]).toEqual([undefined, 1]);
  });

  test('nothing is acknowledged before the store has it, and what finishes meanwhile shares the next write', async () => {
    const writes: (() => void)[] = [];
    const written: number[] = [];
    const inner = sharedStore();
    const world = new World({
      store: {
        ...inner,
        advance: (key, fence, seq, refused) =>
          new Promise((resolve) => {
            writes.push(() => {
              written.push(seq);
              resolve(inner.advance(key, fence, seq, refused));
            });
          }),
      },
    });
    const connection = await world.join({ producers: [['p', 1, 1, 0]] });
    for (const seq of [1, 2, 3]) connection.m(0, seq);
    await world.settle();
    expect(world.runs).toHaveLength(3);
    expect(connection.acknowledged()).toBeUndefined();
    writes[0]?.();
    await world.settle();
    expect(connection.ofKind('a').map(({ seq }) => seq)).toEqual([1]);
    writes[1]?.();
    await world.settle();
    expect(connection.acknowledged()).toBe(3);
    expect(written).toEqual([1, 3]);
  });

  test.each([
    ['a gap', (c: ScriptedConnection) => c.m(0, 2)],
    ['a repetition', (c: ScriptedConnection) => c.raw('["m",0,1,"a"]\n["m",0,1,"a"]')],
    ['an index that was never listed', (c: ScriptedConnection) => c.m(1, 1)],
    ['a withdrawal of what was sent', (c: ScriptedConnection) => c.raw('["m",0,1,"a"]\n["s",0,1]')],
  ])('%s breaks the protocol', async (_name, act) => {
    const world = new World();
    const connection = await world.join({ producers: [['p', 1, 1, 0]] });
    act(connection);
    await world.settle();
    expect(connection.closedWith?.code).toBe(1002);
    expect(world.runs.every(({ id }) => id === 'p:1')).toBe(true);
    expect(world.runs.length).toBeLessThan(2);
  });

  test('one malformed frame makes the whole WebSocket message count for nothing', async () => {
    const world = new World();
    const connection = await world.join({ producers: [['p', 1, 1, 0]] });
    connection.raw('["m",0,1,"a"]\n["m",0,"2"]');
    await world.settle();
    expect(connection.closedWith?.code).toBe(1002);
    expect(world.runs).toEqual([]);
  });

  test('a payload above the limit closes with 1009', async () => {
    const world = new World({ limits: { messageBytes: 10 } });
    const connection = await world.join({ producers: [['p', 1, 1, 0]] });
    connection.m(0, 1, 'ääääää');
    expect(connection.closedWith?.code).toBe(1009);
    expect(world.runs).toEqual([]);
  });

  test('withdrawn seqs are a lawful gap, acknowledged in order', async () => {
    const world = new World();
    world.holds = true;
    const connection = await world.join({ producers: [['p', 1, 6, 0]] });
    connection.m(0, 1);
    connection.skip(0, 3);
    connection.m(0, 4);
    connection.skip(0, 5);
    await world.settle();
    expect(connection.acknowledged()).toBeUndefined();
    world.held[0]?.succeed();
    await world.settle();
    expect(connection.acknowledged()).toBe(3);
    world.held[1]?.succeed();
    await world.settle();
    expect(connection.acknowledged()).toBe(5);
    expect(world.runs.map(({ id }) => id)).toEqual(['p:1', 'p:4']);
  });
});

describe('the window', () => {
  test('beyond it the client breaks the protocol, apart from one message for each producer', async () => {
    const world = new World({ limits: { window: { messages: 2, bytes: 1_000 } } });
    world.holds = true;
    const connection = await world.join({
      producers: [
        ['p', 1, 1, 0],
        ['q', 1, 1, 0],
      ],
    });
    connection.m(0, 1);
    connection.m(0, 2);
    connection.m(1, 1);
    expect(connection.closedWith).toBeNull();
    connection.m(1, 2);
    expect(connection.closedWith?.code).toBe(1002);
  });

  test('bytes count, too; what is acknowledged makes room', async () => {
    const world = new World({ limits: { window: { messages: 10, bytes: 20 } } });
    world.holds = true;
    const connection = await world.join({ producers: [['p', 1, 1, 0]] });
    connection.m(0, 1, 'x'.repeat(30)); // one message always fits an empty window
    await world.settle();
    world.held[0]?.succeed();
    await world.settle();
    connection.m(0, 2, 'x'.repeat(8));
    connection.m(0, 3, 'x'.repeat(8));
    expect(connection.closedWith).toBeNull();
    connection.m(0, 4, 'x');
    expect(connection.closedWith?.code).toBe(1002);
  });

  test('more producers than a connection may list are refused', async () => {
    const world = new World({ limits: { producers: 1 } });
    const connection = await world.join({
      producers: [
        ['a', 1, 1, 0],
        ['b', 1, 1, 0],
      ],
    });
    connection.raw('["producers",[["c",1,1,0]]]');
    expect(connection.closedWith?.code).toBe(1008);
  });

  test('a finished producer makes room for another', async () => {
    const world = new World({ limits: { producers: 1 } });
    const connection = await world.join({
      producers: [
        ['a', 1, 1, 0],
        ['b', 1, 1, 0],
      ],
    });
    connection.raw('["fin","a"]\n["producers",[["c",1,1,0]]]');
    await world.settle();
    expect(connection.ofKind('taken')).toEqual([{ kind: 'taken', taken: [null] }]);
    connection.m(2, 1);
    await world.settle();
    expect(connection.acknowledged(2)).toBe(1);
    connection.m(0, 1);
    expect(connection.closedWith?.code).toBe(1002);
  });
});
