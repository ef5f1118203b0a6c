import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LogLost, type OutboxStore, type Segment, type StoredMessage, type StoreInfo } from './ports.ts';

/**
 * What every OutboxStore must do, whatever it stores in. `createStore` gives a store, not opened yet, on the place of
 * that name: stores on one place are the tabs and pages of one outbox, another name is a place that is empty.
 */
export function runOutboxStoreTests(createStore: (place: string) => OutboxStore): void {
  let place: string;
  let stores: OutboxStore[];

  async function openStore(on: string = place): Promise<OutboxStore> {
    const store = createStore(on);
    stores.push(store);
    await store.open('client');
    return store;
  }

  /** A store with the log 'a', which has the message 1. */
  async function openStoreWithLog(): Promise<OutboxStore> {
    const store = await openStore();
    await createLog(store, { id: 'a', after: null }, segment(1));
    return store;
  }

  beforeEach(() => {
    place = `conformance-${crypto.randomUUID()}`;
    stores = [];
  });

  afterEach(async () => {
    await Promise.all(stores.map((store) => store.close()));
  });

  describe('the record of the install', () => {
    it('is made on the first open, and found by every later one', async () => {
      const first = createStore(place);
      const second = createStore(place);
      stores.push(first, second);
      expect(await first.open('one')).toEqual({ clientId: 'one', peer: null });
      expect(await second.open('two')).toEqual({ clientId: 'one', peer: null });
      await Promise.all([first.close(), second.close()]);
      const third = createStore(place);
      stores.push(third);
      expect(await third.open('three')).toEqual({ clientId: 'one', peer: null });
    });

    it('is the same for tabs that open at the same time', async () => {
      stores.push(createStore(place), createStore(place), createStore(place));
      const infos = await Promise.all(stores.map((store, index) => store.open(`tab-${index}`)));
      expect(new Set(infos.map((info) => info.clientId)).size).toBe(1);
    });

    it('takes a peer once, and keeps it', async () => {
      const store = await openStore();
      await setPeer(store, 'alice at example');
      await setPeer(store, 'alice at example');
      await expect(setPeer(store, 'bob at example')).rejects.toBeInstanceOf(Error);
      const other = createStore(place);
      stores.push(other);
      expect(await other.open('two')).toEqual({ clientId: 'client', peer: 'alice at example' });
    });

    it('takes one of two peers that come at the same time', async () => {
      const [first, second] = [await openStore(), await openStore()];
      const results = await Promise.allSettled([setPeer(first, 'one'), setPeer(second, 'two')]);
      expect(results.map((result) => result.status).sort()).toEqual(['fulfilled', 'rejected']);
    });

    it('belongs to its place', async () => {
      const store = await openStoreWithLog();
      await setPeer(store, 'alice');
      const other = createStore(`${place}-other`);
      stores.push(other);
      expect(await other.open('elsewhere')).toEqual({ clientId: 'elsewhere', peer: null });
      expect(await other.listLogs()).toEqual([]);
    });
  });

  describe('a log', () => {
    it('is made at generation 1, with its predecessor and its first segment', async () => {
      const store = await openStore();
      expect(await store.listLogs()).toEqual([]);
      await createLog(store, { id: 'a', after: null }, segment(1));
      await createLog(store, { id: 'b', after: 'a' }, segment(1, 2, 3));
      const logs = await (await openStore()).listLogs();
      expect([...logs].sort((one, two) => one.id.localeCompare(two.id))).toEqual([
        { id: 'a', after: null, generation: 1 },
        { id: 'b', after: 'a', generation: 1 },
      ]);
      expect(await store.claimLog('b')).toEqual({
        id: 'b',
        after: 'a',
        generation: 2,
        segments: [segment(1, 2, 3)],
        corrupt: 0,
      });
    });

    it('is not made twice', async () => {
      const store = await openStoreWithLog();
      await expect(createLog(store, { id: 'a', after: 'b' }, segment(2))).rejects.toBeInstanceOf(Error);
      expect(await store.claimLog('a')).toMatchObject({ after: null, generation: 2, segments: [segment(1)] });
    });

    it('gives its segments in the order of seqs, whatever came first', async () => {
      const store = await openStoreWithLog();
      for (const seq of [100, 2, 9, 10, 11]) await append(store, 'a', 1, segment(seq));
      expect(await seqsOf(store, 'a')).toEqual([1, 2, 9, 10, 11, 100]);
    });

    it('keeps each message as it is', async () => {
      const messages: Segment = [
        { seq: 7, payload: '', ttl: null },
        { seq: 8, payload: JSON.stringify({ text: 'å 漢 🐟 \0 \u2028 "' }), ttl: { ms: 0, since: null } },
        { seq: 9, payload: 'x'.repeat(100_000), ttl: { ms: 60_000, since: 1_700_000_000_000.5 } },
      ];
      const store = await openStoreWithLog();
      await append(store, 'a', 1, messages);
      const log = await (await openStore()).claimLog('a');
      expect(log?.segments[1]).toEqual(messages);
      expect(log?.corrupt).toBe(0);
    });

    it('keeps a copy: what is changed afterwards is not changed in it', async () => {
      const store = await openStore();
      const messages: [StoredMessage, ...StoredMessage[]] = [message(1)];
      await createLog(store, { id: 'a', after: null }, messages);
      messages.push(message(2));
      expect((await store.claimLog('a'))?.segments).toEqual([segment(1)]);
    });

    it('never has a segment written over', async () => {
      const store = await openStoreWithLog();
      const other: Segment = [{ seq: 1, payload: '"other"', ttl: null }];
      await expect(append(store, 'a', 1, other)).rejects.toBeInstanceOf(Error);
      expect((await store.claimLog('a'))?.segments).toEqual([segment(1)]);
    });

    it('gives a rewritten segment the place of the old one', async () => {
      const store = await openStoreWithLog();
      await append(store, 'a', 1, segment(2, 5));
      await append(store, 'a', 1, segment(6));
      await replaceSegment(store, 'a', 1, 2, segment(3, 5));
      expect((await store.claimLog('a'))?.segments).toEqual([segment(1), segment(3, 5), segment(6)]);
      await replaceSegment(store, 'a', 2, 3, segment(3));
      expect((await store.claimLog('a'))?.segments).toEqual([segment(1), segment(3), segment(6)]);
    });

    it('takes and loses several segments in one go', async () => {
      const store = await openStore();
      await createLog(store, { id: 'a', after: null }, segment(1, 2), segment(3));
      await store.write({ id: 'a', after: null, generation: 1 }, [1, 3], [segment(2), segment(4), segment(5, 6)]);
      expect((await store.claimLog('a'))?.segments).toEqual([segment(2), segment(4), segment(5, 6)]);
    });

    it('never mixes with another one, however alike their ids are', async () => {
      const store = await openStore();
      const ids = ['', 'a', 'a\0', 'a\0\0', 'a\u0001', 'aa', 'a,1', 'A', 'á', '\uffff', '1', '[]'];
      for (const [index, id] of ids.entries()) {
        await createLog(store, { id, after: null }, segment(index + 1));
        await append(store, id, 1, segment(index + 100));
      }
      for (const [index, id] of ids.entries()) expect(await seqsOf(store, id)).toEqual([index + 1, index + 100]);
      expect(await removeSegments(store, 'a', 2, [2, 101])).toBe(0);
      for (const [index, id] of ids.entries()) {
        if (id !== 'a') expect(await seqsOf(store, id)).toEqual([index + 1, index + 100]);
      }
      expect(await store.listLogs()).toHaveLength(ids.length - 1);
    });

    it('is there for the next page after its store was closed', async () => {
      const store = await openStoreWithLog();
      await append(store, 'a', 1, segment(2, 3));
      await store.close();
      expect(await seqsOf(await openStore(), 'a')).toEqual([1, 2, 3]);
    });

    it('gives back 10,000 messages in 100 segments', async () => {
      const store = await openStore();
      const segments = Array.from({ length: 100 }, (_, index) => segment(...range(index * 100 + 1, 100)));
      for (const each of segments) {
        await (each[0].seq === 1 ? createLog(store, { id: 'a', after: null }, each) : append(store, 'a', 1, each));
      }
      const log = await (await openStore()).claimLog('a');
      expect(log?.corrupt).toBe(0);
      expect(log?.segments).toEqual(segments);
    });

    it.each([99, 100, 101, 200, 1001])('gives back a log of %i segments', async (count) => {
      const store = await openStoreWithLog();
      await Promise.all(range(2, count - 1).map((seq) => append(store, 'a', 1, segment(seq))));
      expect(await seqsOf(store, 'a')).toEqual(range(1, count));
    });
  });

  describe('removing segments', () => {
    it('removes those that are named, and no others', async () => {
      const store = await openStoreWithLog();
      await createLog(store, { id: 'b', after: null }, segment(2));
      for (const seq of [2, 3, 4]) await append(store, 'a', 1, segment(seq));
      await removeSegments(store, 'a', 1, [1, 3]);
      expect(await seqsOf(store, 'a')).toEqual([2, 4]);
      expect(await seqsOf(store, 'b')).toEqual([2]);
    });

    it('takes no offence at those that are gone, nor at none', async () => {
      const store = await openStoreWithLog();
      await removeSegments(store, 'a', 1, [99]);
      await removeSegments(store, 'a', 1, []);
      expect(await seqsOf(store, 'a')).toEqual([1]);
    });
  });

  describe('claiming a log', () => {
    it('raises its generation, each time', async () => {
      const store = await openStoreWithLog();
      expect((await store.claimLog('a'))?.generation).toBe(2);
      expect((await (await openStore()).claimLog('a'))?.generation).toBe(3);
      expect(await store.listLogs()).toEqual([{ id: 'a', after: null, generation: 3 }]);
    });

    it('gives null for a log that is not there, and makes none', async () => {
      const store = await openStoreWithLog();
      expect(await store.claimLog('b')).toBe(null);
      expect(await store.listLogs()).toHaveLength(1);
    });

    it('gives two that claim at the same time two generations', async () => {
      const [first, second] = [await openStoreWithLog(), await openStore()];
      const both = await Promise.all([first.claimLog('a'), second.claimLog('a')]);
      expect(new Set(both.map((log) => log?.generation))).toEqual(new Set([2, 3]));
    });

    it('hears of every write that was told to have succeeded', async () => {
      const [owner, adopter] = [await openStoreWithLog(), await openStore()];
      const writes = range(2, 50).map((seq) =>
        append(owner, 'a', 1, segment(seq)).then(
          () => seq,
          (fault: unknown) => {
            if (!(fault instanceof LogLost)) throw fault;
            return null;
          },
        ),
      );
      await writes[10];
      const log = await adopter.claimLog('a');
      const written = (await Promise.all(writes)).filter((seq) => seq !== null);
      expect(log?.segments.map(([first]) => first.seq)).toEqual([1, ...written]);
    });
  });

  describe('an owner of the past', () => {
    const calls: { name: string; run: (store: OutboxStore, generation: number) => Promise<unknown> }[] = [
      { name: 'append', run: (store, generation) => append(store, 'a', generation, segment(5)) },
      {
        name: 'replaceSegment',
        run: (store, generation) => replaceSegment(store, 'a', generation, 1, segment(5)),
      },
      { name: 'removeSegments', run: (store, generation) => removeSegments(store, 'a', generation, [1]) },
      { name: 'removeSegments of none', run: (store, generation) => removeSegments(store, 'a', generation, []) },
      {
        name: 'a write of both',
        run: (store, generation) => replaceSegment(store, 'a', generation, 1, segment(1)),
      },
    ];

    it.each(calls)('changes nothing any more: $name', async ({ run }) => {
      const [past, owner] = [await openStoreWithLog(), await openStore()];
      await owner.claimLog('a');
      await expect(run(past, 1)).rejects.toBeInstanceOf(LogLost);
      await expect(run(past, 3)).rejects.toBeInstanceOf(LogLost);
      expect(await past.listLogs()).toEqual([{ id: 'a', after: null, generation: 2 }]);
      expect(await seqsOf(owner, 'a')).toEqual([1]);
    });

    it.each(calls)('is told when the log is gone: $name', async ({ run }) => {
      const [past, owner] = [await openStoreWithLog(), await openStore()];
      await removeSegments(owner, 'a', 1, [1]);
      await expect(run(past, 1)).rejects.toBeInstanceOf(LogLost);
      expect(await past.listLogs()).toEqual([]);
      await createLog(owner, { id: 'a', after: null }, segment(9));
      expect(await seqsOf(owner, 'a')).toEqual([9]);
    });

    it('does not harm what the present owner does', async () => {
      const [past, owner] = [await openStoreWithLog(), await openStore()];
      await owner.claimLog('a');
      const results = await Promise.allSettled([
        append(past, 'a', 1, segment(2)),
        append(owner, 'a', 2, segment(3)),
        removeSegments(past, 'a', 1, [1]),
        append(owner, 'a', 2, segment(4)),
      ]);
      expect(results.map((result) => result.status)).toEqual(['rejected', 'fulfilled', 'rejected', 'fulfilled']);
      expect(await seqsOf(owner, 'a')).toEqual([1, 3, 4]);
    });
  });

  describe('deleting a log', () => {
    it('comes with the last message in it', async () => {
      const store = await openStoreWithLog();
      await createLog(store, { id: 'b', after: 'a' }, segment(1));
      await append(store, 'a', 1, segment(2));
      expect(await removeSegments(store, 'a', 1, [1])).toBe(1);
      expect(await removeSegments(store, 'a', 1, [2])).toBe(0);
      expect(await store.listLogs()).toEqual([{ id: 'b', after: 'a', generation: 1 }]);
      expect(await store.claimLog('a')).toBe(null);
    });

    it('does not come while a message comes', async () => {
      const store = await openStoreWithLog();
      expect(await store.write({ id: 'a', after: null, generation: 1 }, [1], [segment(2)])).toBe(1);
      expect(await seqsOf(store, 'a')).toEqual([2]);
    });

    it('leaves one with a message as it is', async () => {
      const store = await openStoreWithLog();
      expect(await removeSegments(store, 'a', 1, [])).toBe(1);
      await append(store, 'a', 1, segment(2));
      expect(await seqsOf(store, 'a')).toEqual([1, 2]);
    });

    it('may be followed by making it anew', async () => {
      const store = await openStoreWithLog();
      await removeSegments(store, 'a', 1, [1]);
      expect(await createLog(store, { id: 'a', after: null }, segment(2))).toBe(1);
      expect(await seqsOf(store, 'a')).toEqual([2]);
    });

    it('never deletes a log that an append has just been told to be in', async () => {
      const store = await openStoreWithLog();
      const [add, remove] = await Promise.allSettled([
        append(store, 'a', 1, segment(2)),
        removeSegments(await openStore(), 'a', 1, [1]),
      ]);
      const log = await store.claimLog('a');
      if (add.status === 'fulfilled') expect(log?.segments).toEqual([segment(2)]);
      else expect([log, remove]).toEqual([null, { status: 'fulfilled', value: 0 }]);
    });
  });

  describe('closing', () => {
    it('ends every method, and may be done twice', async () => {
      const store = await openStoreWithLog();
      await store.close();
      await store.close();
      const calls = [
        store.open('client'),
        setPeer(store, 'alice'),
        store.listLogs(),
        createLog(store, { id: 'b', after: null }, segment(1)),
        append(store, 'a', 1, segment(2)),
        removeSegments(store, 'a', 1, [1]),
        store.claimLog('a'),
      ];
      for (const result of await Promise.allSettled(calls)) expect(result.status).toBe('rejected');
      const next = await openStore();
      expect(await next.listLogs()).toEqual([{ id: 'a', after: null, generation: 1 }]);
      expect(await seqsOf(next, 'a')).toEqual([1]);
    });

    it('may be done before opening', async () => {
      const store = createStore(place);
      await store.close();
      await expect(store.open('client')).rejects.toBeInstanceOf(Error);
    });

    it('leaves a write on the way whole: either told and there, or neither', async () => {
      const store = await openStoreWithLog();
      const write = append(store, 'a', 1, segment(2)).then(
        () => [1, 2],
        () => [1],
      );
      await store.close();
      expect(await seqsOf(await openStore(), 'a')).toEqual(await write);
    });

    it('does not touch the other stores on its place', async () => {
      const [store, other] = [await openStoreWithLog(), await openStore()];
      await store.close();
      await append(other, 'a', 1, segment(2));
      expect(await seqsOf(other, 'a')).toEqual([1, 2]);
    });
  });
}

