import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { cdp } from 'vitest/browser';
import { encryptAtRest } from './encryption.ts';
import { type IndexedDbOptions, indexedDbStorage } from './indexeddb-outbox.ts';
import { append, claim, createLog, outboxStoreConformance, segment } from '../testing/outbox-store-conformance.ts';
import type { OutboxStore, Segment, StoredMessage } from './ports.ts';

const identity = 'alice';
let name: string;
let stores: OutboxStore[];
let names: Set<string>;
/** Every handle that was opened, in order. */
let handles: IDBDatabase[];

beforeEach(() => {
  name = `app-${crypto.randomUUID()}`;
  stores = [];
  names = new Set();
  handles = [];
  const open = IDBFactory.prototype.open;
  vi.spyOn(IDBFactory.prototype, 'open').mockImplementation(function (this: IDBFactory, ...args) {
    const request = open.apply(this, args);
    request.addEventListener('success', () => handles.push(request.result));
    return request;
  });
});

afterEach(async () => {
  vi.restoreAllMocks();
  await Promise.all(stores.map((store) => store.close()));
  // Rejects where a closed store still holds its database: every test here is also one of that.
  await Promise.all([...names].map(deleteDatabase));
});

function createStore(options: Partial<IndexedDbOptions> = {}): OutboxStore {
  const { scope, createStore: create } = indexedDbStorage({ name, identity, ...options });
  const store = create();
  names.add(scope);
  stores.push(store);
  return store;
}

async function openStoreWithLog(options?: Partial<IndexedDbOptions>): Promise<OutboxStore> {
  const store = createStore(options);
  await store.open('client');
  await createLog(store, { id: 'a', after: null }, segment(1));
  return store;
}

async function firstsOf(store: OutboxStore): Promise<number[]> {
  return (await claim(store)).segments.map(([first]) => first.seq);
}

function deleteDatabase(scope: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.deleteDatabase(scope);
    request.addEventListener('success', () => resolve());
    request.addEventListener('error', () => reject(request.error!));
    request.addEventListener('blocked', () => reject(new Error('the deletion is blocked')));
  });
}

function send(method: string, params: object): Promise<unknown> {
  return (cdp() as unknown as { send(method: string, params: object): Promise<unknown> }).send(method, params);
}

describe('the store', () => {
  for (const { name: title, run } of outboxStoreConformance((place) => createStore({ name: place }))) it(title, run);
});

describe('the store with encryption', () => {
  const encryption = encryptAtRest();
  for (const { name: title, run } of outboxStoreConformance((place) => createStore({ name: place, encryption })))
    it(title, run);

  it('keeps its key in the database, where the next page finds it and nobody can export it', async () => {
    const store = await openStoreWithLog({ encryption });
    await store.close();
    const database = await new Promise<IDBDatabase>((resolve) => {
      const request = indexedDB.open([...names][0]!);
      request.addEventListener('success', () => resolve(request.result));
    });
    const read = database.transaction('keys').objectStore('keys').getAll();
    await new Promise((resolve) => read.addEventListener('success', resolve));
    const [{ key }] = read.result as [{ key: CryptoKey }];
    database.close();
    expect(key.extractable).toBe(false);
    await expect(crypto.subtle.exportKey('raw', key)).rejects.toMatchObject({ name: 'InvalidAccessError' });
    const next = createStore({ encryption });
    await next.open('client');
    expect(await firstsOf(next)).toEqual([1]);
  });

  it('is erased by clear(), key and all, under a tab that is open', async () => {
    const store = await openStoreWithLog({ encryption });
    await indexedDbStorage({ name, identity }).clear();
    expect((await indexedDB.databases()).map((database) => database.name)).not.toContain([...names][0]);
    await expect(append(store, 'a', 1, segment(2))).rejects.toMatchObject({ reason: 'gone' });
  });
});

