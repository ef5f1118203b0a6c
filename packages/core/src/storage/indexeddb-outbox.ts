import { unwrap } from 'idb';
import { describe } from '../lib/describe.ts';
import { HoldfastError } from '../lib/errors.ts';
import type { Encryption, StoredKey, StoredRecord } from './encryption.ts';
import { INFO_KEY, outboxDatabase, type SegmentStore } from './indexeddb-database.ts';
import { MAX_MESSAGES, OVERFLOWS, STORED_AGE_MS, type OutboxBounds } from './limits.ts';
import { LogLost, type LogPage, type OutboxStorage, type OutboxStore, type Segment, type StoreInfo } from './ports.ts';
import { isHeader, isInfo, isSegment, messagesIn, sizeOf, toColumns } from './stored-records.ts';

/** Where `indexedDB()` stores, for whom, how durably and how much. */
export interface IndexedDbOptions extends OutboxBounds {
  /** Tells the outboxes of one origin apart: the app's name, or the name of one of its sockets. Not empty. */
  readonly name: string;
  /**
   * The app's stable name for the signed-in user, such as a user id; never a token, which changes. Each identity has a
   * database of its own, so that no message ever leaves under another user. Not empty; an app without users gives a
   * constant.
   */
  readonly identity: string;
  /**
   * `relaxed`: a message counts as stored when the operating system has it, so it survives a killed browser, but the
   * last moments may be lost with the power. `strict`: when the disk has it, which takes a write some milliseconds
   * longer. Default `relaxed`.
   */
  readonly durability?: 'relaxed' | 'strict';
  /** `encryptAtRest()`: what is stored is encrypted. Default: it is not. Turned off, what was encrypted can't be read. */
  readonly encryption?: Encryption;
}

/** What can be done to everything that an outbox has stored. */
export interface StoredData {
  /**
   * Erases all messages of this name and identity and their key, also those of other tabs that are open: sign-out. A socket
   * that still uses them says so with STORAGE_LOST and goes on in memory, so close it before. Rejects with STORAGE_FAILED.
   */
  readonly clear: () => Promise<void>;
  /**
   * Asks the browser not to evict this origin's data when the disk is full. It may ask the user, decide by itself, or
   * not know the question. Resolves with whether they are safe from eviction now; never rejects.
   */
  readonly persist: () => Promise<boolean>;
}

/**
 * The storage of an outbox that survives reloads and a killed browser. Nothing is opened before a socket uses it.
 *
 * @throws HoldfastError INVALID_OPTION
 */
export function indexedDbStorage(options: IndexedDbOptions): OutboxStorage & StoredData {
  check(typeof options === 'object' && options !== null, 'options', options, 'an object with name and identity');
  const { name, identity, durability = 'relaxed', encryption } = options;
  const {
    maxMessages = MAX_MESSAGES,
    maxAgeMs = STORED_AGE_MS,
    maxBytes,
    maxMessageBytes,
    overflow = 'reject',
  } = options;
  // Encoded, so that ':' stands only between the parts: ('a:b', 'c') and ('a', 'b:c') stay apart.
  const parts = Object.entries({ name, identity }).map(([option, value]) => {
    // Half a surrogate pair has no UTF-8.
    check(/^\P{Cs}+$/u.test(value) && typeof value === 'string', option, value, 'a well-formed string, not empty');
    return encodeURIComponent(value);
  });
  check(Number.isSafeInteger(maxMessages) && maxMessages > 0, 'maxMessages', maxMessages, 'an integer from 1');
  const numbers = { maxAgeMs, ...(maxBytes && { maxBytes }), ...(maxMessageBytes && { maxMessageBytes }) };
  for (const [option, value] of Object.entries(numbers)) {
    check(typeof value === 'number' && value > 0, option, value, 'a number above 0');
  }
  check(OVERFLOWS.includes(overflow), 'overflow', overflow, `one of ${OVERFLOWS.join(', ')}`);
  check(['relaxed', 'strict'].includes(durability), 'durability', durability, "'relaxed' or 'strict'");
  const isEncryption = encryption === undefined || typeof encryption?.createCodec === 'function';
  check(isEncryption, 'encryption', encryption, 'encryptAtRest(), or leave it out');
  const scope = `holdfast:${parts.join(':')}`;
  return {
    maxMessages,
    overflow,
    ...numbers,
    scope,
    createStore: () => indexedDbStore(scope, durability, encryption),
    async clear() {
      try {
        await outboxDatabase(scope, 'strict').clear();
      } catch (cause) {
        const message = 'what is stored could not be erased';
        throw new HoldfastError({ code: 'STORAGE_FAILED', message, cause }, Date.now());
      }
    },
    async persist() {
      // Neither is everywhere, nor does it work in every sandbox.
      const storage = navigator.storage as Partial<StorageManager> | undefined;
      return (await storage?.persist?.().catch(() => false)) ?? false;
    },
  };
}

