import { describe, expect, test } from 'vitest';
import { World, sharedStore } from './engine.fixture.ts';
import { Refuse } from './errors.ts';

describe('refusals', () => {
  test('Refuse is told before the acknowledgement that covers it, and the next message goes on', async () => {
    const world = new World({
      onMessage: ({ seq }) => {
        if (seq === 2) throw new Refuse('no such room', { code: 'NO_ROOM', details: { room: 7 } });
      },
    });
    const connection = await world.join({ producers: [['p', 1, 1, 0]] });
    for (const seq of [1, 2, 3]) connection.m(0, seq);
    await world.settle();
    const told = connection.frames.filter(({ kind }) => kind === 'a' || kind === 'r');
    expect(told).toContainEqual({
      kind: 'r',
      producer: 0,
      seq: 2,
      error: { code: 'NO_ROOM', message: 'no such room', details: { room: 7 } },
    });
    const covering = told.findIndex((frame) => frame.kind === 'a' && frame.seq >= 2);
    expect(told.findIndex(({ kind }) => kind === 'r')).toBeLessThan(covering);
    expect(connection.acknowledged()).toBe(3);
  });

  test('a client that missed it hears it in taken, on any node that has the store', async () => {
    const store = sharedStore();
    const world = new World({
      store,
      onMessage: ({ seq }) => {
        if (seq === 1) throw new Refuse('no');
      },
    });
    const first = await world.join({ producers: [['p', 1, 1, 0]] });
    first.m(0, 1);
    first.m(0, 2);
    first.drop();
    await world.settle();
    const next = new World({ store });
    const second = await next.join({ producers: [['p', 1, 3, 2]] });
    expect(second.welcome.taken).toEqual([[2, [[1, { code: 'REFUSED', message: 'no' }]]]]);
    // Settled by the client: told no more.
    const third = await next.join({ producers: [['p', 2, 3, 2]] });
    expect(third.welcome.taken).toEqual([[2, []]]);
  });

  test('as many refusals are kept as messages can be unacknowledged, however far apart their seqs are', async () => {
    const world = new World({
      limits: { window: { messages: 2, bytes: 1_000 } },
      onMessage: () => {
        throw new Refuse('no');
      },
    });
    const first = await world.join({ producers: [['p', 1, 1, 0]] });
    for (const seq of [1, 1_001, 2_001]) {
      first.m(0, seq);
      first.skip(0, seq + 999);
      await world.settle();
    }
    const second = await world.join({ producers: [['p', 1, 3_001, 2_001]] });
    expect(second.welcome.taken[0]?.[1].map(([seq]) => seq)).toEqual([1_001, 2_001]);
  });

  test('what a client would choke on is cut', async () => {
    const world = new World({
      onMessage: ({ seq }) => {
        const cycle: Record<string, never> = {};
        Object.assign(cycle, { cycle });
        if (seq === 1)
          throw new Refuse('m'.repeat(5_000), { code: 'c'.repeat(100), details: { big: 'x'.repeat(2_000) } });
        throw new Refuse('cycle', { details: cycle });
      },
    });
    const connection = await world.join({ producers: [['p', 1, 1, 0]] });
    connection.m(0, 1);
    connection.m(0, 2);
    await world.settle();
    const [long, cyclic] = connection.ofKind('r');
    expect(long?.error).toEqual({ code: 'c'.repeat(64), message: 'm'.repeat(1_024) });
    expect(cyclic?.error).toEqual({ code: 'REFUSED', message: 'cycle' });
    expect(world.names.filter((name) => name === 'refusal.details-dropped')).toHaveLength(2);
  });

  test('any other error is tried again, then refused without its text', async () => {
    const world = new World();
    world.holds = true;
    const connection = await world.join({ producers: [['p', 1, 1, 0]] });
    connection.m(0, 1);
    connection.m(0, 2);
    await world.settle();
    for (const waitMs of [100, 200, 0]) {
      world.held.at(-1)?.fail(new Error('secret'));
      await world.settle();
      if (waitMs > 0) await world.advance(waitMs - 1);
      if (waitMs > 0) expect(connection.ofKind('r')).toEqual([]);
      await world.advance(1);
    }
    expect(world.runs.map(({ id }) => id)).toEqual(['p:1', 'p:1', 'p:1', 'p:2']);
    expect(connection.ofKind('r')).toMatchObject([{ seq: 1, error: { code: 'HANDLER_FAILED' } }]);
    expect(connection.texts.join('')).not.toContain('secret');
    expect(world.records.filter(({ name }) => name === 'handler.failed')).toHaveLength(3);
    expect(world.records.find(({ name }) => name === 'handler.failed')?.message).toBe('Error');
  });

  test('a retry that succeeds is a success', async () => {
    let runs = 0;
    const world = new World({
      onMessage: () => {
        runs += 1;
        if (runs === 1) throw new Error('once');
      },
    });
    const connection = await world.join({ producers: [['p', 1, 1, 0]] });
    connection.m(0, 1);
    await world.advance(100);
    expect(connection.acknowledged()).toBe(1);
    expect(connection.ofKind('r')).toEqual([]);
  });
});
