import { indexedDbStorage } from '../../packages/core/src/storage/indexeddb-outbox.ts';
import { type Segment, StorageFault, type StoredMessage } from '../../packages/core/src/storage/ports.ts';

const MB = 1_048_576;

/** What the tests of storage ask of the page, by name: arguments and results are JSON. */
const harness = {
  isStarted: (): boolean => true,

  /** Stores a segment where another record is already. Gives how that ended, and whether the other one is still there. */
  async storeOver(): Promise<[failure: string | null, isThere: boolean]> {
    const storage = indexedDbStorage({ name: 'over', identity: 'page' });
    const store = storage.createStore();
    await store.open('client');
    const database = await answer(indexedDB.open(storage.scope));
    const segments = database.transaction('segments', 'readwrite').objectStore('segments');
    const key = await answer(segments.put({ log: 'a', first: 1, isOther: true }));
    const failure = await failureOf(store.write({ id: 'a', after: null, generation: 0 }, [], [segment(1, 'mine')]));
    const found: unknown = await answer(database.transaction('segments').objectStore('segments').get(key));
    database.close();
    await store.close();
    return [failure, (found as { readonly isOther?: boolean }).isOther === true];
  },

  /** Stores a megabyte at a time until that fails. Gives how it failed, and how a small one did after it. */
  async storeTooMuch(): Promise<[full: string | null, small: string | null]> {
    const store = indexedDbStorage({ name: 'full', identity: 'page' }).createStore();
    await store.open('client');
    let generation = 0;
    let full: string | null = null;
    for (let seq = 1; seq <= 100 && full === null; seq += 1) {
      const write = store.write({ id: 'a', after: null, generation }, [], [segment(seq, noise())]);
      full = await failureOf(write);
      if (full === null) generation = await write;
    }
    const small = await failureOf(store.write({ id: 'a', after: null, generation }, [1], [segment(101, 'small')]));
    await store.close();
    return [full, small];
  },
};

export type StorageHarness = typeof harness;

Object.assign(globalThis, { harness });

function answer<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.addEventListener('success', () => resolve(request.result));
    request.addEventListener('error', () => reject(request.error ?? new Error('it failed')));
  });
}

function segment(seq: number, payload: StoredMessage['payload']): Segment {
  return [{ seq, payload, ttl: null }];
}

/** A megabyte that can't be compressed. */
function noise(): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(MB);
  for (let at = 0; at < MB; at += 65_536) crypto.getRandomValues(bytes.subarray(at, at + 65_536));
  return bytes;
}

/** Null: it did not fail. */
async function failureOf(write: Promise<unknown>): Promise<string | null> {
  try {
    await write;
    return null;
  } catch (error) {
    if (!(error instanceof StorageFault)) throw error;
    return `${error.reason} ${(error.cause as Error).name}`;
  }
}
