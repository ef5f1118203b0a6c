import 'fake-indexeddb/auto';
import { forceCloseDatabase } from 'fake-indexeddb';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { HoldfastError } from '../lib/errors.ts';
import { indexedDbStorage, type IndexedDbOptions } from './indexeddb-outbox.ts';
import {
  append,
  claim,
  createLog,
  message,
  outboxStoreConformance,
  removeSegments,
  segment,
  setPeer,
} from '../testing/outbox-store-conformance.ts';
import { LogLost, type OutboxStore, type Segment } from './ports.ts';

const identity = 'alice';
let name: string;
let scope: string;
let stores: OutboxStore[];
/** Every handle that was opened, in order. */
let handles: IDBDatabase[];

beforeEach(() => {
  name = `app-${crypto.randomUUID()}`;
  scope = `holdfast:${name}:${identity}`;
  stores = [];
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
  vi.unstubAllGlobals();
  await Promise.all(stores.map((store) => store.close()));
});

function createStore(options: Partial<IndexedDbOptions> = {}): OutboxStore {
  const store = indexedDbStorage({ name, identity, ...options }).createStore();
  stores.push(store);
  return store;
}

async function openStore(): Promise<OutboxStore> {
  const store = createStore();
  await store.open('client');
  return store;
}

/** A store with the log 'a', which has the message 1. */
async function openStoreWithLog(): Promise<OutboxStore> {
  const store = await openStore();
  await createLog(store, { id: 'a', after: null }, segment(1));
  return store;
}

async function firstsOf(store: OutboxStore, logId = 'a'): Promise<number[]> {
  return (await claim(store, logId)).segments.map(([first]) => first.seq);
}

/** Deletes the database as an app does at signing out; rejects when somebody holds it up. */
function deleteDatabase(): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.deleteDatabase(scope);
    request.addEventListener('success', () => resolve());
    request.addEventListener('error', () => reject(request.error!));
    request.addEventListener('blocked', () => reject(new Error('the deletion is blocked')));
  });
}

/** Opens the store's database behind its back. */
function openRaw(version?: number): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(scope, version);
    request.addEventListener('success', () => resolve(request.result));
    request.addEventListener('error', () => reject(request.error!));
  });
}

/** Writes `records` into an object store behind the store's back. */
async function putRaw(storeName: string, records: readonly unknown[], key?: IDBValidKey): Promise<void> {
  const database = await openRaw();
  const transaction = database.transaction(storeName, 'readwrite');
  for (const record of records) transaction.objectStore(storeName).put(record, key);
  await new Promise((resolve) => transaction.addEventListener('complete', resolve));
  database.close();
}

/** Every call of `transaction` on any handle from now on goes through `change`, which gets the real one and its number. */
function interceptTransactions(change: (transaction: IDBTransaction, count: number) => void): { count: number } {
  const seen = { count: 0 };
  const real = IDBDatabase.prototype.transaction;
  vi.spyOn(IDBDatabase.prototype, 'transaction').mockImplementation(function (this: IDBDatabase, ...args) {
    const transaction = real.apply(this, args);
    if (transaction.mode === 'versionchange') return transaction;
    seen.count += 1;
    change(transaction, seen.count);
    return transaction;
  });
  return seen;
}

/** The transaction commits, but its page hears that it has aborted: the connection died in between. */
function commitButReportAbort(transaction: IDBTransaction): void {
  const add = transaction.addEventListener.bind(transaction);
  const abortListeners: (() => void)[] = [];
  Object.defineProperty(transaction, 'addEventListener', {
    configurable: true,
    value: (type: string, listener: () => void) => {
      if (type === 'abort') abortListeners.push(listener);
      else if (type !== 'complete') add(type, listener);
    },
  });
  add('complete', () => abortListeners.forEach((listener) => listener()));
}

/** The connection dies under the transaction, as WebKit does it. */
function killByUnknownError(transaction: IDBTransaction): void {
  Object.defineProperty(transaction, 'objectStore', {
    configurable: true,
    value: () => {
      throw new DOMException(
        'Connection to Indexed Database server lost. Refresh the page to try again',
        'UnknownError',
      );
    },
  });
}

describe('the store', () => {
  for (const { name: title, run } of outboxStoreConformance((place) => createStore({ name: place }))) it(title, run);
});

