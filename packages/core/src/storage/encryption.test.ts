import 'fake-indexeddb/auto';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  append,
  claim,
  createLog,
  message,
  outboxStoreConformance,
  segment,
} from '../testing/outbox-store-conformance.ts';
import { encryptAtRest, type StoredKey } from './encryption.ts';
import { indexedDbStorage, type IndexedDbOptions } from './indexeddb-outbox.ts';
import type { OutboxStore, Segment } from './ports.ts';

const identity = 'alice';
let name: string;
let stores: OutboxStore[];

beforeEach(() => {
  name = `app-${crypto.randomUUID()}`;
  stores = [];
});

afterEach(async () => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
  await Promise.all(stores.map((store) => store.close()));
});

function createStore(options: Partial<IndexedDbOptions> = {}): OutboxStore {
  const store = indexedDbStorage({ name, identity, encryption: encryptAtRest(), ...options }).createStore();
  stores.push(store);
  return store;
}

async function openStore(options?: Partial<IndexedDbOptions>): Promise<OutboxStore> {
  const store = createStore(options);
  await store.open('client');
  return store;
}

/** A store with the log 'a', which has the message 1. */
async function openStoreWithLog(): Promise<OutboxStore> {
  const store = await openStore();
  await createLog(store, { id: 'a', after: null }, segment(1));
  return store;
}

type Row = { [field: string]: unknown };

/** What is in an object store, as the disk has it; `change` puts other rows in their place. */
async function rows(table: string, change?: (all: Row[]) => Row[], user = identity): Promise<Row[]> {
  const database = await new Promise<IDBDatabase>((resolve) => {
    const request = indexedDB.open(`holdfast:${name}:${user}`);
    request.addEventListener('success', () => resolve(request.result));
  });
  const transaction = database.transaction(table, 'readwrite');
  const store = transaction.objectStore(table);
  const all = await new Promise<Row[]>((resolve) => {
    const request = store.getAll();
    request.addEventListener('success', () => {
      const found = request.result as Row[];
      if (change !== undefined) {
        store.clear();
        for (const row of change(found)) store.put(row);
      }
      resolve(found);
    });
  });
  await new Promise((resolve) => transaction.addEventListener('complete', resolve));
  database.close();
  return all;
}

const everything = async (): Promise<string> =>
  [...(await rows('segments')), ...(await rows('logs')), ...(await rows('keys'))]
    .flatMap((row) => Object.values(row))
    .map((value) => {
      const bytes = value instanceof ArrayBuffer ? new Uint8Array(value) : value;
      return bytes instanceof Uint8Array
        ? Array.from(bytes, (byte) => String.fromCodePoint(byte)).join('')
        : String(value);
    })
    .join('\n');

describe('the store with encryption', () => {
  for (const { name: title, run } of outboxStoreConformance((place) => createStore({ name: place }))) it(title, run);
});

