import { createSocket, holdfast } from '@holdfast/core';
import { encryptAtRest, indexedDB as stored } from '@holdfast/core/indexeddb';

// What the benches of storage run in a page.

/** A message whose JSON has 200 bytes. @param {number} number */
const message = (number) => String(number).padStart(198, 'message of an app, ');

/** @param {string} name @returns {Promise<IDBDatabase>} */
function openPlain(name) {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(name);
    request.onupgradeneeded = () => request.result.createObjectStore('messages', { keyPath: 'seq' });
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(new Error(String(request.error)));
  });
}

/** @param {IDBDatabase} database @param {readonly number[]} numbers @param {IDBTransactionDurability} durability @returns {Promise<void>} */
function put(database, numbers, durability) {
  return new Promise((resolve, reject) => {
    const transaction = database.transaction('messages', 'readwrite', { durability });
    const store = transaction.objectStore('messages');
    for (const seq of numbers) store.put({ seq, payload: JSON.stringify(message(seq)) });
    transaction.oncomplete = () => resolve();
    transaction.onabort = () => reject(new Error(String(transaction.error)));
  });
}

const channel = new MessageChannel();
const nextTurn = () =>
  new Promise((resolve) => {
    channel.port1.onmessage = resolve;
    channel.port2.postMessage(null);
  });

const outboxOf = (/** @type {any} */ options) =>
  stored({ name: 'bench', identity: 'ada', maxMessages: 1_000_000, maxBytes: 268_435_456, ...options });

globalThis.bench = {
  /**
   * Stores messages through a socket that is offline; the last one is stored when all are. Milliseconds.
   *
   * @param {number} count @param {number} perTurn @param {'relaxed' | 'strict'} durability @param {boolean} isEncrypted
   */
  async outbox(count, perTurn, durability, isEncrypted) {
    const outbox = outboxOf({
      name: `store-${crypto.randomUUID()}`,
      durability,
      ...(isEncrypted && { encryption: encryptAtRest() }),
    });
    const socket = createSocket({ url: 'ws://127.0.0.1:1', autoConnect: false, protocol: holdfast(), outbox });
    // Its database is made.
    await socket.send('first').stored;
    const startAt = performance.now();
    let last;
    for (let number = 0; number < count;) {
      for (const end = Math.min(count, number + perTurn); number < end; number += 1)
        last = socket.send(message(number));
      await nextTurn();
    }
    await last?.stored;
    const ms = performance.now() - startAt;
    await socket.close();
    await outbox.clear();
    return ms;
  },

  /** One transaction for each message, awaited. @param {number} count @param {IDBTransactionDurability} durability */
  async puts(count, durability) {
    const name = `puts-${crypto.randomUUID()}`;
    const database = await openPlain(name);
    const startAt = performance.now();
    for (let number = 0; number < count; number += 1) await put(database, [number], durability);
    const ms = performance.now() - startAt;
    database.close();
    indexedDB.deleteDatabase(name);
    return ms;
  },

  /** One transaction with a record for each message. @param {number} count @param {IDBTransactionDurability} durability */
  async transaction(count, durability) {
    const name = `transaction-${crypto.randomUUID()}`;
    const database = await openPlain(name);
    const startAt = performance.now();
    await put(
      database,
      Array.from({ length: count }, (_, number) => number),
      durability,
    );
    const ms = performance.now() - startAt;
    database.close();
    indexedDB.deleteDatabase(name);
    return ms;
  },

  /** Leaves a backlog in storage. @param {number} count @param {boolean} isEncrypted */
  async leave(count, isEncrypted) {
    const outbox = outboxOf(isEncrypted && { encryption: encryptAtRest() });
    const socket = createSocket({ url: 'ws://127.0.0.1:1', autoConnect: false, protocol: holdfast(), outbox });
    for (let number = 1; number <= count; number += 1) {
      const { stored: done } = socket.send(message(number));
      // As an app does over time: a segment for every 100.
      if (number % 100 === 0) await done;
    }
    await socket.close();
  },

  /**
   * Opens a socket on that backlog and waits until the server has it all.
   *
   * @param {string} host @param {boolean} isEncrypted
   */
  async drain(host, isEncrypted) {
    /** @type {number[]} */
    const tasks = [];
    const observer = new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) tasks.push(duration);
    });
    // What `performance.memory` gives does not change any more.
    const heap = () => /** @type {any} */ (performance).memory.usedJSHeapSize;
    const before = heap();
    let peak = before;
    const look = () => {
      peak = Math.max(peak, heap());
    };
    observer.observe({ type: 'longtask' });
    const startAt = performance.now();
    let openAt = 0;
    let firstAt = 0;
    class Watched extends WebSocket {
      /** @param {string | URL} url @param {string | string[]} [protocols] */
      constructor(url, protocols) {
        super(url, protocols);
        this.addEventListener('open', () => (openAt = performance.now()));
      }
      /** @param {any} data */
      send(data) {
        if (firstAt === 0 && String(data).startsWith('["m"')) firstAt = performance.now();
        look();
        super.send(data);
      }
    }
    globalThis.WebSocket = Watched;
    const outbox = outboxOf(isEncrypted && { encryption: encryptAtRest() });
    const socket = createSocket({ url: `ws://${host}/holdfast`, protocol: holdfast(), outbox });
    const timer = setInterval(look, 5);
    // It goes after all that the page before has left, and its answer tells how many that were.
    socket.send('end');
    const answer = await new Promise((resolve) => socket.on('message', resolve));
    const endAt = performance.now();
    clearInterval(timer);
    look();
    for (const { duration } of observer.takeRecords()) tasks.push(duration);
    await socket.close();
    return {
      answer,
      firstMs: firstAt - startAt,
      firstAfterOpenMs: firstAt - openAt,
      drainMs: endAt - startAt,
      heapMb: (peak - before) / 1_048_576,
      longestTaskMs: Math.max(0, ...tasks),
    };
  },
};
