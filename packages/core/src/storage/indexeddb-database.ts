import {
  deleteDB,
  openDB,
  unwrap,
  type DBSchema,
  type IDBPDatabase,
  type IDBPObjectStore,
  type IDBPTransaction,
} from 'idb';
import { LogLost, StorageFault, type StorageReason } from './ports.ts';
import { isInfo } from './stored-records.ts';

interface Schema extends DBSchema {
  /** One record, a StoreInfo, under INFO_KEY. */
  info: { key: string; value: unknown };
  /** A LogHeader each. */
  logs: { key: string; value: unknown };
  /** The messages of a segment each, by its log's id and first seq. */
  segments: { key: IDBValidKey[]; value: unknown };
  /** A StoredKey each. */
  keys: { key: number; value: unknown };
}

type StoreName = 'info' | 'logs' | 'segments' | 'keys';
const STORES: StoreName[] = ['info', 'logs', 'segments', 'keys'];

type Database = IDBPDatabase<Schema>;
export type SegmentStore = IDBPObjectStore<Schema, StoreName[], 'segments', 'readwrite'>;
export type Transaction = IDBPTransaction<Schema, StoreName[], 'readwrite'>;

/** The key of the install's record. */
export const INFO_KEY = 'install';
/** 2: keys. 3: segments in columns. 4: most of them with lengths only. Those of before are still read. */
const VERSION = 4;

const REASONS: { readonly [error: string]: StorageReason } = {
  QuotaExceededError: 'full',
  VersionError: 'newer-version',
};

interface Connection {
  readonly database: Promise<Database>;
  /** Closes its handle, as soon as there is one; the next transaction opens another one. */
  readonly end: () => void;
}

/** Transactions on the outbox's database. */
export interface OutboxDatabase {
  /**
   * Runs `work` in one transaction, and resolves when that has completed. When it fails, once more on a new connection.
   * A request whose answer nobody waits for is made of the unwrapped store: it makes no promise, and where it fails the
   * transaction does.
   * The first try may have been committed although its connection died before saying so, hence `isRetry`: what it did is
   * then no conflict.
   */
  run<Result>(
    work: (transaction: Transaction, isRetry: boolean) => Promise<Result>,
    isStrict?: boolean,
  ): Promise<Result>;
  /** From here on the app relies on this install's data: where they are gone, every call rejects. */
  expect(clientId: string): void;
  /** Rejects where the install's data are gone: another page has cleared them. */
  check(transaction: Transaction): Promise<void>;
  /** Empties the database, then deletes it. */
  clear(): Promise<void>;
  close(): Promise<void>;
}

/**
 * Connections come and go: WebKit kills them in the background, the browser closes them when data is cleared, and a
 * newer tab asks for them to be closed.
 */
export function outboxDatabase(name: string, durability: IDBTransactionDurability): OutboxDatabase {
  let connection: Connection | undefined;
  /** The install that a connection made later must find, too. */
  let expected: string | undefined;
  let running: Promise<unknown> = Promise.resolve();
  let isClosed = false;

  const gone = (): Error => new StorageFault('gone', 'the database was deleted while it was in use');

  function check(info: unknown): void {
    if (expected !== undefined && (!isInfo(info) || info.clientId !== expected)) throw gone();
  }

  function connect(): Connection {
    let isDeleted = false;
    const open = async (): Promise<Database> =>
      openDB<Schema>(name, VERSION, {
        upgrade(database, from, _to, transaction) {
          if (expected === undefined) {
            if (from < 1) {
              database.createObjectStore('info');
              database.createObjectStore('logs', { keyPath: 'id' });
              database.createObjectStore('segments', { keyPath: ['log', 'first'] });
            }
            if (from < 2) database.createObjectStore('keys', { keyPath: 'id' });
            return;
          }
          // The user cleared the site's data, or the browser evicted it: a new, empty database would hide the loss.
          isDeleted = true;
          transaction.done.catch(() => {}); // `openDB` rejects.
          transaction.abort();
        },
        // Not closed at once, this page would hold up a deletion, or another tab that runs a newer version.
        blocking: () => made.end(),
        // The browser closed it: the engine restarted its storage, or the data was cleared.
        terminated: () => made.end(),
      });
    const handle = open();
    const made: Connection = {
      database: handle.then(
        async (database) => {
          if (expected !== undefined) check(await database.get('info', INFO_KEY));
          return database;
        },
        (fault: unknown) => {
          throw isDeleted ? gone() : fault;
        },
      ),
      end: () => {
        if (connection === made) connection = undefined;
        handle.then(
          (database) => database.close(),
          () => {}, // There is nothing to close.
        );
      },
    };
    return made;
  }

  return {
    async run(work, isStrict = false) {
      for (let isRetry = false; ; isRetry = true) {
        if (isClosed) throw new StorageFault('failed', 'the outbox store is closed');
        connection ??= connect();
        const { database, end } = connection;
        let transaction: Transaction | undefined;
        let refused: unknown;
        try {
          transaction = (await database).transaction(STORES, 'readwrite', {
            durability: isStrict ? 'strict' : durability,
          });
          // On the way down: before idb hears it, which rejects `done` while the transaction has no error yet.
          const told = ({ target }: Event): void => {
            refused ??= (target as IDBRequest).error;
          };
          unwrap(transaction).addEventListener('error', told, true);
          // Without what they resolve with: each would keep all before it.
          running = Promise.allSettled([running, transaction.done]).then(() => {});
          const result = await work(transaction, isRetry);
          await transaction.done;
          return result;
        } catch (fault) {
          if (fault instanceof LogLost) throw fault;
          // A full disk aborts the transaction, which says why; else the request does that was refused.
          const cause = (transaction?.error ?? refused ?? fault) as Error;
          try {
            transaction?.abort();
          } catch {
            // It has aborted or committed by itself.
          }
          if (fault instanceof StorageFault) {
            end();
            throw fault;
          }
          const reason = REASONS[cause.name] ?? 'failed';
          if (reason !== 'full') end();
          // Engines have many names for a connection that died; these are none of them: the record is there already, too.
          if (isRetry || reason !== 'failed' || cause.name === 'ConstraintError')
            throw new StorageFault(reason, `IndexedDB failed: ${cause}`, { cause });
        }
      }
    },
    expect(clientId) {
      expected = clientId;
    },
    async check(transaction) {
      check(await transaction.objectStore('info').get(INFO_KEY));
    },
    async clear() {
      // A deletion waits until every tab has closed its connection, which one that is frozen can't: what matters goes before.
      const erased = this.run(async (transaction) => {
        for (const store of STORES) unwrap(transaction.objectStore(store)).clear();
      });
      const isErased = await erased.then(
        () => true,
        () => false,
      );
      await this.close();
      await new Promise<void>((resolve, reject) => {
        deleteDB(name, {
          blocked() {
            if (isErased) resolve();
          },
        }).then(resolve, reject);
      });
    },
    async close() {
      isClosed = true;
      connection?.end();
      // A handle is closed only when its transactions have ended: a deletion right after this would wait for them.
      await running;
    },
  };
}
