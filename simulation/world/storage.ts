import {
  type ClaimedLog,
  type LogHeader,
  type LogPage,
  LogLost,
  type OutboxStore,
  type Segment,
  StorageFault,
  type StoreInfo,
} from '../../packages/core/src/storage/ports.ts';
import { pageOf } from '../../packages/core/src/testing/log-table.ts';
import type { Clock } from './clock.ts';
import type { Data } from './payloads.ts';
import type { Chance } from './prng.ts';

/** What a page is to the storage. */
export interface StorageClient {
  readonly name: string;
  readonly isAlive: boolean;
  post(run: () => void): void;
}

interface Log {
  header: LogHeader;
  /** The page whose own log it is, or was. */
  readonly maker: StorageClient;
  /** Pages that took it over. */
  readonly claimants: StorageClient[];
  readonly segments: Map<number, { readonly messages: Segment; isSpoilt: boolean }>;
}

/** The database of one origin and scope: it outlives every page, and its transactions run one after the other. */
export class Disk {
  readonly #clock: Clock;
  readonly #chance: Chance;
  /** What is committed. */
  info: StoreInfo | null = null;
  readonly logs = new Map<string, Log>();
  /** Those that were ever here, by id. */
  readonly everLogs = new Map<string, Log>();
  #busyUntil = 0;
  /** Whether it was cleared, or ever failed or held up what a page asked: that one may give it up for it. */
  hasFailed = false;
  /** Transactions that fail next, by an abort. */
  abortsLeft = 0;
  isFull = false;
  hangsUntil = 0;
  latencyMs = 2;
  /** Messages that make a page of a log that is read. */
  pageMessages = 1_000;
  readonly #handles = new Set<Handle>();
  /** Told of each message that is written. */
  onStored: (payload: Data) => void = () => {};
  /** Told of each committed change. */
  onCommit: (what: string) => void = () => {};

  constructor(clock: Clock, chance: Chance) {
    this.#clock = clock;
    this.#chance = chance;
  }

  connect(client: StorageClient): OutboxStore {
    const handle: Handle = { client, isLost: false, isGone: false, isClosing: false, isClosed: false };
    this.#handles.add(handle);
    return new DiskConnection(this, handle);
  }

  /** The user clears the site's data. */
  clear(): void {
    this.hasFailed = true;
    for (const handle of this.#handles) handle.isGone = true;
    this.logs.clear();
    this.info = null;
  }

  /** Nobody can read what this log has now. */
  spoil(id: string): void {
    for (const segment of this.logs.get(id)?.segments.values() ?? []) segment.isSpoilt = true;
  }

  payloadsOf(id: string): readonly Data[] {
    const segments = [...(this.logs.get(id)?.segments.values() ?? [])];
    return segments.flatMap(({ messages }) => messages.map(({ payload }) => payload));
  }

  /** Connections that a page has not closed: a database that hangs ends them when it can. */
  openHandles(client: StorageClient): number {
    return [...this.#handles].filter((handle) => handle.client === client && !handle.isClosing && !handle.isLost)
      .length;
  }

  /** The browser ends the connections to the database, as WebKit does in the background. */
  loseConnections(client: StorageClient): void {
    for (const handle of this.#handles) {
      if (handle.client === client && !handle.isClosed) handle.isLost = true;
    }
  }

  /**
   * Runs one transaction: after those before it, atomically, unless its page dies before the commit. `begin` runs as soon as
   * it is its turn, if the page lives then.
   */
  transact<T>(
    handle: Handle,
    name: string | (() => string),
    isWrite: boolean,
    work: () => T,
    begin: () => void = () => {},
  ): Promise<T> {
    return new Promise((resolve, reject) => {
      const startsAt = Math.max(this.#clock.now, this.#busyUntil);
      const commitsAt = startsAt + this.latencyMs * (0.5 + this.#chance.next());
      this.#busyUntil = commitsAt;
      this.#clock.after(startsAt - this.#clock.now, () => {
        if (handle.client.isAlive) begin();
      });
      const commit = (): void => {
        // A hang that began meanwhile holds this one up, too.
        if (this.hangsUntil > this.#clock.now) {
          this.hasFailed = true;
          this.#clock.after(this.hangsUntil - this.#clock.now, commit);
          return;
        }
        if (!handle.client.isAlive) return;
        const settle = (run: () => void): void => {
          this.#clock.after(this.latencyMs * this.#chance.next() * 0.5, () => handle.client.post(run));
        };
        const failure = this.#failure(handle, isWrite);
        if (failure !== null) {
          this.hasFailed = true;
          settle(() => reject(failure));
          return;
        }
        try {
          const result = work();
          if (isWrite) this.onCommit(`${handle.client.name} ${typeof name === 'string' ? name : name()}`);
          settle(() => resolve(result));
        } catch (cause) {
          settle(() => reject(cause instanceof Error ? cause : new Error(String(cause))));
        }
      };
      this.#clock.after(commitsAt - this.#clock.now, commit);
    });
  }

  #failure(handle: Handle, isWrite: boolean): Error | null {
    if (handle.isClosed) return new Error('the connection was closed');
    if (handle.isGone) return new StorageFault('gone', 'what was stored was cleared');
    if (handle.isLost) return new Error('connection to the database lost');
    if (this.abortsLeft > 0) {
      this.abortsLeft -= 1;
      return named('AbortError', 'the transaction was aborted');
    }
    if (isWrite && this.isFull) return new StorageFault('full', 'the quota is used up');
    return null;
  }
}

interface Handle {
  readonly client: StorageClient;
  isLost: boolean;
  /** What it was connected to was cleared. */
  isGone: boolean;
  isClosing: boolean;
  isClosed: boolean;
}

/** One page's connection. */
class DiskConnection implements OutboxStore {
  readonly #disk: Disk;
  readonly #handle: Handle;

