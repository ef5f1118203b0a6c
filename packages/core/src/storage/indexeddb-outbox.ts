import { describe } from '../lib/describe.ts';
import { HoldfastError } from '../lib/errors.ts';
import { INFO_KEY, OutboxDatabase, type Transaction } from './indexeddb-database.ts';
import {
  type ClaimedLog,
  type LogHeader,
  LogLost,
  type NewLog,
  type OutboxStorage,
  type OutboxStore,
  type Segment,
  type StoreInfo,
} from './ports.ts';
import { asInfo, isHeader, isSegment } from './stored-records.ts';

export interface IndexedDbOptions {
  /** Tells the outboxes of one origin apart: the app's name, or the name of one of its sockets. Not empty. */
  readonly name: string;
  /**
   * The app's stable name for the signed-in user, such as a user id; never a token, which changes. Each identity has a
   * database of its own, so that no message ever leaves under another user. Not empty; an app without users gives a
   * constant.
   */
  readonly identity: string;
  /** Most messages that may wait or be in flight, from 1. Each one also costs its size in memory. Default 10,000. */
  readonly maxMessages?: number;
  /**
   * `relaxed`: a message counts as stored when the operating system has it, so it survives a killed browser, but the
   * last moments may be lost with the power. `strict`: when the disk has it, which takes a write some milliseconds
   * longer. Default `relaxed`.
   */
  readonly durability?: 'relaxed' | 'strict';
}

/**
 * The storage of an outbox that survives reloads and a killed browser. Nothing is opened before a socket uses it.
 *
 * @throws HoldfastError INVALID_OPTION
 */
export function indexedDbStorage(options: IndexedDbOptions): OutboxStorage {
  const { name, identity, maxMessages = 10_000, durability = 'relaxed' } = checkObject(options);
  const scope = `holdfast:${encodeName('name', name)}:${encodeName('identity', identity)}`;
  if (!Number.isSafeInteger(maxMessages) || maxMessages < 1) {
    throw invalid('maxMessages', `${describe(maxMessages)}; give an integer from 1, or leave it out for 10,000`);
  }
  if (durability !== 'relaxed' && durability !== 'strict') {
    throw invalid('durability', `${describe(durability)}; give 'relaxed' or 'strict', or leave it out for 'relaxed'`);
  }
  return {
    maxMessages,
    scope,
    createStore: (onLost) => new IndexedDbOutboxStore(new OutboxDatabase(scope, durability, onLost)),
  };
}

function checkObject(options: IndexedDbOptions): IndexedDbOptions {
  if (typeof options === 'object' && (options as unknown) !== null) return options;
  throw invalid('options', `${describe(options)}; give an object with name and identity`);
}

/** Encoded, so that ':' stands only between the parts: ('a:b', 'c') and ('a', 'b:c') stay apart. */
function encodeName(option: 'name' | 'identity', value: unknown): string {
  if (typeof value !== 'string' || value === '') {
    throw invalid(option, `${describe(value)}; give a string that is not empty`);
  }
  try {
    return encodeURIComponent(value);
  } catch (cause) {
    throw invalid(option, 'a string with half a surrogate pair; give well-formed text', cause);
  }
}

function invalid(option: string, rest: string, cause?: unknown): HoldfastError {
  const message = `indexedDB(): ${option} is ${rest}`;
  return new HoldfastError({ code: 'INVALID_OPTION', message, details: { option }, cause }, Date.now());
}

/** Records read at once, so that a huge log does not arrive in one long task. */
const PAGE = 100;

class IndexedDbOutboxStore implements OutboxStore {
  readonly #database: OutboxDatabase;

  constructor(database: OutboxDatabase) {
    this.#database = database;
  }

