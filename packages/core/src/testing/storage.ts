import type { Json } from '../lib/errors.ts';
import type { MessageData } from '../protocol/frames.ts';
import { StorageFault, type OutboxStore, type Segment } from '../storage/ports.ts';
import { LogTable } from './log-table.ts';
import type { Timeline } from './virtual-clock.ts';

/** What a page is to the storage. */
export interface StorageClient {
  /** Whether it was killed: a transaction that has not completed by then never does. */
  readonly isKilled: boolean;
  post(run: () => void): void;
}

interface Connection {
  readonly client: StorageClient;
  isLost: boolean;
  /** What it was connected to was cleared. */
  isGone: boolean;
  isClosed: boolean;
}

/**
 * The storage of a device: it outlives every page, its transactions run one after the other and take `latencyMs`, and it
 * fails when it is told to.
 */
export class TestStorage {
  /** How long a transaction takes, milliseconds. */
  latencyMs = 1;
  /** While it is set, every write fails for want of room, and changes nothing. */
  isFull = false;
  readonly #clock: Timeline;
  readonly #tables = new Map<string, LogTable>();
  readonly #connections = new Set<Connection>();
  #failures = 0;
  #readyAt = 0;
  /** Transactions that wait for `heal()`; null: it does not hang. */
  #stuck: (() => void)[] | null = null;

  constructor(clock: Timeline) {
    this.#clock = clock;
  }

  /** The next `count` writes abort, and change nothing. */
  failNextWrite(count = 1): void {
    this.#failures += count;
  }

  /** From here on no transaction ends, until `heal()`. */
  hang(): void {
    this.#stuck ??= [];
  }

  /** Ends `hang()`, `isFull` and the failures that are left: what waited goes on in its order. */
  heal(): void {
    const stuck = this.#stuck ?? [];
    this.#stuck = null;
    this.isFull = false;
    this.#failures = 0;
    for (const run of stuck) run();
  }

  /** The browser ends every connection to the storage, as WebKit does in the background: they fail from here on. What is stored stays. */
  lose(): void {
    for (const connection of this.#connections) connection.isLost = true;
    this.#connections.clear();
  }

  /** The user clears the site's data: the connections end, and nothing is left. */
  clear(): void {
    for (const connection of this.#connections) connection.isGone = true;
    this.#connections.clear();
    this.#tables.clear();
  }

  /** What is stored for an identity, log by log, each in the order of `send`. */
  messages(identity = 'user'): readonly MessageData[] {
    return (this.#tables.get(scopeOf(identity))?.payloads ?? []).map((payload) =>
      typeof payload === 'string' ? (JSON.parse(payload) as Json) : payload,
    );
  }

  /** A page opens a store. Used by `TestPage.outbox`. */
  connect(scope: string, client: StorageClient): OutboxStore {
    const connection: Connection = { client, isLost: false, isGone: false, isClosed: false };
    this.#connections.add(connection);
    const table = (): LogTable => {
      const known = this.#tables.get(scope) ?? new LogTable();
      this.#tables.set(scope, known);
      return known;
    };
    const transact = <T>(isWrite: boolean, work: (table: LogTable) => T): Promise<T> =>
      this.#transact(connection, isWrite, () => work(table()));
    return {
      open: (freshClientId, peer) => transact(true, (its) => its.open(freshClientId, peer)),
      listLogs: () => transact(false, (its) => its.listLogs()),
      claimLog: (logId) => transact(true, (its) => its.claimLog(logId)),
      readLog: (log, after) => transact(false, (its) => its.readLog(log, after)),
      write: (log, removed, added) => {
        const firsts = [...removed];
        let segments: readonly Segment[] | undefined;
        // Storage keeps values, never the objects that it was given.
        const walk = (): readonly Segment[] => (segments ??= structuredClone([...added]));
        const written = transact(true, (its) => its.write(log, firsts, walk()));
        // Half-way, as a database does that has to read the header first.
        this.#clock.after(this.#readyAt - this.#clock.now - this.latencyMs / 2, () => {
          if (!client.isKilled && !connection.isClosed) walk();
        });
        return written;
      },
      close: async () => {
        if (connection.isClosed) return;
        // What was asked before goes on; what is asked later fails.
        connection.isClosed = true;
        this.#connections.delete(connection);
        await new Promise<void>((resolve) => this.#queue(() => client.post(resolve)));
      },
    };
  }

  /** Runs one transaction: after those before it, whole, unless its page is killed before the end. */
  #transact<T>(connection: Connection, isWrite: boolean, work: () => T): Promise<T> {
    const { client, isClosed } = connection;
    return new Promise((resolve, reject) => {
      if (isClosed) {
        reject(new Error('the store is closed'));
        return;
      }
      this.#queue(() => {
        if (client.isKilled) return;
        try {
          this.#failAsTold(connection, isWrite);
          const result = work();
          client.post(() => resolve(result));
        } catch (cause) {
          client.post(() => reject(cause instanceof Error ? cause : new Error(String(cause))));
        }
      });
    });
  }

  #failAsTold({ isLost, isGone }: Connection, isWrite: boolean): void {
    if (isGone) throw new StorageFault('gone', 'what was stored was cleared');
    if (isLost) throw named('InvalidStateError', 'connection to the storage lost');
    if (isWrite && this.#failures > 0) {
      this.#failures -= 1;
      throw named('AbortError', 'the transaction was aborted');
    }
    if (isWrite && this.isFull) {
      const cause = named('QuotaExceededError', 'the quota is used up');
      throw new StorageFault('full', cause.message, { cause });
    }
  }

  #queue(run: () => void): void {
    const step = (): void => {
      if (this.#stuck === null) run();
      else this.#stuck.push(step);
    };
    this.#readyAt = Math.max(this.#readyAt, this.#clock.now + this.latencyMs);
    this.#clock.after(this.#readyAt - this.#clock.now, step);
  }
}

export function scopeOf(identity: string): string {
  return `test:${identity}`;
}

function named(name: string, message: string): Error {
  const error = new Error(message);
  error.name = name;
  return error;
}