describe('a connection that fails', () => {
  it('is made anew when its handle was closed', async () => {
    const store = await openStoreWithLog();
    handles[0]!.close();
    await Promise.all([append(store, 'a', 1, segment(2)), append(store, 'a', 1, segment(3))]);
    expect(handles).toHaveLength(2);
    expect(await firstsOf(store)).toEqual([1, 2, 3]);
  });

  it('gets a second try when a transaction was aborted', async () => {
    const store = await openStoreWithLog();
    const real = IDBDatabase.prototype.transaction;
    vi.spyOn(IDBDatabase.prototype, 'transaction').mockImplementationOnce(function (this: IDBDatabase, ...args) {
      const transaction = real.apply(this, args);
      setTimeout(() => transaction.abort());
      transaction.objectStore('logs').getAll().addEventListener('success', spin(transaction));
      return transaction;
    });
    await append(store, 'a', 1, segment(2));
    expect(handles).toHaveLength(2);
    expect(await firstsOf(store)).toEqual([1, 2]);
  });
});

it('a request that fails says why, and is not made again over what is there', async () => {
  const store = await openStoreWithLog();
  const place = { log: 'b', first: 1, mine: true };
  const database = await new Promise<IDBDatabase>((resolve) => {
    const request = indexedDB.open([...names][0]!);
    request.addEventListener('success', () => resolve(request.result));
  });
  const transaction = database.transaction('segments', 'readwrite');
  const put = transaction.objectStore('segments').put(place);
  await new Promise((resolve) => transaction.addEventListener('complete', resolve));
  // Only a browser tells each listener in a stack of its own, with all that follows from it before the next one.
  await expect(createLog(store, { id: 'b', after: null }, segment(1))).rejects.toMatchObject({
    reason: 'failed',
    cause: { name: 'ConstraintError' },
  });
  const reading = database.transaction('segments');
  const read = reading.objectStore('segments').get(put.result);
  await new Promise((resolve) => reading.addEventListener('complete', resolve));
  database.close();
  expect(read.result).toEqual(place);
});

describe('when the data go away', () => {
  it('a deletion by another page is not held up, and the loss is told', async () => {
    const store = await openStoreWithLog();
    await deleteDatabase([...names][0]!);
    await expect(append(store, 'a', 1, segment(2))).rejects.toThrow(/deleted/);
    expect((await indexedDB.databases()).map((database) => database.name)).not.toContain([...names][0]);
  });

  it('a user who clears the data of the site ends the connection, and the loss is told', async () => {
    const store = await openStoreWithLog();
    const closed = new Promise((resolve) => handles[0]!.addEventListener('close', resolve));
    await send('Storage.clearDataForOrigin', { origin: location.origin, storageTypes: 'indexeddb' });
    await closed;
    await expect(append(store, 'a', 1, segment(2))).rejects.toThrow(/deleted/);
    const next = createStore();
    expect(await next.open('the next client')).toEqual({ clientId: 'the next client', peer: null });
  });

  it('a full disk rejects the write and changes nothing, and the storage goes on', async () => {
    const { origin } = location;
    // Chromium trusts an earlier look at the free space for a while: the data of other tests may not be in its memory.
    await send('Storage.clearDataForOrigin', { origin, storageTypes: 'indexeddb' });
    await send('Storage.overrideQuotaForOrigin', { origin, quotaSize: 1_000_000 });
    const store = await openStoreWithLog();
    // Not one letter 4,000,000 times: what is stored is compressed.
    const payload = Array.from({ length: 4_000_000 }, () => Math.floor(Math.random() * 36).toString(36)).join('');
    const big: StoredMessage = { seq: 2, payload, ttl: null };
    const write = append(store, 'a', 1, [big]);
    await expect(write).rejects.toMatchObject({ reason: 'full', cause: { name: 'QuotaExceededError' } });
    await send('Storage.overrideQuotaForOrigin', { origin });
    // Chromium takes a moment to see that there is space again.
    await vi.waitFor(() => append(store, 'a', 1, segment(3)), { timeout: 20_000, interval: 100 });
    expect(await firstsOf(store)).toEqual([1, 3]);
  });
});