describe('the options', () => {
  it('give an outbox, and touch nothing before a store is opened', () => {
    const forbidden = ['indexedDB', 'IDBKeyRange', 'navigator', 'document', 'localStorage', 'crypto'];
    for (const global of forbidden) {
      vi.stubGlobal(global, undefined);
      Object.defineProperty(globalThis, global, {
        configurable: true,
        get: () => {
          throw new Error(`${global} was touched`);
        },
      });
    }
    const outbox = indexedDbStorage({ name: 'chat', identity: 'alice' });
    expect(outbox).toMatchObject({ maxMessages: 10_000, maxAgeMs: 2_160_000_000, overflow: 'reject' });
    expect(outbox.scope).toBe('holdfast:chat:alice');
    expect(outbox.createStore()).toBeDefined();
    expect(indexedDbStorage({ name: 'chat', identity: 'alice', maxMessages: 1 }).maxMessages).toBe(1);
  });

  it('never give two identities one scope', () => {
    const parts = ['a', 'a:b', 'b', ':', 'a:', ':a', '%3A', 'a%3Ab', ' ', 'å', '/'];
    const scopes = parts.flatMap((one) => parts.map((other) => indexedDbStorage({ name: one, identity: other }).scope));
    expect(new Set(scopes).size).toBe(parts.length ** 2);
  });

  it.each<[string, unknown]>([
    ['options', undefined],
    ['options', null],
    ['options', 'chat'],
    ['name', { identity }],
    ['name', { name: '', identity }],
    ['name', { name: 7, identity }],
    ['name', { name: '\ud800', identity }],
    ['identity', { name: 'chat' }],
    ['identity', { name: 'chat', identity: '' }],
    ['identity', { name: 'chat', identity: null }],
    ['identity', { name: 'chat', identity: 'x\udfff' }],
    ['maxMessages', { name: 'chat', identity, maxMessages: 0 }],
    ['maxMessages', { name: 'chat', identity, maxMessages: 1.5 }],
    ['maxMessages', { name: 'chat', identity, maxMessages: Infinity }],
    ['maxMessages', { name: 'chat', identity, maxMessages: '10' }],
    ['maxBytes', { name: 'chat', identity, maxBytes: -1 }],
    ['maxMessageBytes', { name: 'chat', identity, maxMessageBytes: '1' }],
    ['maxAgeMs', { name: 'chat', identity, maxAgeMs: 0 }],
    ['overflow', { name: 'chat', identity, overflow: 'drop' }],
    ['durability', { name: 'chat', identity, durability: 'default' }],
    ['durability', { name: 'chat', identity, durability: null }],
    ['encryption', { name: 'chat', identity, encryption: true }],
    ['encryption', { name: 'chat', identity, encryption: null }],
  ])('are refused by the name of the one that is wrong: %s in %j', (option, options) => {
    let fault: unknown;
    try {
      indexedDbStorage(options as IndexedDbOptions);
    } catch (thrown) {
      fault = thrown;
    }
    expect(fault).toBeInstanceOf(HoldfastError);
    expect(fault).toMatchObject({ code: 'INVALID_OPTION', details: { option } });
    expect((fault as Error).message).toMatch(new RegExp(`^indexedDB\\(\\): ${option} is .+; give `));
    expect(Math.abs((fault as HoldfastError).timestamp - Date.now())).toBeLessThan(5000);
  });

  it.each(['relaxed', 'strict'] as const)('hand durability to every transaction: %s', async (durability) => {
    const seen: string[] = [];
    const count = interceptTransactions((transaction) => seen.push(transaction.durability));
    const store = createStore({ durability });
    await store.open('client');
    await setPeer(store, 'peer');
    await createLog(store, { id: 'a', after: null }, segment(1));
    await append(store, 'a', 1, segment(2));
    await removeSegments(store, 'a', 1, [1]);
    await store.claimLog('a');
    await store.listLogs();
    await store.readLog({ id: 'a', after: null, generation: 2 }, 1);
    expect(seen).toEqual(Array.from({ length: 8 }, () => durability));
    expect(count.count).toBe(8); // One transaction a method.
  });
});

it('a strict write is one in a relaxed store, and the next one is not', async () => {
  const store = await openStoreWithLog();
  const seen: string[] = [];
  interceptTransactions((transaction) => seen.push(transaction.durability));
  await store.write({ id: 'a', after: null, generation: 1 }, [], [segment(2)], true);
  await append(store, 'a', 1, segment(3));
  expect(seen).toEqual(['strict', 'relaxed']);
});