// What a write is for, by name.

export function setPeer(store: OutboxStore, peer: string): Promise<StoreInfo> {
  return store.open('a client that knows who it is', peer);
}

export function createLog(
  store: OutboxStore,
  { id, after }: { readonly id: string; readonly after: string | null },
  ...segments: readonly Segment[]
): Promise<number> {
  return store.write({ id, after, generation: 0 }, [], segments);
}

export function append(store: OutboxStore, id: string, generation: number, ...segments: Segment[]): Promise<number> {
  return store.write({ id, after: null, generation }, [], segments);
}

export function replaceSegment(
  store: OutboxStore,
  id: string,
  generation: number,
  first: number,
  by: Segment,
): Promise<number> {
  return store.write({ id, after: null, generation }, [first], [by]);
}

export function removeSegments(
  store: OutboxStore,
  id: string,
  generation: number,
  firsts: readonly number[],
): Promise<number> {
  return store.write({ id, after: null, generation }, firsts, []);
}

export function message(seq: number): StoredMessage {
  return { seq, payload: JSON.stringify({ text: `message ${seq}` }), ttl: null };
}

/** A segment of the messages with these seqs, in rising order. */
export function segment(...seqs: readonly number[]): Segment {
  const [first, ...rest] = seqs.map(message);
  if (first === undefined) throw new Error('a segment has a message at least');
  return [first, ...rest];
}

async function seqsOf(store: OutboxStore, logId: string): Promise<number[] | undefined> {
  const log = await store.claimLog(logId);
  return log?.segments.flatMap((each) => each.map(({ seq }) => seq));
}

function range(from: number, count: number): number[] {
  return Array.from({ length: count }, (_, index) => from + index);
}
