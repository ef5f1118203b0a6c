import { LogLost } from './ports.ts';
import { isInfo } from './stored-records.ts';

/** The key of the install's record. */
export const INFO_KEY = 'install';
const VERSION = 1;

interface Connection {
  readonly database: Promise<IDBDatabase>;
  /** Closes its handle, as soon as there is one; the next transaction opens another one. */
  readonly end: () => void;
}

/** Transactions on the outbox's database. */
export interface OutboxDatabase {
  /**
   * Runs `work` in one transaction, and resolves when that has completed. When it fails, once more on a new connection.
   * The first try may have been committed although its connection died before saying so, hence `isRetry`: what it did is
   * then no conflict.
   */
  run<Result>(work: (transaction: IDBTransaction, isRetry: boolean) => Promise<Result>): Promise<Result>;
  /** From here on the app relies on this install's data: where they are gone, every call rejects. */
  expect(clientId: string): void;
  close(): Promise<void>;
}

/**
 * Connections come and go: WebKit kills them in the background, the browser closes them when data is cleared, and a
 * newer tab asks for them to be closed.
 *
 * Its stores: `info` has one record, a StoreInfo; `logs` a LogHeader each; `segments` the messages of a segment each, by
 * its log's id and first seq.
 */
export function outboxDatabase(name: string, durability: IDBTransactionDurability): OutboxDatabase {
  let connection: Connection | undefined;
  /** The install that a connection made later must find, too. */
  let expected: string | undefined;
  let running: Promise<unknown> = Promise.resolve();
  let isClosed = false;

  function connect(): Connection {
    const gone = (): Error => new Error('the database was deleted while it was in use');
    const handle = new Promise<IDBDatabase>((resolve, reject) => {
      const request = indexedDB.open(name, VERSION);
      request.onupgradeneeded = () => {
        const { result, transaction } = request;
        if (expected === undefined) {
          result.createObjectStore('info');
          result.createObjectStore('logs', { keyPath: 'id' });
          result.createObjectStore('segments', { keyPath: ['log', 'first'] });
          return;
        }
        // The user cleared the site's data, or the browser evicted it: a new, empty database would hide the loss.
        reject(gone());
        transaction?.abort();
      };
      answerTo(request).then(resolve, reject);
    });
    const made: Connection = {
      database: handle.then(async (database) => {
        // Not closed at once, this page would hold up a deletion, or another tab that runs a newer version.
        database.onversionchange = made.end;
        // The browser closed it: the engine restarted its storage, or the data was cleared.
        database.onclose = made.end;
        if (expected === undefined) return database;
        const info: unknown = await answerTo<unknown>(database.transaction('info').objectStore('info').get(INFO_KEY));
        if (isInfo(info) && info.clientId === expected) return database;
        throw gone();
      }),
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
    async run(work) {
      for (let isRetry = false; ; isRetry = true) {
        if (isClosed) throw new Error('the outbox store is closed');
        connection ??= connect();
        const { database, end } = connection;
        let transaction: IDBTransaction | undefined;
        try {
          const begun = (await database).transaction(['info', 'logs', 'segments'], 'readwrite', { durability });
          transaction = begun;
          const done = new Promise<void>((resolve, reject) => {
            begun.addEventListener('complete', () => resolve());
            begun.addEventListener('abort', () => reject(begun.error ?? new Error('the transaction was aborted')));
          });
          running = Promise.allSettled([running, done]);
          const result = await work(begun, isRetry);
          await done;
          return result;
        } catch (fault) {
          if (fault instanceof LogLost) throw fault;
          // A full disk aborts the transaction: the request only says so, and the transaction says why.
          const cause = (transaction?.error ?? fault) as Error;
          try {
            transaction?.abort();
          } catch {
            // It has aborted or committed by itself.
          }
          end();
          // Engines have many names for a connection that died, but this is none of them: the record is there already.
          if (isRetry || cause.name === 'ConstraintError') throw new Error(`IndexedDB failed: ${cause}`, { cause });
        }
      }
    },
    expect(clientId) {
      expected = clientId;
    },
    async close() {
      isClosed = true;
      connection?.end();
      // A handle is closed only when its transactions have ended: a deletion right after this would wait for them.
      await running;
    },
  };
}

export function answerTo<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error());
  });
}
