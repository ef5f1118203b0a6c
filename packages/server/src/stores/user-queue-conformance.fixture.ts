import type { EncodedPayload } from '@holdfast/core/protocol';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Appended, UserQueueBounds, UserQueueStore } from './ports.ts';

export interface UserQueueHarness {
  readonly store: UserQueueStore;
  /** Lets the store's own clock advance. */
  passTime(ms: number): void;
  end(): void | Promise<void>;
}

const BOUNDS: UserQueueBounds = { messages: 5, bytes: 1_000, totalBytes: 2_000 };

/** What every `UserQueueStore` has to do. */
export function runUserQueueTests(name: string, start: () => UserQueueHarness): void {
  describe(name, () => {
    let harness: UserQueueHarness;
    let store: UserQueueStore;
    beforeEach(() => {
      harness = start();
      ({ store } = harness);
    });
    afterEach(() => harness.end());

    const append = (
      user: string,
      payload: EncodedPayload,
      { ttlMs = 1_000, ...rest }: { ttlMs?: number; id?: string; bounds?: UserQueueBounds } = {},
    ): Promise<Appended> => store.append(user, { payload, ttlMs, id: rest.id }, rest.bounds ?? BOUNDS);
    const waiting = async (user: string): Promise<EncodedPayload[]> =>
      (await store.load(user)).map(({ payload }) => payload);
    /** Appends, and gives the seq. */
    const added = async (...args: Parameters<typeof append>): Promise<number> => {
      const appended = await append(...args);
      if (appended.type !== 'added') throw new Error(`not added: ${appended.type}`);
      return appended.seq;
    };

    test('keeps the messages of each user in order, until they are settled', async () => {
      const [a1, a2, a3] = [await added('a', 'one'), await added('a', 'two'), await added('a', 'three')];
      await append('b', 'other');
      expect([a1, a2, a3]).toEqual([...[a1, a2, a3]].sort((left, right) => left - right));
      expect(await waiting('a')).toEqual(['one', 'two', 'three']);
      await store.settle('a', a2);
      expect(await store.load('a')).toEqual([{ seq: a3, payload: 'three', leftMs: 1_000 }]);
      await store.settle('a', a2);
      await store.settle('nobody', 5);
      expect(await waiting('a')).toEqual(['three']);
      expect(await waiting('b')).toEqual(['other']);
      expect(await waiting('nobody')).toEqual([]);
    });

    test('bytes come back as they were, and cost no more than they are', async () => {
      const bytes = Uint8Array.of(0, 255, 10, 128);
      await append('a', bytes, { id: 'picture' });
      const [message] = await store.load('a');
      expect(message?.payload).toEqual(bytes);
      expect(message?.payload, 'a view of nothing else').toHaveProperty('buffer.byteLength', 4);
      const bounds = { ...BOUNDS, bytes: 8 };
      expect((await append('a', Uint8Array.of(1, 2, 3, 4), { bounds })).type).toBe('added');
      expect((await append('a', Uint8Array.of(1), { bounds })).type).toBe('full');
    });

    test('calls that are not waited for take effect in their order', async () => {
      const calls = [append('a', 'one'), append('a', 'two'), store.load('a'), append('a', 'three')] as const;
      expect((await calls[2]).map(({ payload }) => payload)).toEqual(['one', 'two']);
      const [one, two] = await Promise.all(calls);
      if (one.type !== 'added' || two.type !== 'added') throw new Error('not added');
      expect(two.seq).toBeGreaterThan(one.seq);
      const [, left] = await Promise.all([store.settle('a', two.seq), store.load('a')]);
      expect(left.map(({ payload }) => payload)).toEqual(['three']);
    });

    test('seqs rise for ever, though nothing is left', async () => {
      const first = await added('a', 'one');
      await store.settle('a', first);
      expect(await added('a', 'two')).toBeGreaterThan(first);
    });

    test('an id is taken once, while it waits and after it was settled, until its time is over', async () => {
      const seq = await added('a', 'one', { id: 'x' });
      expect(await append('a', 'again', { id: 'x' })).toEqual({ type: 'duplicate', expired: [] });
      expect((await append('b', 'of another', { id: 'x' })).type).toBe('added');
      await store.settle('a', seq);
      expect((await append('a', 'again', { id: 'x' })).type).toBe('duplicate');
      harness.passTime(999);
      expect((await append('a', 'again', { id: 'x' })).type).toBe('duplicate');
      harness.passTime(1);
      expect((await append('a', 'later', { id: 'x' })).type).toBe('added');
      expect(await waiting('a')).toEqual(['later']);
    });

    test('as many ids are remembered as messages may wait, the last ones', async () => {
      for (let index = 0; index < 6; index += 1) {
        await store.settle('a', await added('a', 'x', { id: `id ${index}` }));
      }
      const outcomes = [];
      for (let index = 1; index < 6; index += 1) outcomes.push((await append('a', 'x', { id: `id ${index}` })).type);
      expect(outcomes).toEqual(Array.from({ length: 5 }, () => 'duplicate'));
      expect((await append('a', 'x', { id: 'id 0' })).type).toBe('added');
    });

    test('is full by messages, by bytes, and by the bytes of all; what has expired makes room and is told', async () => {
      for (let index = 0; index < 4; index += 1) await append('a', `${index}`);
      const short = await added('a', 'short', { ttlMs: 10 });
      expect(await append('a', 'too many')).toEqual({ type: 'full', expired: [] });
      harness.passTime(10);
      expect(await append('a', 'fits')).toMatchObject({ type: 'added', expired: [short] });
      expect((await append('b', 'x'.repeat(501))).type).toBe('full');
      expect((await append('b', 'x'.repeat(500))).type).toBe('added');
      expect((await append('b', '')).type).toBe('added');
      expect((await append('b', 'y')).type).toBe('full');
      expect((await append('c', 'x'.repeat(493))).type).toBe('full');
      expect((await append('c', 'x'.repeat(492))).type).toBe('added');
      expect(await waiting('a')).toEqual(['0', '1', '2', '3', 'fits']);
    });

    test('room is given back, by settling and by sweeping', async () => {
      for (let round = 0; round < 20; round += 1) {
        const seqs = [await added('a', 'x'.repeat(240), { id: `${round}` }), await added('a', 'x'.repeat(240))];
        await store.settle('a', seqs[1] as number);
        await append('b', 'x'.repeat(480), { ttlMs: 10 });
        harness.passTime(10);
        await store.sweep();
        if (round % 5 === 4) {
          harness.passTime(1_000);
          await store.sweep();
        }
      }
      expect(await waiting('a')).toEqual([]);
      const all: UserQueueBounds = { messages: 1, bytes: 2_000, totalBytes: 2_000 };
      expect((await append('c', 'x'.repeat(1_000), { bounds: all })).type).toBe('added');
    });

    test('a sweep withdraws what has expired, and tells what waited', async () => {
      const settled = await added('a', 'settled', { ttlMs: 10, id: 'x' });
      await store.settle('a', settled);
      const late = await added('a', 'late', { ttlMs: 10 });
      const later = await added('b', 'later', { ttlMs: 20 });
      await append('b', 'alive', { ttlMs: 100 });
      expect(await store.sweep()).toEqual([]);
      harness.passTime(10);
      expect((await store.load('a'))[0]?.leftMs).toBeLessThanOrEqual(0);
      expect(await store.sweep()).toEqual([{ user: 'a', seqs: [late] }]);
      expect(await store.sweep()).toEqual([]);
      harness.passTime(10);
      expect(await store.sweep()).toEqual([{ user: 'b', seqs: [later] }]);
      expect(await waiting('a')).toEqual([]);
      expect(await waiting('b')).toEqual(['alive']);
    });

    test('names of any length and kind are names', async () => {
      for (const user of ['ä'.repeat(5_000), '\0\n"', '__proto__']) {
        await append(user, user.slice(0, 10), { id: user.slice(0, 20) });
        expect(await waiting(user)).toEqual([user.slice(0, 10)]);
        expect((await append(user, 'again', { id: user.slice(0, 20) })).type).toBe('duplicate');
      }
    });
  });
}
