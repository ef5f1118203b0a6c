import { describe } from '../lib/describe.ts';
import { HoldfastError } from '../lib/errors.ts';
import { INFO_KEY, outboxDatabase } from './indexeddb-database.ts';
import { LogLost, type OutboxStorage, type OutboxStore, type Segment, type StoreInfo } from './ports.ts';
import { isHeader, isInfo, isSegment } from './stored-records.ts';

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
  check(typeof options === 'object' && options !== null, 'options', options, 'an object with name and identity');
  const { name, identity, maxMessages = 10_000, durability = 'relaxed' } = options;
  // Encoded, so that ':' stands only between the parts: ('a:b', 'c') and ('a', 'b:c') stay apart.
  const parts = Object.entries({ name, identity }).map(([option, value]) => {
    // Half a surrogate pair has no UTF-8.
    check(/^\P{Cs}+$/u.test(value) && typeof value === 'string', option, value, 'a string, not empty and well-formed');
    return encodeURIComponent(value);
  });
  check(Number.isSafeInteger(maxMessages) && maxMessages > 0, 'maxMessages', maxMessages, 'an integer from 1');
  check(['relaxed', 'strict'].includes(durability), 'durability', durability, "'relaxed' or 'strict'");
  const scope = `holdfast:${parts.join(':')}`;
  return { maxMessages, scope, createStore: () => indexedDbStore(scope, durability) };
}

function check(isRight: boolean, option: string, given: unknown, shape: string): void {
  if (isRight) return;
  const message = `indexedDB(): ${option} is ${describe(given)}; give ${shape}`;
  throw new HoldfastError({ code: 'INVALID_OPTION', message, details: { option } }, Date.now());
}

/** Records read at once, so that a huge log does not arrive in one long task. */
const PAGE = 100;

function indexedDbStore(scope: string, durability: IDBTransactionDurability): OutboxStore {
  const database = outboxDatabase(scope, durability);
  return {
    async open(clientId, peer) {
      const info = await database.run(async (transaction, order) => {
        const store = transaction.objectStore('info');
        const found: unknown = (await store.get(INFO_KEY)) ?? { clientId, peer: null };
        if (!isInfo(found)) throw new Error("the install's record can't be read");
        const stamped: StoreInfo = { clientId: found.clientId, peer: found.peer ?? peer ?? null };
        if (stamped.peer !== (peer ?? stamped.peer)) throw new Error('it is stamped with another peer already');
        order(store.put(stamped, INFO_KEY));
        return stamped;
      });
      database.expect(info.clientId);
      return info;
    },

    async listLogs() {
      const logs = await database.run((transaction) => transaction.objectStore('logs').getAll());
      return logs.filter(isHeader);
    },

    claimLog: (id) =>
      database.run(async (transaction, order) => {
        const logs = transaction.objectStore('logs');
        const segments = transaction.objectStore('segments');
        const header: unknown = await logs.get(id);
        if (!isHeader(header)) return null;
        const claimed = { id, after: header.after, generation: header.generation + 1 };
        order(logs.put(claimed));
        const found: Segment[] = [];
        let corrupt = 0;
        let page: { readonly first: IDBValidKey; readonly messages: unknown }[];
        let start: IDBValidKey[] = [id];
        do {
          page = (await segments.getAll(rangeOf(id, start), PAGE)) as typeof page;
          for (const { first, messages } of page) {
            start = [id, first];
            // Two messages with one seq: the first in order is the one that the position on the server may already cover.
            if (isSegment(messages, first) && messages[0].seq > (found.at(-1)?.at(-1)?.seq ?? -1)) {
              found.push(messages);
            } else corrupt += 1;
          }
        } while (page.length === PAGE);
        return { ...claimed, segments: found, corrupt };
      }),

    write: ({ id, after, generation }, removed, added, isStrict) =>
      database.run(async (transaction, order, isRetry) => {
        const logs = transaction.objectStore('logs');
        const segments = transaction.objectStore('segments');
        const header: unknown = await logs.get(id);
        // The first try was committed: the log was deleted, or made.
        if (isRetry && header === undefined && added.length === 0) return 0;
        const owner = isRetry && header !== undefined ? generation || 1 : generation;
        const found = header === undefined ? 0 : isHeader(header) && header.generation;
        if (found !== owner) throw new LogLost();
        for (const first of removed) order(segments.delete([id, first]));
        for (const messages of added) {
          order(segments[isRetry ? 'put' : 'add']({ log: id, first: messages[0].seq, messages }));
        }
        if (generation === 0) order(logs.put({ id, after, generation: 1 }));
        // Asks for a key, not for a readable segment: what can't be read is still somebody's message.
        if (added.length > 0 || (await segments.getKey(rangeOf(id, [id]))) !== undefined) return generation || 1;
        order(logs.delete(id));
        return 0;
      }, isStrict),

    close: () => database.close(),
  };
}

/** Every key of a log after `start`: the text with a NUL at its end is the direct successor of its id. */
function rangeOf(id: string, start: IDBValidKey[]): IDBKeyRange {
  return IDBKeyRange.bound(start, [`${id}\0`], true, true);
}
