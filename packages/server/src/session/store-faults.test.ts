import { describe, expect, test } from 'vitest';
import { World, sharedStore } from './engine.fixture.ts';

describe('a store that fails', () => {
  test('on claim: the connection is closed with 1011 and may come again', async () => {
    const inner = sharedStore();
    let isDown = true;
    const world = new World({
      store: { ...inner, claim: (...names) => (isDown ? Promise.reject(new Error('down')) : inner.claim(...names)) },
    });
    const first = await world.join({ producers: [['p', 1, 1, 0]] });
    expect(first.closedWith?.code).toBe(1011);
    const live = await world.join();
    live.raw('["producers",[["p",1,1,0]]]');
    await world.settle();
    expect(live.closedWith?.code).toBe(1011);
    isDown = false;
    const second = await world.join({ producers: [['p', 1, 1, 0]] });
    expect(second.welcome.taken).toEqual([null]);
  });

  test('on advance: nothing is acknowledged, 1011, and the next claim reads the truth and marks', async () => {
    const inner = sharedStore();
    let isDown = false;
    const world = new World({
      store: { ...inner, advance: (...call) => (isDown ? Promise.reject(new Error('down')) : inner.advance(...call)) },
    });
    const first = await world.join({ producers: [['p', 1, 1, 0]] });
    first.m(0, 1);
    await world.settle();
    isDown = true;
    first.m(0, 2);
    await world.settle();
    expect(first.acknowledged()).toBe(1);
    expect(first.closedWith?.code).toBe(1011);
    isDown = false;
    const second = await world.join({ n: 2, ...first.resumption(), producers: [['p', 2, 3, 2]] });
    expect(second.welcome.taken).toEqual([[1, [], 2]]);
    second.m(0, 2);
    await world.settle();
    expect(world.runs.map(({ id, redelivered }) => [id, redelivered])).toEqual([
      ['p:1', false],
      ['p:2', false],
      ['p:2', true],
    ]);
    expect(second.acknowledged()).toBe(2);
  });
});

test('a store that fails on release leaves the record dirty, and the engine goes on', async () => {
  const inner = sharedStore();
  const world = new World({ store: { ...inner, release: () => Promise.reject(new Error('down')) } });
  const first = await world.join({ producers: [['p', 1, 1, 0]] });
  first.m(0, 1);
  await world.settle();
  first.drop();
  await world.settle();
  expect(world.records).toContainEqual(
    expect.objectContaining({ name: 'store.failed', details: { during: 'release', producer: 'p' } }),
  );
  const second = await world.join({ producers: [['p', 2, 3, 2]] });
  expect(second.welcome.taken).toEqual([[1, [], 2]]);
  second.m(0, 2);
  await world.settle();
  expect(world.runs.at(-1)).toMatchObject({ id: 'p:2', redelivered: true });
});
