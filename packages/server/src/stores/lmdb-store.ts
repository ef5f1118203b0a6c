import { createHash } from 'node:crypto';
import type { Refusal } from '@holdfast/core/protocol';
import { open, type Database, type RootDatabase } from 'lmdb';
import { lmdbUserQueues } from './lmdb-user-queues.ts';
import { StaleFence, type PositionHook, type ProducerStore, type UserQueueStore } from './ports.ts';

/**
 * The part of lmdb's root database that an app needs here: sub-databases of its own, and transactions over all of them.
 * Named here, and not by lmdb's own types, which no app that checks its libraries' types can compile.
 */
export interface LmdbDatabase {
  openDB<Value = unknown, Key extends string | number = string>(options: {
    readonly name: string;
  }): LmdbTable<Value, Key>;
  /** Runs writes in one transaction. They stay when it throws: use `childTransaction` for what belongs together. */
  transaction<Result>(run: () => Result): Promise<Result>;
  /** Runs writes in one transaction, and undoes them when it throws. */
  childTransaction<Result>(run: () => Result): Promise<Result>;
  /** Resolves when everything committed so far is on disk. */
  readonly flushed: Promise<boolean>;
}

/** A sub-database: values by key. Reads see the writes of their own transaction. */
export interface LmdbTable<Value, Key extends string | number> {
  get(id: Key): Value | undefined;
  put(id: Key, value: Value): Promise<boolean>;
  remove(id: Key): Promise<boolean>;
  getRange(options?: {
    readonly start?: Key;
    readonly end?: Key;
    readonly reverse?: boolean;
    readonly limit?: number;
  }): Iterable<{ readonly key: Key; readonly value: Value }>;
  getKeys(options?: { readonly reverse?: boolean; readonly limit?: number }): Iterable<Key>;
  getCount(): number;
}

/** Where the database is: a file of its own, or an environment that the app has opened. */
export type LmdbStoreOptions =
  /** Path of the database's directory, or of its file when it ends in an extension. Made if it isn't there. */
  | { readonly path: string; readonly database?: never }
  /**
   * The app's own root database. Five sub-databases whose names start with `holdfast-` are opened in it (`maxDbs` must
   * have room). It stays open when the server closes.
   */
  | { readonly database: LmdbDatabase; readonly path?: never };

/** What `lmdbStore` gives. */
export interface LmdbStore extends ProducerStore {
  /** The root database, so that the app's own sub-databases are part of the same transactions. */
  readonly database: LmdbDatabase;
  /**
   * For the option `positions` of `createServer`: the handler writes its data and calls `message.commit` in one
   * `database.childTransaction(() => { … })`, whose writes are undone when it throws (those of `transaction` are not).
   * What `commit` takes as `tx` is ignored: the transaction is the one that runs.
   */
  readonly positions: PositionHook<unknown>;
  /** What `server.sendTo` has not delivered: it survives the process. */
  readonly userQueues: UserQueueStore;
}

interface StoredRecord {
  readonly key: string;
  readonly identity: string;
  readonly taken: number | null;
  readonly refused: readonly Refusal[];
  readonly isDirty: boolean;
  readonly fence: number;
  readonly usedAt: number;
}

/** Most keys that one call of `expired` gives, or of `surplus` for all. */
const KEYS_AT_ONCE = 1_000;
/** Records read before other work gets its turn. */
const SCAN_AT_ONCE = 1_000;

/**
 * Positions in an LMDB database: a call that has resolved survives the death of the process and of the machine. The
 * writes of one turn share a transaction.
 * @throws TypeError when neither or both of `path` and `database` are given.
 */