describe('what is stored', () => {
  it('has no word of the messages in it', async () => {
    const store = await openStore();
    const secret: Segment = [{ seq: 1, payload: '"attack at dawn"', ttl: { ms: 123_456_789, since: null } }];
    await createLog(store, { id: 'a', after: null }, secret);
    const stored = await everything();
    for (const word of ['attack', 'payload', '123456789']) expect(stored).not.toContain(word);
    expect((await claim(store)).segments).toEqual([secret]);
  });

  it('never repeats: the same message twice has two ciphertexts and two initialization vectors of 96 bits', async () => {
    const store = await openStore();
    for (const id of ['a', 'b', 'c']) await createLog(store, { id, after: null }, segment(1));
    const records = await rows('segments');
    const text = (value: unknown): string => String(new Uint8Array(value as ArrayBuffer));
    expect(new Set(records.map(({ iv }) => String(iv))).size).toBe(3);
    expect(new Set(records.map(({ sealed }) => text(sealed))).size).toBe(3);
    expect(records.map(({ iv }) => (iv as Uint8Array).byteLength)).toEqual([12, 12, 12]);
  });

  it('is one ciphertext for each segment', async () => {
    const encrypt = vi.spyOn(crypto.subtle, 'encrypt');
    const store = await openStoreWithLog();
    encrypt.mockClear();
    await append(store, 'a', 1, segment(2, 3, 4), segment(5));
    expect(encrypt).toHaveBeenCalledTimes(2);
    encrypt.mockRestore();
  });

  it('is read by the next page, with the same key', async () => {
    await (await openStoreWithLog()).close();
    const next = await openStore();
    await append(next, 'a', 1, segment(2));
    expect(await claim(next)).toMatchObject({ segments: [segment(1), segment(2)], corrupt: 0 });
    expect(await rows('keys')).toHaveLength(1);
  });

  it('is read by a tab that was open before the key was made', async () => {
    const [one, two] = [createStore(), createStore()];
    await Promise.all([one.open('one'), two.open('two')]);
    await createLog(one, { id: 'a', after: null }, segment(1));
    await createLog(two, { id: 'b', after: null }, segment(2));
    expect((await claim(one, 'b')).segments).toEqual([segment(2)]);
    expect((await claim(two, 'a')).segments).toEqual([segment(1)]);
  });

  it('from before encryption was turned on is read, too', async () => {
    const plain = await openStore({ encryption: undefined } as never);
    await createLog(plain, { id: 'a', after: null }, segment(1));
    const store = await openStore();
    await append(store, 'a', 1, segment(2));
    expect(await claim(store)).toMatchObject({ segments: [segment(1), segment(2)], corrupt: 0 });
  });

  it('is set aside without encryption, and there when it is turned on again', async () => {
    await openStoreWithLog();
    const plain = await openStore({ encryption: undefined } as never);
    expect(await claim(plain)).toMatchObject({ segments: [], corrupt: 1 });
    expect(await claim(await openStore())).toMatchObject({ segments: [segment(1)], corrupt: 0 });
  });
});

describe('a record is set aside', () => {
  const flip = (bytes: unknown): ArrayBuffer => {
    const copy = new Uint8Array((bytes as ArrayBuffer).slice(0));
    copy[3]! ^= 1;
    return copy.buffer;
  };

  it.each<[string, (row: Row) => Row]>([
    ['a bit of it was flipped', (row) => ({ ...row, sealed: flip(row.sealed) })],
    ['its initialization vector is another', (row) => ({ ...row, iv: new Uint8Array(12) })],
    ['it lacks its initialization vector', (row) => ({ ...row, iv: null })],
    ['it is cut short', (row) => ({ ...row, sealed: (row.sealed as ArrayBuffer).slice(0, -1) })],
    ['it is empty', (row) => ({ ...row, sealed: new ArrayBuffer(0) })],
    ['it is no ciphertext', (row) => ({ ...row, sealed: 'text' })],
    ['its last seq is another', (row) => ({ ...row, last: 9 })],
    ['its key is unknown', (row) => ({ ...row, key: 7 })],
    ['its key is named by something else', (row) => ({ ...row, key: {} })],
    ['it was moved to another place', (row) => ({ ...row, first: 8 })],
    ['it was moved to another log', (row) => ({ ...row, log: 'b' })],
  ])('when %s', async (_what, change) => {
    const store = await openStoreWithLog();
    await createLog(store, { id: 'b', after: null }, segment(50));
    await rows('segments', (all) => all.map((row) => (row.log === 'a' ? change(row) : row)));
    const logs = [await claim(store, 'a'), await claim(store, 'b')];
    expect(logs.reduce((sum, { corrupt }) => sum + corrupt, 0)).toBe(1);
    expect(logs.flatMap(({ segments }) => segments)).toEqual([segment(50)]);
  });

  it('when it was copied from another identity, key and all', async () => {
    await openStoreWithLog();
    const bob = await openStore({ identity: 'bob' });
    await createLog(bob, { id: 'a', after: null }, segment(2));
    const [records, keys] = [await rows('segments'), await rows('keys')];
    await rows('segments', () => records, 'bob');
    await rows('keys', () => keys, 'bob');
    const thief = await openStore({ identity: 'bob' });
    expect(await claim(thief)).toMatchObject({ segments: [], corrupt: 1 });
  });

  it('when its key is lost; what is new gets a new one', async () => {
    await (await openStoreWithLog()).close();
    await rows('keys', () => []);
    const store = await openStore();
    await append(store, 'a', 1, segment(2));
    expect(await claim(store)).toMatchObject({ segments: [segment(2)], corrupt: 1 });
  });
});

