import type { UserQueueStore } from './ports.ts';
import { append, load, settle, sweep, type UserQueueTable, type UserRecord, type UserSums } from './user-queue-book.ts';

interface User {
  sums: UserSums | undefined;
  /** By seq, rising. */
  readonly records: Map<number, UserRecord>;
  readonly ids: Map<string, number>;
}

/**
 * Queues of users in this process's memory: they end with it. `now` gives milliseconds on a clock that never jumps
 * (default: that of the process).
 */
export function memoryUserQueues(options: { readonly now?: () => number } = {}): UserQueueStore {
  const now = options.now ?? (() => performance.now());
  const table = memoryTable();
  return {
    append: async (user, message, bounds) => append(table, user, message, bounds, now()),
    load: async (user) => load(table, user, now()),
    settle: async (user, through) => settle(table, user, through),
    sweep: async () => sweep(table, now()),
  };
}

function memoryTable(): UserQueueTable {
  const users = new Map<string, User>();
  let seqs = 0;
  let total = 0;

  function obtain(name: string): User {
    const found = users.get(name) ?? { sums: undefined, records: new Map(), ids: new Map() };
    users.set(name, found);
    return found;
  }

  return {
    sums: (user) => users.get(user)?.sums,
    setSums(user, sums) {
      if (sums === undefined) users.delete(user);
      else obtain(user).sums = sums;
    },
    get: (user, seq) => users.get(user)?.records.get(seq),
    put(user, seq, record) {
      const { records, ids } = obtain(user);
      records.set(seq, record);
      if (record.id !== null) ids.set(record.id, seq);
    },
    remove(user, seq, { id }) {
      const { records, ids } = obtain(user);
      records.delete(seq);
      if (id !== null) ids.delete(id);
    },
    range(user, from, through, most = Number.POSITIVE_INFINITY) {
      const found: (readonly [number, UserRecord])[] = [];
      for (const entry of users.get(user)?.records ?? []) {
        if (entry[0] > through || found.length === most) break;
        if (entry[0] >= from) found.push(entry);
      }
      return found;
    },
    seqOf: (user, id) => users.get(user)?.ids.get(id),
    expired(now, most) {
      const found: [string, number][] = [];
      for (const [user, { records }] of users) {
        for (const [seq, { expiresAt }] of records) {
          if (found.length === most) return found;
          if (expiresAt <= now) found.push([user, seq]);
        }
      }
      return found;
    },
    nextSeq: () => (seqs += 1),
    total: () => total,
    addToTotal: (bytes) => void (total += bytes),
  };
}