  constructor(disk: Disk, handle: Handle) {
    this.#disk = disk;
    this.#handle = handle;
  }

  open(freshClientId: string, peer?: string): Promise<StoreInfo> {
    return this.#write(peer === undefined ? 'open' : `open as ${peer}`, () => {
      const info = this.#disk.info ?? { clientId: freshClientId, peer: null };
      if (peer !== undefined && info.peer !== null && info.peer !== peer)
        throw new Error('it is stamped with another peer already');
      this.#disk.info = { clientId: info.clientId, peer: info.peer ?? peer ?? null };
      return this.#disk.info;
    });
  }

  listLogs(): Promise<readonly LogHeader[]> {
    return this.#disk.transact(this.#handle, 'listLogs', false, () =>
      [...this.#disk.logs.values()].map((log) => log.header),
    );
  }

  write({ id, after, generation }: LogHeader, removed: readonly number[], added: Iterable<Segment>): Promise<number> {
    let walked: readonly Segment[] | undefined;
    const walk = (): readonly Segment[] => (walked ??= structuredClone([...added]));
    const name = (): string => {
      const ranges = walk().map((copy) => ` +${copy[0].seq}-${copy.at(-1)?.seq}`);
      return [`write ${id}`, ...removed.map((first) => ` -${first}`), ...ranges].join('');
    };
    const isOwn = (): boolean => (this.#disk.logs.get(id)?.header.generation ?? 0) === generation;
    const work = (): number => {
      if (!isOwn()) throw new LogLost(`log ${id} is not at generation ${generation}`);
      const log = this.#disk.logs.get(id) ?? this.#newLog(id, after);
      const copies = walk();
      const { segments } = log;
      const isTwice = copies.some(([{ seq }]) => segments.has(seq) && !removed.includes(seq));
      if (isTwice) throw named('ConstraintError', 'a segment exists');
      for (const first of removed) segments.delete(first);
      for (const copy of copies) {
        segments.set(copy[0].seq, { messages: copy, isSpoilt: false });
        for (const { payload } of copy) this.#disk.onStored(payload);
      }
      const isGone = segments.size === 0;
      log.header = { id, after, generation: isGone ? 0 : Math.max(1, generation) };
      if (isGone) this.#disk.logs.delete(id);
      else this.#disk.logs.set(id, log);
      this.#disk.everLogs.set(id, log);
      return log.header.generation;
    };
    return this.#disk.transact(this.#handle, name, true, work, () => {
      if (isOwn()) walk();
    });
  }

  claimLog(logId: string): Promise<ClaimedLog | null> {
    return this.#write(`claimLog ${logId}`, () => {
      const log = this.#disk.logs.get(logId);
      if (log === undefined) return null;
      log.claimants.push(this.#handle.client);
      log.header = { ...log.header, generation: log.header.generation + 1 };
      const segments = inOrder(log);
      return {
        ...log.header,
        lastSeq: segments.at(-1)?.at(-1)?.seq ?? 0,
        ...pageOf(segments, this.#disk.pageMessages),
        corrupt: log.segments.size - segments.length,
      };
    });
  }

  readLog({ id, generation }: LogHeader, after: number): Promise<LogPage> {
    return this.#disk.transact(this.#handle, `readLog ${id}`, false, () => {
      const log = this.#disk.logs.get(id);
      if (log?.header.generation !== generation) throw new LogLost(`log ${id} is not at generation ${generation}`);
      return pageOf(inOrder(log), this.#disk.pageMessages, after);
    });
  }

  async close(): Promise<void> {
    // What was asked before goes on; what is asked later fails.
    this.#handle.isClosing = true;
    await this.#disk.transact(this.#handle, 'close', false, () => {}).catch(() => {});
    this.#handle.isClosed = true;
  }

  #write<T>(name: string, work: () => T): Promise<T> {
    return this.#disk.transact(this.#handle, name, true, work);
  }

  /** One that was here before is the same log: it remembers who had it. */
  #newLog(id: string, after: string | null): Log {
    const log = this.#disk.everLogs.get(id) ?? { maker: this.#handle.client, claimants: [], segments: new Map() };
    return Object.assign(log, { header: { id, after, generation: 0 } });
  }
}

function inOrder({ segments }: Log): Segment[] {
  const readable = [...segments.values()].filter(({ isSpoilt }) => !isSpoilt);
  return readable.map(({ messages }) => messages).sort(([left], [right]) => left.seq - right.seq);
}

function named(name: string, message: string): Error {
  const error = new Error(message);
  error.name = name;
  return error;
}