it('a write asks for what it adds once it has found the log its own, and once', async () => {
  const store = await openStoreWithLog();
  let asked = 0;
  const added = function* (): Generator<Segment> {
    asked += 1;
    yield segment(asked + 1);
  };
  await expect(store.write({ id: 'a', after: null, generation: 7 }, [], added())).rejects.toBeInstanceOf(LogLost);
  expect(asked).toBe(0);
  // It was committed, and tries again nevertheless: with what it has.
  interceptTransactions((transaction, count) => {
    if (count === 1) commitButReportAbort(transaction);
  });
  const written = store.write({ id: 'a', after: null, generation: 1 }, [], added());
  expect(asked).toBe(0);
  expect(await written).toBe(1);
  expect([asked, handles.length]).toEqual([1, 2]);
  expect((await claim(store)).segments).toEqual([segment(1), segment(2)]);
});

it('a write whose messages can not be copied rejects, and what it was to replace stays', async () => {
  const store = await openStoreWithLog();
  const huge = segment(1);
  Object.defineProperty(huge, Symbol.iterator, {
    value: () => {
      throw new RangeError('Array buffer allocation failed');
    },
  });
  const added = function* (): Generator<Segment> {
    yield huge;
  };
  await expect(store.write({ id: 'a', after: null, generation: 1 }, [1], added())).rejects.toThrow('allocation failed');
  expect(await firstsOf(await openStore())).toEqual([1]);
});

describe('where nothing can be stored', () => {
  it('open says so', async () => {
    vi.stubGlobal('indexedDB', undefined);
    await expect(openStore()).rejects.toThrow(/IndexedDB failed/);
  });

  it('open says what the browser says', async () => {
    const cause = new DOMException('denied in a sandbox', 'SecurityError');
    vi.mocked(IDBFactory.prototype.open).mockImplementation(() => {
      throw cause;
    });
    await expect(openStore()).rejects.toMatchObject({
      message: expect.stringContaining('denied in a sandbox') as string,
      cause,
    });
  });

  it('open may be tried again', async () => {
    const store = createStore();
    vi.stubGlobal('indexedDB', undefined);
    await expect(store.open('client')).rejects.toBeInstanceOf(Error);
    vi.unstubAllGlobals();
    expect(await store.open('client')).toEqual({ clientId: 'client', peer: null });
  });

  it('a newer version of the database is left alone', async () => {
    (await openRaw(5)).close();
    await expect(openStore()).rejects.toMatchObject({
      reason: 'newer-version',
      cause: { name: 'VersionError' },
    });
    (await openRaw(5)).close();
  });

  it("an unreadable install's record is reported, not replaced", async () => {
    await (await openStore()).close();
    await putRaw('info', [{ clientId: 7, peer: 'alice' }], 'install');
    await expect(openStore()).rejects.toThrow(/record/);
    await putRaw('info', [{ clientId: 'client', peer: 'alice' }], 'install');
    expect(await createStore().open('other')).toEqual({ clientId: 'client', peer: 'alice' });
  });
});

describe('a transaction that fails', () => {
  it('rejects and changes nothing: a value that can not be cloned', async () => {
    const store = await openStoreWithLog();
    const bad: Segment = [{ ...message(1), payload: (() => 1) as unknown as string }];
    await expect(createLog(store, { id: 'b', after: null }, bad)).rejects.toMatchObject({
      message: expect.stringContaining('DataCloneError') as string,
      cause: { name: 'DataCloneError' },
    });
    expect(await store.listLogs()).toEqual([{ id: 'a', after: null, generation: 1 }]);
  });

  it('rejects and changes nothing: a request that fails', async () => {
    const store = await openStoreWithLog();
    await putRaw('segments', [{ log: 'b', first: 1 }]);
    await expect(createLog(store, { id: 'b', after: null }, segment(1))).rejects.toMatchObject({
      cause: { name: 'ConstraintError' },
    });
    expect(await store.listLogs()).toEqual([{ id: 'a', after: null, generation: 1 }]);
  });

  it.each(['before the request was answered', 'after every request succeeded'])(
    'rejects and changes nothing: a full disk, noticed %s',
    async (when) => {
      const store = await openStoreWithLog();
      interceptTransactions((transaction) => {
        const abort = (): void => {
          Object.defineProperty(transaction, 'error', { value: new DOMException('full', 'QuotaExceededError') });
          transaction.abort();
        };
        const objectStore = transaction.objectStore.bind(transaction);
        const intercepted = (storeName: string): IDBObjectStore => {
          const real = objectStore(storeName);
          for (const method of ['add', 'put'] as const) {
            const write = real[method].bind(real);
            Object.defineProperty(real, method, {
              configurable: true,
              value: (record: unknown) => {
                const request = write(record);
                if (when.startsWith('before')) abort();
                else request.addEventListener('success', abort);
                return request;
              },
            });
          }
          return real;
        };
        Object.defineProperty(transaction, 'objectStore', { configurable: true, value: intercepted });
      });
      await expect(append(store, 'a', 1, segment(2))).rejects.toMatchObject({
        reason: 'full',
        cause: { name: 'QuotaExceededError' },
      });
      vi.mocked(IDBDatabase.prototype.transaction).mockRestore();
      expect(await firstsOf(store)).toEqual([1]);
    },
  );

  it('resolves not before the transaction has completed', async () => {
    const store = await openStoreWithLog();
    const events: string[] = [];
    interceptTransactions((transaction) => {
      transaction.addEventListener('complete', () => events.push('complete'));
    });
    await append(store, 'a', 1, segment(2)).then(() => events.push('append'));
    await removeSegments(store, 'a', 1, [2]).then(() => events.push('removeSegments'));
    await store.claimLog('a').then(() => events.push('claimLog'));
    await removeSegments(store, 'a', 2, [1]).then(() => events.push('removeSegments'));
    await createLog(store, { id: 'b', after: null }, segment(1)).then(() => events.push('createLog'));
    await setPeer(store, 'peer').then(() => events.push('setPeer'));
    expect(events.filter((_, index) => index % 2 === 0)).toEqual(Array.from({ length: 6 }, () => 'complete'));
  });
});