// In a browser context without a profile on disk, as test runners make it, strict costs no more than relaxed.
describe('what storing costs', () => {
  it('no memory: thousands of transactions leave nothing behind', async () => {
    const store = await openStoreWithLog();
    let seq = 1;
    const write = async (times: number): Promise<number> => {
      for (const end = seq + times; seq < end; seq += 1)
        await store.write({ id: 'a', after: null, generation: 1 }, [seq], [segment(seq + 1)]);
      // One collection lets go of what the next one finds.
      for (let time = 0; time < 3; time += 1) await send('HeapProfiler.collectGarbage', {});
      const { usedSize } = (await send('Runtime.getHeapUsage', {})) as { usedSize: number };
      return usedSize;
    };
    // The first ones let tables grow that stay as large.
    const before = await write(3_000);
    const after = await write(3_000);
    expect((after - before) / 3_000, 'bytes a transaction').toBeLessThan(30);
  });

  const count = 10_000;
  const size = 100;
  const single = 1000;

  it('10,000 messages of 200 bytes, awaited segment by segment, next to single records', async () => {
    const lines: string[] = [];
    const tell = (what: string, messages: number, startedAt: number): void => {
      const perSecond = (messages * 1000) / (performance.now() - startedAt);
      lines.push(`${what.padEnd(42)} ${Math.round(perSecond).toLocaleString('en')} messages/s`);
    };
    for (const durability of ['relaxed', 'strict'] as const) {
      const store = await openStoreWithLog({ name: `${name}-${durability}`, durability });
      const startedAt = performance.now();
      for (let first = 2; first < count + 2; first += size) await append(store, 'a', 1, batch(first));
      tell(`segments of ${size}, ${durability}`, count, startedAt);
      const readAt = performance.now();
      const log = await claim(store);
      tell(`read back, ${durability}`, count, readAt);
      expect(log.segments.flat().length).toBe(count + 1);
    }
    for (const durability of ['relaxed', 'strict'] as const) {
      const database = await openPlain(`${name}-single-${durability}`);
      const startedAt = performance.now();
      for (const message of batch(0, single)) await putPlain(database, message, durability);
      tell(`native, one awaited put each, ${durability}`, single, startedAt);
      database.close();
    }
    console.info(lines.join('\n'));
  });

  function batch(first: number, length: number = size): Segment {
    return segment(...Array.from({ length }, (_, index) => first + index)).map(({ seq }) => ({
      seq,
      payload: `{"seq":"${String(seq).padStart(6, '0')}"}`.padEnd(200),
      ttl: null,
    })) as readonly StoredMessage[] as Segment;
  }

  function openPlain(scope: string): Promise<IDBDatabase> {
    names.add(scope);
    return new Promise((resolve, reject) => {
      const request = indexedDB.open(scope);
      request.addEventListener('upgradeneeded', () => request.result.createObjectStore('messages', { keyPath: 'seq' }));
      request.addEventListener('success', () => resolve(request.result));
      request.addEventListener('error', () => reject(request.error!));
    });
  }

  function putPlain(database: IDBDatabase, record: unknown, durability: 'relaxed' | 'strict'): Promise<void> {
    return new Promise((resolve, reject) => {
      const transaction = database.transaction('messages', 'readwrite', { durability });
      transaction.objectStore('messages').put(record);
      transaction.addEventListener('complete', () => resolve());
      transaction.addEventListener('abort', () => reject(transaction.error!));
    });
  }
});

/** Keeps a transaction busy until it is aborted, so that it can't commit before. */
function spin(transaction: IDBTransaction): () => void {
  return () => {
    try {
      transaction.objectStore('logs').getAll().addEventListener('success', spin(transaction));
    } catch {
      // Aborted: what the test wanted.
    }
  };
}