function check(isRight: boolean, option: string, given: unknown, shape: string): void {
  if (isRight) return;
  const message = `indexedDB(): ${option} is ${describe(given)}; give ${shape}`;
  throw new HoldfastError({ code: 'INVALID_OPTION', message, details: { option } }, Date.now());
}

/** A page ends with the record that reaches one of them: messages, and characters of their payloads. */
const PAGE_MESSAGES = 1_000;
const PAGE_LENGTH = 1_048_576;

function indexedDbStore(scope: string, durability: IDBTransactionDurability, encryption?: Encryption): OutboxStore {
  const database = outboxDatabase(scope, durability);
  /** Undefined: messages are stored as they are. */
  const codec = encryption?.createCodec(scope, (change) =>
    database.run(async (transaction) => {
      const store = transaction.objectStore('keys');
      const keys = (await store.getAll()) as StoredKey[];
      if (change === undefined) return keys;
      const changed = change(keys);
      unwrap(store).put(changed);
      return [...keys.filter(({ id }) => id !== changed.id), changed];
    }),
  );
  let opening: Promise<void> | undefined;

  async function pageOf(log: string, { records, strays, isEnd }: Records, after: number): Promise<LogPage> {
    const segments: Segment[] = [];
    let corrupt = strays;
    let seq = after;
    const decoded = await Promise.all(
      records.map(async (record) => (codec ? codec.decode(log, record) : messagesIn(record))),
    );
    for (const [place, { first }] of records.entries()) {
      const messages = decoded[place];
      // Two messages with one seq: the first in order is the one that the position on the server may already cover.
      if (isSegment(messages, first) && first > seq) {
        segments.push(messages);
        seq = messages.at(-1)?.seq ?? seq;
      } else corrupt += 1;
    }
    return { segments, corrupt, next: isEnd ? null : Math.max(seq, records.at(-1)?.first ?? seq) };
  }

  return {
    async open(clientId, peer) {
      const info = await database.run(async (transaction) => {
        const store = transaction.objectStore('info');
        const found: unknown = (await store.get(INFO_KEY)) ?? { clientId, peer: null };
        if (!isInfo(found)) throw new Error("the install's record can't be read");
        const stamped: StoreInfo = { clientId: found.clientId, peer: found.peer ?? peer ?? null };
        if (stamped.peer !== (peer ?? stamped.peer)) throw new Error('it is stamped with another peer already');
        unwrap(store).put(stamped, INFO_KEY);
        return stamped;
      });
      database.expect(info.clientId);
      await (opening ??= codec?.open());
      return info;
    },

    async listLogs() {
      const logs = await database.run((transaction) => transaction.objectStore('logs').getAll());
      return logs.filter(isHeader);
    },

    async claimLog(id) {
      const found = await database.run(async (transaction) => {
        const logs = transaction.objectStore('logs');
        const segments = transaction.objectStore('segments');
        const header: unknown = await logs.get(id);
        if (!isHeader(header)) return null;
        const claimed = { id, after: header.after, generation: header.generation + 1 };
        unwrap(logs).put(claimed);
        const records = await readRecords(segments, id, -Infinity);
        const last = await segments.openCursor(IDBKeyRange.bound([id, -Infinity], [id, Infinity]), 'prev');
        return { claimed, records, last: last?.value as StoredRecord | undefined };
      });
      if (found === null) return null;
      const { claimed, records, last } = found;
      const page = await pageOf(id, records, -1);
      const lastSeq = page.next === null ? (page.segments.at(-1)?.at(-1)?.seq ?? 0) : lastSeqOf(last);
      return { ...claimed, lastSeq, ...page };
    },

    async readLog({ id, generation }, after) {
      const records = await database.run(async (transaction) => {
        const header: unknown = await transaction.objectStore('logs').get(id);
        if (!isHeader(header) || header.generation !== generation) {
          await database.check(transaction);
          throw new LogLost();
        }
        return readRecords(transaction.objectStore('segments'), id, after);
      });
      return pageOf(id, records, after);
    },

    async write({ id, after, generation }, removed, added, isStrict) {
      const recordOf = (messages: Segment, fields: object): StoredRecord => ({
        log: id,
        first: messages[0].seq,
        ...fields,
      });
      // Walked once, though the first try fails.
      let given: readonly Segment[] | undefined;
      // Before the transaction, which ends when it is waited for something else in it.
      let records =
        codec &&
        (await Promise.all(
          Array.from(added, async (messages) => recordOf(messages, await codec.encode(id, messages))),
        ));
      return database.run(async (transaction, isRetry) => {
        const logs = transaction.objectStore('logs');
        const segments = transaction.objectStore('segments');
        const header: unknown = await logs.get(id);
        // The first try was committed: the log was deleted, or made.
        if (isRetry && header === undefined && records?.length === 0) return 0;
        const owner = isRetry && header !== undefined ? generation || 1 : generation;
        if (header === undefined) await database.check(transaction);
        const known = isHeader(header) ? header : undefined;
        if ((header === undefined ? 0 : known?.generation) !== owner) throw new LogLost();
        records ??= (given ??= [...added]).map((messages) => recordOf(messages, toColumns(messages)));
        const orders = unwrap(segments);
        for (const first of removed) orders.delete([id, first]);
        for (const record of records) orders[isRetry ? 'put' : 'add'](record);
        // Asks for a key, not for a readable segment: what can't be read is still somebody's message.
        if (records.length === 0 && (await segments.getKey(rangeOf(id, [id]))) === undefined) {
          unwrap(logs).delete(id);
          return 0;
        }
        const next = { id, after, generation: generation || 1 };
        if (known?.after !== after) unwrap(logs).put(next);
        return next.generation;
      }, isStrict);
    },

    close: () => database.close(),
  };
}