describe('a connection that fails', () => {
  const faults: { name: string; apply: (transaction: IDBTransaction) => void }[] = [
    { name: 'abort by the browser', apply: (transaction) => transaction.abort() },
    { name: 'UnknownError', apply: killByUnknownError },
  ];

  it('is made anew when its handle was closed', async () => {
    const store = await openStoreWithLog();
    handles[0]!.close();
    await append(store, 'a', 1, segment(2));
    expect(handles).toHaveLength(2);
    expect(await firstsOf(store)).toEqual([1, 2]);
  });

  it('is made anew after the browser closed it', async () => {
    const store = await openStoreWithLog();
    forceCloseDatabase(handles[0] as never);
    await new Promise((resolve) => setTimeout(resolve)); // The event has come.
    // The second try is still to be had: the first transaction checks the new connection, the second is the append.
    interceptTransactions((transaction, count) => {
      if (count === 2) transaction.abort();
    });
    await append(store, 'a', 1, segment(2));
    expect(await firstsOf(store)).toEqual([1, 2]);
    expect(handles).toHaveLength(3);
  });

  it('is made anew once for all that wait', async () => {
    const store = await openStoreWithLog();
    handles[0]!.close();
    await Promise.all([2, 3, 4].map((seq) => append(store, 'a', 1, segment(seq))));
    expect(handles).toHaveLength(2);
    expect(await firstsOf(store)).toEqual([1, 2, 3, 4]);
  });

  it.each(faults)('gets a second try on a new connection: $name', async ({ apply }) => {
    const store = await openStoreWithLog();
    interceptTransactions((transaction, count) => {
      if (count === 1) apply(transaction);
    });
    await append(store, 'a', 1, segment(2));
    expect(handles).toHaveLength(2);
    expect(await firstsOf(store)).toEqual([1, 2]);
  });

  it.each(faults)('and no third one: $name', async ({ apply }) => {
    const store = await openStoreWithLog();
    let tries = 0;
    interceptTransactions((transaction) => {
      if (transaction.mode !== 'readwrite') return;
      tries += 1;
      apply(transaction);
    });
    const appends = [append(store, 'a', 1, segment(2)), append(store, 'a', 1, segment(3))];
    const results = await Promise.allSettled(appends);
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(tries).toBe(4);
    vi.mocked(IDBDatabase.prototype.transaction).mockRestore();
    expect(await firstsOf(await openStore())).toEqual([1]);
    await store.close();
    await deleteAfterClosing();
  });

  it('is lost when it can not be made anew', async () => {
    const store = await openStoreWithLog();
    handles[0]!.close();
    vi.mocked(IDBFactory.prototype.open).mockImplementation(() => {
      throw new DOMException('no more', 'UnknownError');
    });
    await expect(append(store, 'a', 1, segment(2))).rejects.toThrow(/no more/);
  });

  it('does not turn a lost log into a lost storage', async () => {
    const store = await openStoreWithLog();
    handles[0]!.close();
    await expect(append(store, 'a', 7, segment(2))).rejects.toBeInstanceOf(LogLost);
  });

  describe('after the commit, before the page heard of it', () => {
    function reportAbortOnce(): void {
      interceptTransactions((transaction, count) => {
        if (count === 1) commitButReportAbort(transaction);
      });
    }

    it('createLog finds what it wrote', async () => {
      const store = await openStore();
      reportAbortOnce();
      await createLog(store, { id: 'b', after: 'a' }, segment(1));
      expect(await store.claimLog('b')).toMatchObject({ after: 'a', generation: 2, segments: [segment(1)] });
    });

    it('append finds what it wrote', async () => {
      const store = await openStoreWithLog();
      reportAbortOnce();
      await append(store, 'a', 1, segment(2));
      expect(await firstsOf(store)).toEqual([1, 2]);
    });

    it('a deletion finds it gone', async () => {
      const store = await openStoreWithLog();
      reportAbortOnce();
      expect(await removeSegments(store, 'a', 1, [1])).toBe(0);
      expect(await store.listLogs()).toEqual([]);
    });
  });

  it('createLog does not take over a log that somebody has claimed meanwhile', async () => {
    const [store, other] = [await openStore(), await openStoreWithLog()];
    await other.claimLog('a');
    interceptTransactions((transaction, count) => {
      if (count === 1) transaction.abort();
    });
    await expect(createLog(store, { id: 'a', after: null }, segment(1))).rejects.toBeInstanceOf(LogLost);
    expect((await other.claimLog('a'))?.generation).toBe(3);
  });
});

