import type { Refusal } from '@holdfast/core/protocol';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { StaleFence, type ProducerStore } from './ports.ts';

export interface StoreHarness {
  readonly store: ProducerStore;
  /** Lets the store's own clock advance. */
  passTime(ms: number): void;
  /** Ends what the harness began. The store may be closed by then. */
  end(): void | Promise<void>;
}

/** What every `ProducerStore` has to do. */
export function runProducerStoreTests(name: string, start: () => StoreHarness): void {
  describe(name, () => {
    let harness: StoreHarness;
    let store: ProducerStore;
    beforeEach(() => {
      harness = start();
      ({ store } = harness);
    });
    afterEach(() => harness.end());

    const refused: Refusal = [2, { code: 'REFUSED', message: 'no', details: { room: 7 } }];

    test('knows nothing of a new producer, until its position is written', async () => {
      expect(await store.claim('p', 'me')).toEqual({ taken: null, refused: [], isDirty: false, fence: 1 });
      await store.release('p', 1);
      expect(await store.claim('p', 'me')).toEqual({ taken: null, refused: [], isDirty: false, fence: 2 });
    });

    test('keeps position and refusals', async () => {
      const { fence } = await store.claim('p', 'me');
      await store.advance('p', fence, 2, [refused]);
      await store.advance('p', fence, 3, [refused]);
      await store.release('p', fence);
      expect(await store.claim('p', 'me')).toEqual({ taken: 3, refused: [refused], isDirty: false, fence: 2 });
    });

    test('is dirty until the release', async () => {
      const { fence } = await store.claim('p', 'me');
      await store.advance('p', fence, 1, []);
      expect(await store.claim('p', 'me')).toEqual({ taken: 1, refused: [], isDirty: true, fence: 2 });
    });

    test('rejects what an older owner writes, and ignores its release', async () => {
      const older = await store.claim('p', 'me');
      const newer = await store.claim('p', 'me');
      await expect(store.advance('p', older.fence, 5, [])).rejects.toBeInstanceOf(StaleFence);
      await store.advance('p', newer.fence, 1, []);
      await store.release('p', older.fence);
      expect(await store.claim('p', 'me')).toMatchObject({ taken: 1, isDirty: true });
    });

    test('two claims at once get two fences', async () => {
      const both = await Promise.all([store.claim('p', 'me'), store.claim('p', 'me')]);
      expect(new Set(both.map(({ fence }) => fence))).toEqual(new Set([1, 2]));
    });

    test('forgets', async () => {
      const { fence } = await store.claim('p', 'me');
      await store.advance('p', fence, 1, []);
      await store.forget('p');
      await store.forget('never there');
      await expect(store.advance('p', fence, 2, [])).rejects.toBeInstanceOf(StaleFence);
      await store.release('p', fence);
      expect(await store.claim('p', 'me')).toMatchObject({ taken: null, isDirty: false });
      expect(await store.surplus('me', 0)).toEqual(['p']);
    });

    test('tells which records of an identity are beyond a number, the ones unused for longest', async () => {
      for (const key of ['a', 'b', 'c']) {
        await store.claim(key, 'me');
        harness.passTime(1);
      }
      await store.claim('other', 'you');
      harness.passTime(1);
      await store.advance('a', 1, 1, []);
      expect(await store.surplus('me', 3)).toEqual([]);
      expect(await store.surplus('me', 1)).toEqual(['b', 'c']);
      expect(await store.surplus('nobody', 0)).toEqual([]);
    });

    test('tells which records were unused for a time', async () => {
      await store.claim('a', 'me');
      await store.claim('b', 'you');
      harness.passTime(10);
      await store.release('b', 1);
      expect(await store.expired(10)).toEqual(['a']);
      expect(await store.expired(11)).toEqual([]);
      harness.passTime(10);
      expect(new Set(await store.expired(10))).toEqual(new Set(['a', 'b']));
    });

    test('names of any length and kind are names', async () => {
      for (const key of ['', 'ä'.repeat(5_000), '\0\n"', '__proto__']) {
        const { fence } = await store.claim(key, key);
        await store.advance(key, fence, 1, []);
        expect(await store.surplus(key, 0)).toEqual([key]);
      }
    });

    test('rejects after close', async () => {
      await store.claim('p', 'me');
      await store.close();
      await store.close();
      await expect(store.claim('p', 'me')).rejects.toThrow(/closed/);
      await expect(store.advance('p', 1, 1, [])).rejects.toThrow(/closed/);
    });
  });
}