interface Records {
  readonly records: readonly StoredRecord[];
  /** Those whose keys have no place in the order. */
  readonly strays: number;
  readonly isEnd: boolean;
}

/** The records of one page. How large they are nobody knows before: each portion is twice as many as the one before. */
async function readRecords(store: SegmentStore, id: string, after: number): Promise<Records> {
  const records: StoredRecord[] = [];
  let messages = 0;
  let length = 0;
  for (let count = 1; messages < PAGE_MESSAGES && length < PAGE_LENGTH; count *= 2) {
    const range = IDBKeyRange.bound([id, records.at(-1)?.first ?? after], [id, Infinity], true);
    const portion = (await store.getAll(range, count)) as StoredRecord[];
    for (const record of portion) {
      records.push(record);
      const size = sizeOf(record);
      messages += Math.max(1, size.messages ?? lastSeqOf(record) - record.first + 1);
      length += size.length;
    }
    if (portion.length < count) {
      const strays = await store.count(IDBKeyRange.bound([id, Infinity], [`${id}\0`], true, true));
      return { records, strays, isEnd: true };
    }
  }
  return { records, strays: 0, isEnd: false };
}

/** As far as a record tells that was not decoded. */
function lastSeqOf(record: StoredRecord | undefined): number {
  const { first, last }: StoredRecord = record ?? { first: 0 };
  const messages = messagesIn(record);
  if (isSegment(messages, first)) return messages.at(-1)?.seq ?? 0;
  return typeof last === 'number' && last > first ? last : Number(first);
}

/** Every key of a log after `start`: the text with a NUL at its end is the direct successor of its id. */
function rangeOf(id: string, start: IDBValidKey[]): IDBKeyRange {
  return IDBKeyRange.bound(start, [`${id}\0`], true, true);
}