describe('a deletion of the database', () => {
  it('is not held up, and the loss is told at the next call', async () => {
    const store = await openStoreWithLog();
    await deleteDatabase();
    await expect(append(store, 'a', 1, segment(2))).rejects.toThrow(/deleted/);
    // Nor is an empty database left in its place.
    expect((await indexedDB.databases()).map((database) => database.name)).not.toContain(scope);
  });

  it('waits for the write on the way, which is whole', async () => {
    const store = await openStoreWithLog();
    const write = append(store, 'a', 1, segment(2));
    await deleteDatabase().catch(() => {}); // Blocked for as long as the transaction runs.
    await write;
    await expect(append(store, 'a', 1, segment(3))).rejects.toThrow(/deleted/);
  });

  it('is noticed although another page has made a new database since', async () => {
    const store = await openStoreWithLog();
    await deleteDatabase();
    const other = createStore();
    await other.open('another client');
    await expect(createLog(store, { id: 'b', after: null }, segment(1))).rejects.toThrow(/deleted/);
    expect(await other.listLogs()).toEqual([]);
  });

  it('a newer version of the library gets its upgrade at once', async () => {
    const store = await openStoreWithLog();
    (await openRaw(5)).close();
    await expect(append(store, 'a', 1, segment(2))).rejects.toMatchObject({
      reason: 'newer-version',
      cause: { name: 'VersionError' },
    });
  });
});

describe('clearing', () => {
  const clear = (): Promise<void> => indexedDbStorage({ name, identity }).clear();
  const databases = async (): Promise<(string | undefined)[]> =>
    (await indexedDB.databases()).map((database) => database.name);

  it('erases all, though tabs are open, and they are told', async () => {
    const [store, other] = [await openStoreWithLog(), await openStore()];
    await clear();
    expect(await databases()).not.toContain(scope);
    await expect(append(store, 'a', 1, segment(2))).rejects.toMatchObject({ reason: 'gone' });
    await expect(other.listLogs()).rejects.toMatchObject({ reason: 'gone' });
    expect(await createStore().open('new')).toEqual({ clientId: 'new', peer: null });
  });

  it('touches no other identity, nor other names', async () => {
    const others = [createStore({ identity: 'bob' }), createStore({ name: `${name}:` })];
    for (const store of others) {
      await store.open('client');
      await createLog(store, { id: 'a', after: null }, segment(1));
    }
    await openStoreWithLog();
    await clear();
    for (const store of others) expect(await firstsOf(store)).toEqual([1]);
  });

  it('does not wait for a tab that is frozen: what is stored is erased, its deletion comes later', async () => {
    await (await openStoreWithLog()).close();
    const frozen = await openRaw();
    await clear();
    const left = ['info', 'logs', 'segments', 'keys'].map((table) => {
      const request = frozen.transaction(table).objectStore(table).count();
      return new Promise((resolve) => request.addEventListener('success', () => resolve(request.result)));
    });
    expect(await Promise.all(left)).toEqual([0, 0, 0, 0]);
    frozen.close();
    await vi.waitFor(async () => expect(await databases()).not.toContain(scope));
  });

  it('a tab that writes in between makes no log in the emptied database, and is not told of another owner', async () => {
    const store = await openStoreWithLog();
    const database = await openRaw();
    const transaction = database.transaction(['info', 'logs', 'segments'], 'readwrite');
    for (const table of transaction.objectStoreNames) transaction.objectStore(table).clear();
    await new Promise((resolve) => transaction.addEventListener('complete', resolve));
    await expect(append(store, 'a', 1, segment(2))).rejects.toMatchObject({ reason: 'gone' });
    await expect(createLog(store, { id: 'b', after: null }, segment(1))).rejects.toMatchObject({ reason: 'gone' });
    database.close();
  });

  it('may be done where there is nothing, and twice', async () => {
    await Promise.all([clear(), clear()]);
    await clear();
    expect(await databases()).not.toContain(scope);
  });

  it('erases what a newer version of the library has stored', async () => {
    (await openRaw(7)).close();
    await clear();
    expect(await databases()).not.toContain(scope);
  });

  it('says so when it fails', async () => {
    vi.stubGlobal('indexedDB', undefined);
    await expect(clear()).rejects.toMatchObject({ code: 'STORAGE_FAILED' });
  });
});

