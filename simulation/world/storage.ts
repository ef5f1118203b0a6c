import {
  type ClaimedLog,
  type LogHeader,
  LogLost,
  type NewLog,
  type OutboxStore,
  type Segment,
  type StoreInfo,
} from '../../packages/core/src/storage/ports.ts';
import type { Clock } from './clock.ts';
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
  readonly segments: Map<number, Segment>;
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
  /** Transactions that fail next, by an abort. */
  abortsLeft = 0;
  isFull = false;
  hangsUntil = 0;
  latencyMs = 2;
  readonly #handles = new Set<Handle>();
  /** Told of each message that is written. */
  onStored: (payload: string) => void = () => {};
  /** Told of each committed change. */
  onCommit: (what: string) => void = () => {};

  constructor(clock: Clock, chance: Chance) {
    this.#clock = clock;
    this.#chance = chance;
  }

  connect(client: StorageClient, onLost: (cause: unknown) => void): OutboxStore {
    const handle: Handle = { client, onLost, isLost: false, isClosing: false, isClosed: false };
    this.#handles.add(handle);
    return new DiskConnection(this, handle);
  }

  /** Connections that a page has not closed: a database that hangs ends them when it can. */
  openHandles(client: StorageClient): number {
    return [...this.#handles].filter((handle) => handle.client === client && !handle.isClosing && !handle.isLost)
      .length;
  }

  /** The browser ends the connections to the database, as WebKit does in the background. */
  loseConnections(client: StorageClient): void {
    for (const handle of this.#handles) {
      if (handle.client !== client || handle.isClosed || handle.isLost) continue;
      handle.isLost = true;
      client.post(() => handle.onLost(new Error('connection to the database lost')));
    }
  }

  /** Runs one transaction: after those before it, atomically, unless its page dies before the commit. */
  transact<T>(handle: Handle, name: string, isWrite: boolean, work: () => T): Promise<T> {
    return new Promise((resolve, reject) => {
      const startsAt = Math.max(this.#clock.now, this.#busyUntil);
      const commitsAt = startsAt + this.latencyMs * (0.5 + this.#chance.next());
      this.#busyUntil = commitsAt;
      const commit = (): void => {
        // A hang that began meanwhile holds this one up, too.
        if (this.hangsUntil > this.#clock.now) {
          this.#clock.after(this.hangsUntil - this.#clock.now, commit);
          return;
        }
        if (!handle.client.isAlive) return;
        const settle = (run: () => void): void => {
          this.#clock.after(this.latencyMs * this.#chance.next() * 0.5, () => handle.client.post(run));
        };
        const failure = this.#failure(handle, isWrite);
        if (failure !== null) {
          settle(() => reject(failure));
          return;
        }
        try {
          const result = work();
          if (isWrite) this.onCommit(`${handle.client.name} ${name}`);
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
    if (handle.isLost) return new Error('connection to the database lost');
    if (this.abortsLeft > 0) {
      this.abortsLeft -= 1;
      return named('AbortError', 'the transaction was aborted');
    }
    if (isWrite && this.isFull) return named('QuotaExceededError', 'the quota is used up');
    return null;
  }
}

interface Handle {
  readonly client: StorageClient;
  readonly onLost: (cause: unknown) => void;
  isLost: boolean;
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

  open(freshClientId: string): Promise<StoreInfo> {
    return this.#write('open', () => (this.#disk.info ??= { clientId: freshClientId, peer: null }));
  }

  setPeer(peer: string): Promise<void> {
    return this.#write('setPeer', () => {
      const { info } = this.#disk;
      if (info === null) throw new Error('not opened');
      if (info.peer !== null && info.peer !== peer) throw new Error('it is stamped with another peer already');
      this.#disk.info = { ...info, peer };
    });
  }

  listLogs(): Promise<readonly LogHeader[]> {
    return this.#disk.transact(this.#handle, 'listLogs', false, () =>
      [...this.#disk.logs.values()].map((log) => log.header),
    );
  }

  createLog(log: NewLog, segment: Segment): Promise<void> {
    const copy = copyOf(segment);
    const { id, after } = log;
    return this.#write(`createLog ${id} ${segment.first}-${segment.last}`, () => {
      if (this.#disk.logs.has(id)) throw named('ConstraintError', `log ${id} exists`);
      const made: Log = {
        header: { id, after, generation: 1 },
        maker: this.#handle.client,
        claimants: [],
        segments: new Map([[copy.first, copy]]),
      };
      this.#disk.logs.set(id, made);
      this.#disk.everLogs.set(id, made);
      this.#stored(copy);
    });
  }

  append(logId: string, generation: number, segment: Segment): Promise<void> {
    const copy = copyOf(segment);
    return this.#write(`append ${logId} ${segment.first}-${segment.last}`, () => {
      const log = this.#owned(logId, generation);
      if (log.segments.has(copy.first)) throw named('ConstraintError', `segment ${copy.first} exists`);
      log.segments.set(copy.first, copy);
      this.#stored(copy);
    });
  }

  replaceSegment(logId: string, generation: number, first: number, segment: Segment): Promise<void> {
    const copy = copyOf(segment);
    return this.#write(`replaceSegment ${logId} ${first}: ${segment.first}-${segment.last}`, () => {
      const log = this.#owned(logId, generation);
      log.segments.delete(first);
      log.segments.set(copy.first, copy);
      this.#stored(copy);
    });
  }

  removeSegments(logId: string, generation: number, firsts: readonly number[]): Promise<void> {
    const copies = [...firsts];
    return this.#write(`removeSegments ${logId} ${copies.join()}`, () => {
      const log = this.#owned(logId, generation);
      for (const first of copies) log.segments.delete(first);
    });
  }

  claimLog(logId: string, expected?: number): Promise<ClaimedLog | null> {
    return this.#write(`claimLog ${logId}`, () => {
      const log = this.#disk.logs.get(logId);
      if (log === undefined || (expected !== undefined && log.header.generation !== expected)) return null;
      log.claimants.push(this.#handle.client);
      log.header = { ...log.header, generation: log.header.generation + 1 };
      const segments = [...log.segments.values()].sort((left, right) => left.first - right.first);
      return { ...log.header, segments: segments.map(copyOf), corrupt: 0 };
    });
  }

  deleteLog(logId: string, generation: number, discard = false): Promise<boolean> {
    return this.#write(`deleteLog ${logId}${discard ? ' with all in it' : ''}`, () => {
      const log = this.#owned(logId, generation);
      if (!discard && log.segments.size > 0) return false;
      return this.#disk.logs.delete(logId);
    });
  }

  async close(): Promise<void> {
    // What was asked before goes on; what is asked later fails.
    this.#handle.isClosing = true;
    await this.#disk.transact(this.#handle, 'close', false, () => {}).catch(() => {});
    this.#handle.isClosed = true;
  }

  #stored(segment: Segment): void {
    for (const { payload } of segment.messages) this.#disk.onStored(payload);
  }

  #write<T>(name: string, work: () => T): Promise<T> {
    return this.#disk.transact(this.#handle, name, true, work);
  }

  #owned(logId: string, generation: number): Log {
    const log = this.#disk.logs.get(logId);
    if (log === undefined) throw new LogLost(`log ${logId} is gone`);
    if (log.header.generation !== generation)
      throw new LogLost(`log ${logId} is at generation ${log.header.generation}`);
    return log;
  }
}

/** Storage keeps values, never the objects that it was given. */
function copyOf(segment: Segment): Segment {
  return { ...segment, messages: segment.messages.map((message) => ({ ...message })) };
}

function named(name: string, message: string): Error {
  const error = new Error(message);
  error.name = name;
  return error;
}