  async open(freshClientId: string): Promise<StoreInfo> {
    const info = await this.#database.run('open the outbox', ['info'], 'readwrite', async (transaction) => {
      const store = transaction.objectStore('info');
      const stored = await store.get(INFO_KEY);
      if (stored !== undefined) return asInfo(stored);
      const fresh: StoreInfo = { clientId: freshClientId, peer: null };
      await store.add(fresh, INFO_KEY);
      return fresh;
    });
    this.#database.expect(info.clientId);
    return info;
  }

  setPeer(peer: string): Promise<void> {
    return this.#database.run('stamp the outbox', ['info'], 'readwrite', async (transaction) => {
      const store = transaction.objectStore('info');
      const info = asInfo(await store.get(INFO_KEY));
      if (info.peer === peer) return;
      if (info.peer !== null) throw new Error('it is stamped with another peer already');
      await store.put({ ...info, peer }, INFO_KEY);
    });
  }

  async listLogs(): Promise<readonly LogHeader[]> {
    const logs = await this.#database.run('list the logs', ['logs'], 'readonly', (transaction) =>
      transaction.objectStore('logs').getAll(),
    );
    return logs.filter(isHeader);
  }

  createLog(log: NewLog, segment: Segment): Promise<void> {
    const header: LogHeader = { id: log.id, after: log.after, generation: 1 };
    return this.#database.run('create a log', ['logs', 'segments'], 'readwrite', async (transaction, isRetry) => {
      const logs = transaction.objectStore('logs');
      if (isRetry && (await logs.get(log.id)) !== undefined) await checkGeneration(transaction, log.id, 1);
      await (isRetry ? logs.put(header) : logs.add(header));
      await writeSegment(transaction, log.id, segment, isRetry);
    });
  }

  append(logId: string, generation: number, segment: Segment): Promise<void> {
    return this.#database.run('append to a log', ['logs', 'segments'], 'readwrite', async (transaction, isRetry) => {
      await checkGeneration(transaction, logId, generation);
      await writeSegment(transaction, logId, segment, isRetry);
    });
  }

  replaceSegment(logId: string, generation: number, first: number, segment: Segment): Promise<void> {
    return this.#database.run('rewrite a segment', ['logs', 'segments'], 'readwrite', async (transaction) => {
      await checkGeneration(transaction, logId, generation);
      await transaction.objectStore('segments').delete([logId, first]);
      await writeSegment(transaction, logId, segment, true);
    });
  }

  removeSegments(logId: string, generation: number, firsts: readonly number[]): Promise<void> {
    return this.#database.run('delete from a log', ['logs', 'segments'], 'readwrite', async (transaction) => {
      await checkGeneration(transaction, logId, generation);
      const segments = transaction.objectStore('segments');
      await Promise.all(firsts.map((first) => segments.delete([logId, first])));
    });
  }

  claimLog(logId: string, expected?: number): Promise<ClaimedLog | null> {
    return this.#database.run('claim a log', ['logs', 'segments'], 'readwrite', async (transaction) => {
      const logs = transaction.objectStore('logs');
      const header = await logs.get(logId);
      if (!isHeader(header) || (expected !== undefined && header.generation !== expected)) return null;
      const { id, after } = header;
      const generation = header.generation + 1;
      await logs.put({ id, after, generation });
      return { id, after, generation, ...(await readSegments(transaction, logId)) };
    });
  }

  deleteLog(logId: string, generation: number, discard = false): Promise<boolean> {
    return this.#database.run('delete a log', ['logs', 'segments'], 'readwrite', async (transaction, isRetry) => {
      const logs = transaction.objectStore('logs');
      if (isRetry && (await logs.get(logId)) === undefined) return true;
      await checkGeneration(transaction, logId, generation);
      const segments = transaction.objectStore('segments');
      const range = rangeOf(logId);
      // Asks for a key, not for a readable segment: what can't be read is still somebody's message.
      if (discard) await segments.delete(range);
      else if ((await segments.getKey(range)) !== undefined) return false;
      await logs.delete(logId);
      return true;
    });
  }

  close(): Promise<void> {
    return this.#database.close();
  }
}

async function checkGeneration(
  transaction: Transaction<'readwrite'>,
  logId: string,
  generation: number,
): Promise<void> {
  const header = await transaction.objectStore('logs').get(logId);
  if (!isHeader(header)) throw new LogLost('the log is gone');
  if (header.generation !== generation) {
    throw new LogLost(`the log is at generation ${header.generation}, not ${generation}`);
  }
}

/** `add`, since a seq belongs to one message for ever; `put` where the same record may be there already. */
async function writeSegment(
  transaction: Transaction<'readwrite'>,
  logId: string,
  segment: Segment,
  mayExist: boolean,
): Promise<void> {
  const segments = transaction.objectStore('segments');
  const record = { log: logId, first: segment.first, last: segment.last, messages: segment.messages };
  await (mayExist ? segments.put(record) : segments.add(record));
}

/** Every key that starts with `logId`: the text with a NUL at its end is its direct successor. */
function rangeOf(logId: string, after?: unknown): IDBKeyRange {
  const lower = after === undefined ? [logId] : [logId, after];
  return IDBKeyRange.bound(lower, [`${logId}\0`], true, true);
}

async function readSegments(
  transaction: Transaction<'readwrite'>,
  logId: string,
): Promise<{ segments: readonly Segment[]; corrupt: number }> {
  const store = transaction.objectStore('segments');
  const segments: Segment[] = [];
  let corrupt = 0;
  let end = Number.NEGATIVE_INFINITY;
  for (let range = rangeOf(logId); ;) {
    const page = await store.getAll(range, PAGE);
    for (const record of page) {
      // Two messages with one seq: the first in order is the one that the position on the server may already cover.
      if (!isSegment(record) || record.first <= end) {
        corrupt += 1;
        continue;
      }
      segments.push({ first: record.first, last: record.last, messages: record.messages });
      end = record.last;
    }
    if (page.length < PAGE) return { segments, corrupt };
    range = rangeOf(logId, (page.at(-1) as { first: unknown }).first);
  }
}
