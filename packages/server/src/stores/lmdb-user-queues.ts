import { createHash } from 'node:crypto';
import type { Database, RootDatabase } from 'lmdb';
import type { UserQueueStore } from './ports.ts';
import { append, load, settle, sweep, type UserQueueTable, type UserRecord, type UserSums } from './user-queue-book.ts';

/** Above every seq, in the order of keys. */
const LAST = Number.MAX_SAFE_INTEGER;

/**
 * Queues of users in the database of `lmdbStore`, each call a transaction. `write` runs one, in the order of the calls,
 * and resolves when it is on disk.
 */
export function lmdbUserQueues(root: RootDatabase, write: <T>(step: () => T) => Promise<T>): UserQueueStore {
  const table = lmdbTable(root);
  const meta: Database<number, string> = root.openDB({ name: 'holdfast-meta' });
  // The wall clock decides how old a message is that a former process took; after that nothing that jumps.
  const startedAt = Math.max(Date.now(), meta.get('users-clock') ?? 0) - performance.now();
  const now = (): number => startedAt + performance.now();
  return {
    append: (user, message, bounds) => write(() => append(table, user, message, bounds, now())),
    load: (user) => write(() => load(table, user, now())),
    settle: (user, through) => write(() => settle(table, user, through)),
    sweep: () =>
      write(() => {
        void meta.put('users-clock', now());
        return sweep(table, now());
      }),
  };
}

interface StoredSums extends UserSums {
  readonly user: string;
}

/** One sub-database for all. The first part of a key says what it is; names are hashed, since they may be longer than a key. */
function lmdbTable(root: RootDatabase): UserQueueTable {
  const table: Database<unknown, (string | number)[]> = root.openDB({ name: 'holdfast-users' });
  const meta: Database<number, string> = root.openDB({ name: 'holdfast-meta' });
  const sumsKey = (group: string): string[] => ['sums', group];
  const recordKey = (group: string, seq: number): (string | number)[] => ['message', group, seq];
  const idKey = (group: string, id: string): string[] => ['id', group, digest(id)];
  const endKey = (expiresAt: number, seq: number): (string | number)[] => ['end', expiresAt, seq];

  return {
    sums: (user) => table.get(sumsKey(digest(user))) as StoredSums | undefined,
    setSums(user, next) {
      const key = sumsKey(digest(user));
      if (next === undefined) void table.remove(key);
      else void table.put(key, { ...next, user });
    },
    get: (user, seq) => owned(table.get(recordKey(digest(user), seq)) as UserRecord | undefined),
    put(user, seq, record) {
      const group = digest(user);
      void table.put(recordKey(group, seq), record);
      void table.put(endKey(record.expiresAt, seq), group);
      if (record.id !== null) void table.put(idKey(group, record.id), seq);
    },
    remove(user, seq, { id, expiresAt }) {
      const group = digest(user);
      void table.remove(recordKey(group, seq));
      void table.remove(endKey(expiresAt, seq));
      if (id !== null) void table.remove(idKey(group, id));
    },
    range(user, from, through, most = LAST) {
      const group = digest(user);
      const [start, end] = [recordKey(group, from), recordKey(group, through)];
      const found = table.getRange({ start, end, inclusiveEnd: true, limit: most });
      return [...found].map(({ key, value }) => [key[2] as number, owned(value as UserRecord)] as const);
    },
    seqOf: (user, id) => table.get(idKey(digest(user), id)) as number | undefined,
    expired(now, most) {
      const found = table.getRange({ start: endKey(0, 0), end: endKey(now, LAST), limit: most });
      return [...found].flatMap(({ key, value }) => {
        const sums = table.get(sumsKey(value as string)) as StoredSums | undefined;
        return sums === undefined ? [] : [[sums.user, key[2] as number] as const];
      });
    },
    nextSeq() {
      const seq = (meta.get('users-seq') ?? 0) + 1;
      void meta.put('users-seq', seq);
      return seq;
    },
    total: () => meta.get('users-bytes') ?? 0,
    addToTotal: (bytes) => void meta.put('users-bytes', (meta.get('users-bytes') ?? 0) + bytes),
  };
}

/** Bytes come back as a `Buffer`, a part of a larger one that is used again. */
function owned<Found extends UserRecord | undefined>(record: Found): Found {
  const payload = record?.payload;
  return payload instanceof Uint8Array ? { ...record, payload: Uint8Array.from(payload) } : record;
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('base64url');
}