describe('the key', () => {
  it('has 256 bits and can not be exported', async () => {
    await openStoreWithLog();
    const [{ key }] = (await rows('keys')) as unknown as [StoredKey];
    expect(key).toMatchObject({ extractable: false, algorithm: { name: 'AES-GCM', length: 256 } });
    await expect(crypto.subtle.exportKey('raw', key)).rejects.toThrow(/extractable/);
  });

  it('is another one for each identity', async () => {
    await openStoreWithLog();
    await openStore({ identity: 'bob' });
    const keys = [...(await rows('keys')), ...(await rows('keys', undefined, 'bob'))];
    expect(new Set(keys.map(({ key }) => key)).size).toBe(2);
  });

  it('counts its uses ahead, and is replaced before it was used 2^32 times; the old one still reads', async () => {
    await (await openStoreWithLog()).close();
    expect((await rows('keys')).map(({ uses }) => uses)).toEqual([65_536]);
    await rows('keys', (all) => all.map((row) => ({ ...row, uses: 2 ** 32 - 65_536 })));
    const last = await openStore();
    await append(last, 'a', 1, segment(2));
    expect((await rows('keys')).map(({ uses }) => uses)).toEqual([2 ** 32]);
    const store = await openStore();
    await append(store, 'a', 1, segment(3));
    expect((await rows('keys')).map(({ id, uses }) => [id, uses])).toEqual([
      [1, 2 ** 32],
      [2, 65_536],
    ]);
    expect((await rows('segments')).map(({ key }) => key)).toEqual([1, 1, 2]);
    expect(await claim(last)).toMatchObject({ segments: [segment(1), segment(2), segment(3)], corrupt: 0 });
  });
});

describe('where nothing can be encrypted', () => {
  it('nothing is stored in clear: no crypto.subtle', async () => {
    const { getRandomValues } = crypto;
    vi.stubGlobal('crypto', { getRandomValues, randomUUID: () => '0' });
    await expect(createStore().open('client')).rejects.toMatchObject({ reason: 'no-crypto' });
    vi.unstubAllGlobals();
    expect([await rows('segments'), await rows('keys')]).toEqual([[], []]);
  });

  it('nothing is stored in clear: a browser that can not store keys', async () => {
    const real = IDBObjectStore.prototype.put;
    const put = vi.spyOn(IDBObjectStore.prototype, 'put').mockImplementation(function (this: IDBObjectStore, ...row) {
      if (this.name === 'keys') throw new DOMException('a key', 'DataCloneError');
      return real.apply(this, row);
    });
    await expect(createStore().open('client')).rejects.toMatchObject({ cause: { name: 'DataCloneError' } });
    put.mockRestore();
    expect(await rows('segments')).toEqual([]);
  });
});

describe('a payload', () => {
  it('of any text comes back as it was', async () => {
    const payloads = ['', '"\\ud800"', 'å 漢 🐟 \0 \u2028', 'x'.repeat(300_000)];
    const store = await openStore();
    const [first, ...rest] = payloads.map((payload, index) => ({ ...message(index + 1), payload }));
    await createLog(store, { id: 'a', after: null }, [first!, ...rest]);
    expect((await claim(store)).segments.flat().map(({ payload }) => payload)).toEqual(payloads);
  });

  it('of bytes comes back as bytes, in its place among texts', async () => {
    let keys: StoredKey[] = [];
    const codec = encryptAtRest().createCodec('scope', (change) => {
      if (change !== undefined) keys = [change(keys)];
      return Promise.resolve(keys);
    });
    const payloads = ['one', new Uint8Array([0, 1, 255]), '', new Uint8Array(), new Uint8Array([7])];
    const messages = payloads.map((payload, index) => ({ seq: index + 1, payload, ttl: null }));
    const record = await codec.encode('a', messages as unknown as Segment);
    expect(await codec.decode('a', { ...record, first: 1 })).toEqual(messages);
  });
});