describe('asking for persistence', () => {
  const { persist } = indexedDbStorage({ name: 'any', identity });

  it.each([
    [true, { storage: { persist: () => Promise.resolve(true) } }],
    [false, { storage: { persist: () => Promise.resolve(false) } }],
    [false, { storage: { persist: () => Promise.reject(new TypeError('in a sandbox')) } }],
    [false, { storage: {} }],
    [false, {}],
  ])('gives what the browser says: %s', async (answer, navigator) => {
    vi.stubGlobal('navigator', navigator);
    expect(await persist()).toBe(answer);
  });
});

describe('versions', () => {
  const payloads = segment(1, 2).map(({ payload }) => payload);
  const columns = {
    log: 'a',
    first: 1,
    text: payloads.join(''),
    bytes: [],
    numbers: Float64Array.from([1, 2].flatMap((seq) => [seq, NaN, NaN, payloads[seq - 1]?.length ?? 0])),
  };
  it.each([
    [1, record(1, 2)],
    [2, record(1, 2)],
    [3, columns],
  ])('a database of version %i is taken over, with all that is in it', async (version, stored) => {
    await new Promise<void>((resolve) => {
      const request = indexedDB.open(scope, version);
      request.addEventListener('upgradeneeded', () => {
        const { result, transaction } = request;
        result.createObjectStore('info').put({ clientId: 'old', peer: 'alice' }, 'install');
        result.createObjectStore('logs', { keyPath: 'id' }).put({ id: 'a', after: null, generation: 1 });
        result.createObjectStore('segments', { keyPath: ['log', 'first'] }).put(stored);
        if (version > 1) result.createObjectStore('keys', { keyPath: 'id' });
        transaction?.addEventListener('complete', () => {
          result.close();
          resolve();
        });
      });
    });
    const store = createStore();
    expect(await store.open('new')).toEqual({ clientId: 'old', peer: 'alice' });
    expect((await claim(store)).segments).toEqual([segment(1, 2)]);
  });

  it('a tab of an older version does not hold up a newer one, and is told', async () => {
    const old = await openStoreWithLog();
    const newer = await openRaw(5);
    await expect(append(old, 'a', 1, segment(2))).rejects.toMatchObject({ reason: 'newer-version' });
    newer.close();
  });
});

describe('closing', () => {
  it('lets the database go', async () => {
    const store = await openStoreWithLog();
    await store.close();
    await deleteDatabase();
  });

  it('lets it go with a write on the way', async () => {
    const store = await openStoreWithLog();
    const events: string[] = [];
    const started = new Promise<void>((resolve) => {
      interceptTransactions((transaction) => {
        transaction.addEventListener('complete', () => events.push('complete'));
        resolve();
      });
    });
    const write = append(store, 'a', 1, segment(2));
    await started;
    await store.close();
    events.push('closed');
    await deleteDatabase();
    await write;
    expect(events).toEqual(['complete', 'closed']);
  });

  it('lets go what opens only afterwards', async () => {
    const holder = await openRaw(1); // Without listeners: holds the deletion up, and so the opening behind it.
    const deletion = deleteDatabase();
    await expect(deletion).rejects.toThrow(/blocked/);
    const store = createStore();
    const opening = store.open('client');
    await store.close();
    holder.close();
    await expect(opening).rejects.toThrow(/closed/);
    await deleteDatabase();
  });

  it('tells nobody of a loss', async () => {
    const store = await openStoreWithLog();
    await store.close();
    await expect(append(store, 'a', 1, segment(2))).rejects.toThrow(/closed/);
    expect(handles).toHaveLength(1);
  });
});

