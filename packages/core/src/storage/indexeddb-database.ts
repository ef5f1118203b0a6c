import { openDB, type DBSchema, type IDBPDatabase, type IDBPTransaction } from 'idb';
import { LogLost } from './ports.ts';
import { isInfo } from './stored-records.ts';

interface Schema extends DBSchema {
  /** One record, a StoreInfo, under INFO_KEY. */
  info: { key: string; value: unknown };
  /** A LogHeader each. */
  logs: { key: string; value: unknown };
  /** A Segment each, with its log's id. */
  segments: { key: [log: string, first: number]; value: unknown };
}

type StoreName = 'info' | 'logs' | 'segments';
type Mode = 'readonly' | 'readwrite';
type Database = IDBPDatabase<Schema>;
export type Transaction<M extends Mode> = IDBPTransaction<Schema, StoreName[], M>;

export const INFO_KEY = 'install';
const VERSION = 1;

/** Brings a database from `oldVersion` to VERSION, one step after the other; 0 is a new one. */
function upgrade(database: Database, oldVersion: number): void {
  if (oldVersion < 1) {
    database.createObjectStore('info');
    database.createObjectStore('logs', { keyPath: 'id' });
    database.createObjectStore('segments', { keyPath: ['log', 'first'] });
  }
}

/** No transaction could be started: always worth a new connection. */
class NotConnected extends Error {}

/** What engines call it when the connection dies under a transaction. Nobody else aborts transactions here. */
const CONNECTION_FAULTS: ReadonlySet<unknown> = new Set([
  'AbortError',
  'InvalidStateError',
  'TimeoutError',
  'TransactionInactiveError',
  'UnknownError',
]);

interface Connection {
  readonly database: Promise<Database>;
  /** Ends the connection: its handle is closed, its listeners go, and the next operation opens another one. */
  readonly ending: AbortController;
}

/**
 * Transactions on the outbox's database, over connections that come and go: WebKit kills them in the background, the
 * browser closes them when data is cleared, and a newer tab asks for them to be closed.
 */
export class OutboxDatabase {
  readonly #name: string;
  readonly #durability: IDBTransactionDurability;
  readonly #onLost: (cause: unknown) => void;
  #connection: Connection | undefined;
  readonly #running = new Set<Promise<void>>();
  /** The install that a connection made later must find, too. */
  #clientId: string | undefined;
  /** Set by `close` or by losing the storage; what every later call rejects with. */
  #ended: Error | undefined;

  constructor(name: string, durability: IDBTransactionDurability, onLost: (cause: unknown) => void) {
    this.#name = name;
    this.#durability = durability;
    this.#onLost = onLost;
  }

  /** From here on the app relies on this install's data: when they are gone, `onLost` is called. */
  expect(clientId: string): void {
    this.#clientId = clientId;
  }