export function lmdbStore(options: LmdbStoreOptions): LmdbStore {
  if ((options.path === undefined) === (options.database === undefined)) {
    throw new TypeError('lmdbStore takes { path } or { database }, one of the two');
  }
  // A commit that resolves before its flush would acknowledge messages that a power cut can take back.
  const root =
    options.database === undefined
      ? open({ path: options.path, overlappingSync: false, maxDbs: 64 })
      : (options.database as unknown as RootDatabase);
  const records: Database<StoredRecord, string> = root.openDB({ name: 'holdfast-producers' });
  /** Keys are the hash of the identity and the id of the record: what belongs to one identity lies together. */
  const identities: Database<boolean, string> = root.openDB({ name: 'holdfast-identities' });
  const positions: Database<number, string> = root.openDB({ name: 'holdfast-positions' });
  const meta: Database<number, string> = root.openDB({ name: 'holdfast-meta' });
  let isClosed = false;

  // The store's clock counts only the time during which it is open: no jump of a clock, and no long rest of the
  // server, expires anything.
  const clockStart = meta.get('clock') ?? 0;
  const openedAt = performance.now();
  const clock = (): number => clockStart + (performance.now() - openedAt);

  /** Runs a synchronous step in a transaction of its own or a shared one; resolves when it is on disk. */
  async function write<T>(step: () => T): Promise<T> {
    if (isClosed) throw new Error('the lmdb store is closed');
    const result = await root.transaction(step);
    await root.flushed;
    return result;
  }

  async function oldestBeyond(keep: number): Promise<readonly string[]> {
    const count = (records.getStats() as { readonly entryCount: number }).entryCount;
    if (count <= keep) return [];
    // A scan of all is dear: it makes room for many.
    const oldest: StoredRecord[] = [];
    const take = Math.min(KEYS_AT_ONCE, Math.max(count - keep, Math.floor(keep / 100)));
    for await (const batch of batches()) {
      oldest.push(...batch);
      oldest.sort((left, right) => left.usedAt - right.usedAt).splice(take);
    }
    return oldest.map(({ key }) => key);
  }

  /** All records, with room for other work between. */
  async function* batches(): AsyncGenerator<readonly StoredRecord[]> {
    let start: string | undefined;
    for (;;) {
      const batch = [
        ...records.getRange({ limit: SCAN_AT_ONCE, ...(start !== undefined && { start, exclusiveStart: true }) }),
      ];
      yield batch.map(({ value }) => value);
      start = batch.at(-1)?.key;
      if (batch.length < SCAN_AT_ONCE) return;
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  function remove(id: string): void {
    const record = records.get(id);
    if (record !== undefined) void identities.remove(record.identity + id);
    void records.remove(id);
    void positions.remove(id);
  }

  return {
    database: root,
    userQueues: lmdbUserQueues(root, write),
    positions: {
      load: (key) => positions.get(recordId(key)) ?? null,
      commit(_tx, key, seq) {
        assertTransaction(root);
        void positions.put(recordId(key), seq);
      },
    },
    claim: (key, identity) =>
      write(() => {
        const id = recordId(key);
        const found = records.get(id);
        const fence = (found?.fence ?? 0) + 1;
        const group = digest(identity);
        const { taken, refused } = found ?? { taken: null, refused: [] };
        void records.put(id, { key, identity: group, taken, refused, isDirty: true, fence, usedAt: clock() });
        if (found === undefined) void identities.put(group + id, true);
        return { taken, refused, isDirty: found?.isDirty ?? false, fence };
      }),
    advance: (key, fence, seq, refused) =>
      write(() => {
        const id = recordId(key);
        const found = records.get(id);
        if (found?.fence !== fence) throw new StaleFence('the producer has a newer owner, or was forgotten');
        void records.put(id, { ...found, taken: seq, refused, usedAt: clock() });
      }),
    release: (key, fence) =>
      write(() => {
        const id = recordId(key);
        const found = records.get(id);
        if (found?.fence === fence) void records.put(id, { ...found, isDirty: false, usedAt: clock() });
      }),
    forget: (key) => write(() => remove(recordId(key))),
    async surplus(identity, keep) {
      if (identity === null) return oldestBeyond(keep);
      const group = digest(identity);
      // Ids are hexadecimal: every key of the group lies before the group followed by a letter above f.
      const ids = [...identities.getKeys({ start: group, end: `${group}g` })].map((key) => key.slice(group.length));
      if (ids.length <= keep) return [];
      return ids
        .flatMap((id) => records.get(id) ?? [])
        .sort((left, right) => left.usedAt - right.usedAt)
        .slice(0, ids.length - keep)
        .map(({ key }) => key);
    },
    async expired(ttlMs) {
      const before = clock() - ttlMs;
      await write(() => void meta.put('clock', clock()));
      const keys: string[] = [];
      for await (const batch of batches()) {
        for (const { key, usedAt } of batch) if (usedAt <= before) keys.push(key);
        if (keys.length >= KEYS_AT_ONCE) break;
      }
      return keys.slice(0, KEYS_AT_ONCE);
    },
    async close() {
      if (isClosed) return;
      await write(() => void meta.put('clock', clock()));
      isClosed = true;
      if (options.database === undefined) await root.close();
    },
  };
}

/** Names of clients may be longer than a key of LMDB. */
function recordId(key: string): string {
  return digest(key);
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** Outside of a transaction the position would be written later, by itself, and prove nothing. */
function assertTransaction(root: RootDatabase): void {
  let id = 0;
  try {
    id = root.getWriteTxnId();
  } catch {
    // Refused below.
  }
  if (id === 0) throw new Error('message.commit must be called inside database.childTransaction(() => { … })');
}