describe('damaged records', () => {
  const log = 'a';
  const good = record(50);
  const columns = (damage: { readonly [field: string]: unknown }): { first: unknown; [field: string]: unknown } => ({
    first: 15,
    text: '"ab"',
    bytes: [],
    lengths: Float64Array.of(4),
    numbers: Float64Array.of(15, NaN, NaN, 1),
    ...damage,
  });
  /** Those of version 3. */
  const old = (damage: { readonly [field: string]: unknown }): { first: unknown; [field: string]: unknown } =>
    columns({ lengths: undefined, numbers: Float64Array.of(15, NaN, NaN, 4), ...damage });
  const damaged: [what: string, record: { first: unknown; [field: string]: unknown }][] = [
    ['nothing but its key', { first: 10 }],
    ['a first that is text', { ...record(11), first: 'eleven' }],
    ['a first that is a date', { ...record(11), first: new Date(11) }],
    ['a first that is an array', { ...record(11), first: [11] }],
    ['a first with a fraction', { first: 11.5, messages: [{ ...message(11), seq: 11.5 }, message(12)] }],
    ['a negative first', { first: -1, messages: [{ ...message(1), seq: -1 }] }],
    ['a first that is not the first', { ...record(13, 14), first: 12 }],
    ['messages that are no array', { first: 15, messages: { 0: message(15), length: 1 } }],
    ['messages that are null', { first: 15, messages: null }],
    ['no messages', { first: 15, messages: [] }],
    ['a message that is null', { first: 15, messages: [null] }],
    ['a message without seq', { first: 15, messages: [{ payload: '1', ttl: null }] }],
    ['seqs that fall', { first: 15, messages: [message(15), message(18), message(17)] }],
    ['a seq twice', { first: 15, messages: [message(15), message(16), message(16)] }],
    ['a payload that is no text', { first: 15, messages: [{ ...message(15), payload: { text: 1 } }] }],
    ['no payload', { first: 15, messages: [{ seq: 15, ttl: null }] }],
    ['no ttl', { first: 15, messages: [{ seq: 15, payload: '1' }] }],
    ['a ttl that is a number', { first: 15, messages: [{ ...message(15), ttl: 1000 }] }],
    ['a ttl without ms', { first: 15, messages: [{ ...message(15), ttl: { since: null } }] }],
    ['a ttl below 0', { first: 15, messages: [{ ...message(15), ttl: { ms: -1, since: null } }] }],
    ['a ttl that is not a number', { first: 15, messages: [{ ...message(15), ttl: { ms: NaN, since: null } }] }],
    ['a ttl that is text', { first: 15, messages: [{ ...message(15), ttl: { ms: '1', since: null } }] }],
    ['a ttl with a since of text', { first: 15, messages: [{ ...message(15), ttl: { ms: 1, since: '1' } }] }],
    ['a ttl without since', { first: 15, messages: [{ ...message(15), ttl: { ms: 1 } }] }],
    ['columns without lengths', columns({ lengths: null })],
    ['columns with a plain list of lengths', columns({ lengths: [4] })],
    ['columns with a length too few', columns({ numbers: Float64Array.of(15, NaN, NaN, 2) })],
    ['columns with a length too many', columns({ lengths: Float64Array.of(4, 0) })],
    ['columns with a negative length', columns({ lengths: Float64Array.of(-2) })],
    ['columns without numbers', columns({ numbers: undefined })],
    ['columns with a plain list of numbers', columns({ numbers: [15, NaN, NaN, 1] })],
    ['columns with a number too few', columns({ numbers: Float64Array.of(15, NaN, NaN) })],
    ['columns without text', columns({ text: undefined })],
    ['columns with text that is none', columns({ text: 1 })],
    ['columns with more text than its messages have', columns({ text: '"ab"c' })],
    ['columns with less text', columns({ text: '"ab' })],
    ['columns without bytes', columns({ bytes: undefined })],
    ['columns with bytes of no message', columns({ bytes: [new Uint8Array(1)] })],
    ['columns with too few bytes', columns({ text: '', lengths: Float64Array.of(NaN) })],
    ['columns with bytes that are none', columns({ text: '', bytes: [1], lengths: Float64Array.of(NaN) })],
    ['columns with another first', columns({ numbers: Float64Array.of(16, NaN, NaN, 1) })],
    ['columns without a seq', columns({ numbers: Float64Array.of(NaN, NaN, NaN, 1) })],
    ['columns with a ttl below 0', columns({ numbers: Float64Array.of(15, -1, NaN, 1) })],
    ['columns with an endless since', columns({ numbers: Float64Array.of(15, 1, Infinity, 1) })],
    ['columns of nothing', columns({ text: '', lengths: new Float64Array(), numbers: new Float64Array() })],
    [
      'columns with an endless number of messages',
      columns({ numbers: Float64Array.of(15, NaN, NaN, Infinity), text: '' }),
    ],
    ['old columns with a negative length', old({ numbers: Float64Array.of(15, NaN, NaN, -1, 16, NaN, NaN, 5) })],
    ['old columns with a part of a character', old({ numbers: Float64Array.of(15, NaN, NaN, 0.5, 16, NaN, NaN, 3.5) })],
    ['old columns with too few bytes', old({ text: '', numbers: Float64Array.of(15, NaN, NaN, NaN) })],
    ['old columns with a number too few', old({ numbers: Float64Array.of(15, NaN, NaN) })],
    ['old columns without numbers', old({ numbers: undefined })],
  ];

  it('are no columns that are whole', async () => {
    const store = await openStoreWithLog();
    const numbers = Float64Array.of(20, 1, 2, NaN, 22, 3, NaN, 0, 23, NaN, NaN, 2);
    await putRaw('segments', [
      { ...columns({}), log },
      { log, first: 20, text: '{}', bytes: [Uint8Array.of(7)], numbers },
    ]);
    expect(await store.claimLog('a')).toMatchObject({
      corrupt: 0,
      segments: [
        segment(1),
        [{ seq: 15, payload: '"ab"', ttl: null }],
        [
          { seq: 20, payload: Uint8Array.of(7), ttl: { ms: 1, since: 2 } },
          { seq: 22, payload: '', ttl: { ms: 3, since: null } },
          { seq: 23, payload: '{}', ttl: null },
        ],
      ],
    });
  });

  it('are none of a segment of all kinds, which is read as it was written', async () => {
    const store = await openStoreWithLog();
    const turn = { ms: 5, since: 7 };
    const given: Segment = [
      { seq: 2, payload: '"a"', ttl: null },
      { seq: 3, payload: '', ttl: null },
      { seq: 4, payload: Uint8Array.of(1, 2), ttl: turn },
      { seq: 5, payload: '"\u00e9\u{1f600}"', ttl: turn },
      { seq: 8, payload: '"b"', ttl: turn },
      { seq: 9, payload: '"c"', ttl: { ms: 5, since: null } },
      { seq: 10, payload: new Uint8Array(), ttl: null },
    ];
    await append(store, 'a', 1, given);
    expect((await claim(store)).segments).toEqual([segment(1), given]);
  });

  it.each(damaged)('are counted, and the others read: %s', async (_what, record) => {
    const store = await openStoreWithLog();
    await putRaw('segments', [{ ...record, log }, good]);
    const claimed = await store.claimLog('a');
    expect(claimed).toMatchObject({ corrupt: 1, segments: [segment(1), segment(50)] });
    // They stay, and they count as messages: the log is not empty.
    expect(await removeSegments(store, 'a', 2, [1, 50])).toBe(2);
    expect(await store.claimLog('a')).toMatchObject({ corrupt: 1, segments: [] });
  });

  it('a segment that overlaps the one before it is one', async () => {
    const store = await openStoreWithLog();
    await append(store, 'a', 1, segment(2, 3, 4));
    await putRaw('segments', [record(4, 5), record(5, 6)]);
    expect(await store.claimLog('a')).toMatchObject({
      corrupt: 1,
      segments: [segment(1), segment(2, 3, 4), segment(5, 6)],
    });
  });

  it('by the thousand end, too', async () => {
    const store = await openStoreWithLog();
    await putRaw(
      'segments',
      Array.from({ length: 1000 }, (_, index) => ({ log, first: index % 2 === 0 ? index + 2 : `text ${index}` })),
    );
    expect(await store.claimLog('a')).toMatchObject({ corrupt: 1000, segments: [segment(1)] });
  });

  it('of a log itself: it is no log', async () => {
    const store = await openStoreWithLog();
    await putRaw('logs', [
      { id: 'b', after: null, generation: '1' },
      { id: 'c', after: 7, generation: 1 },
      { id: 'd' },
      { id: 5, after: null, generation: 1 },
    ]);
    expect(await store.listLogs()).toEqual([{ id: 'a', after: null, generation: 1 }]);
    expect(await store.claimLog('b')).toBe(null);
    await expect(append(store, 'c', 1, segment(1))).rejects.toBeInstanceOf(LogLost);
    await expect(removeSegments(store, 'd', 1, [])).rejects.toBeInstanceOf(LogLost);
  });
});

/** A segment of the log 'a' as it is stored. */
function record(...seqs: number[]): { log: string; first: unknown; messages: Segment } {
  return { log: 'a', first: seqs[0], messages: segment(...seqs) };
}

/** Once no store is open any more, nothing is in the way. */
async function deleteAfterClosing(): Promise<void> {
  await Promise.all(stores.map((store) => store.close()));
  await deleteDatabase();
}