  /**
   * Runs `work` in one transaction. When the connection fails, once more on a new one. The first try may have been
   * committed although its connection died before saying so, hence `isRetry`: what it did is then no conflict.
   */
  async run<M extends Mode, Result>(
    what: string,
    stores: StoreName[],
    mode: M,
    work: (transaction: Transaction<M>, isRetry: boolean) => Promise<Result>,
  ): Promise<Result> {
    for (let isRetry = false; ; isRetry = true) {
      if (this.#ended !== undefined) throw this.#ended;
      try {
        return await this.#attempt(stores, mode, (transaction) => work(transaction, isRetry));
      } catch (fault) {
        if (fault instanceof LogLost) throw fault;
        const isConnectionFault = fault instanceof NotConnected || CONNECTION_FAULTS.has(nameOf(fault));
        const cause = fault instanceof NotConnected ? fault.cause : fault;
        if (isConnectionFault && !isRetry) continue;
        const error = new Error(`IndexedDB could not ${what}: ${String(cause)}`, { cause });
        if (isConnectionFault) this.#lose(error);
        throw error;
      }
    }
  }

  async close(): Promise<void> {
    this.#ended ??= new Error('the outbox store is closed');
    this.#connection?.ending.abort();
    // A handle is closed only when its transactions have ended: a deletion right after this would wait for them.
    await Promise.allSettled(this.#running);
  }

  /** Resolves when the transaction has completed; rejects when it has not and never will. */
  async #attempt<M extends Mode, Result>(
    stores: StoreName[],
    mode: M,
    work: (transaction: Transaction<M>) => Promise<Result>,
  ): Promise<Result> {
    const connection = this.#connect();
    let transaction: Transaction<M>;
    try {
      const database = await connection.database;
      transaction = database.transaction(stores, mode, { durability: this.#durability });
    } catch (cause) {
      connection.ending.abort();
      throw new NotConnected('no connection', { cause });
    }
    const { done } = transaction;
    this.#running.add(done);
    done.catch(() => {}); // Awaited below, but only after `work`: until then a failure would count as unhandled.
    try {
      const result = await work(transaction);
      await done;
      return result;
    } catch (fault) {
      // A full disk aborts the transaction: the request only says AbortError, and the transaction says why.
      const reason = nameOf(fault) === 'AbortError' ? (transaction.error ?? fault) : fault;
      abort(transaction);
      if (CONNECTION_FAULTS.has(nameOf(reason))) connection.ending.abort();
      throw reason;
    } finally {
      this.#running.delete(done);
    }
  }

  #connect(): Connection {
    if (this.#connection !== undefined) return this.#connection;
    const ending = new AbortController();
    const connection: Connection = { ending, database: this.#openDatabase(ending) };
    this.#connection = connection;
    ending.signal.addEventListener('abort', () => {
      if (this.#connection === connection) this.#connection = undefined;
    });
    return connection;
  }

  async #openDatabase(ending: AbortController): Promise<Database> {
    const { signal } = ending;
    const clientId = this.#clientId;
    if ((globalThis.indexedDB as IDBFactory | undefined) === undefined) {
      throw new Error('IndexedDB does not exist in this environment');
    }
    let isGone = false;
    const database = await openDB<Schema>(this.#name, VERSION, {
      upgrade(created, oldVersion, _newVersion, transaction) {
        transaction.done.catch(() => {}); // `openDB` rejects, too.
        // The user cleared the site's data, or the browser evicted it: a new, empty database would hide the loss.
        isGone = oldVersion === 0 && clientId !== undefined;
        if (isGone) transaction.abort();
        else upgrade(created, oldVersion);
      },
    }).catch((fault: unknown) => {
      throw isGone ? deleted(fault) : fault;
    });
    // `close()` came while the database was still opening, perhaps for minutes behind another page's deletion.
    if (signal.aborted) database.close();
    signal.addEventListener('abort', () => database.close(), { once: true });
    // Not closed at once, this page would hold up a deletion, or another tab that runs a newer version.
    database.addEventListener('versionchange', () => ending.abort(), { signal });
    // The browser closed it: the engine restarted its storage, or the data was cleared.
    database.addEventListener('close', () => ending.abort(), { signal });
    if (clientId !== undefined) {
      const info: unknown = await database.get('info', INFO_KEY);
      if (!isInfo(info) || info.clientId !== clientId) throw deleted(info);
    }
    return database;
  }

  #lose(cause: Error): void {
    // Before the first success nobody relies on the storage: `open` just rejects, and may be tried again.
    if (this.#clientId === undefined || this.#ended !== undefined) return;
    this.#ended = new Error('the outbox storage has gone away', { cause });
    this.#connection?.ending.abort();
    this.#onLost(cause);
  }
}

function deleted(cause: unknown): Error {
  return new Error('the database was deleted while it was in use', { cause });
}

function nameOf(fault: unknown): unknown {
  return typeof fault === 'object' && fault !== null && 'name' in fault ? fault.name : undefined;
}

function abort(transaction: Transaction<Mode>): void {
  try {
    transaction.abort();
  } catch {
    // It has aborted or committed by itself.
  }
}
