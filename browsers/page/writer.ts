import { createSocket, holdfast, type Socket } from '@holdfast/core';
import { indexedDB } from '@holdfast/core/indexeddb';

/** A message of a tab that is killed while it writes. */
export interface Written {
  readonly tab: string;
  /** Counts the pages of the tab, one for each start of the browser. */
  readonly life: number;
  /** Counts the messages of the page. */
  readonly number: number;
  readonly text: string;
}

export interface Report {
  readonly tab: string;
  readonly life: number;
  /** How many messages were sent. */
  readonly sent: number;
  /** Numbers of those whose `stored` has resolved since the last report. */
  readonly stored: readonly number[];
}

declare global {
  /** Put in by the browser's driver. */
  var report: (made: Report) => Promise<void>;
  var writer: typeof writing;
}

const TICK_MS = 10;
const TEXT = 'x'.repeat(60);

let socket: Socket<never, Written>;
let timer: ReturnType<typeof setInterval>;
const errors: string[] = [];

const writing = {
  /** Writes about so many messages a second, until `stop`. */
  start(tab: string, life: number, perSecond: number): void {
    socket = createSocket<never, Written>({
      url: '/socket',
      protocol: holdfast(),
      outbox: indexedDB({ name: 'kills', identity: 'ada' }),
    });
    socket.on('error', (error) => errors.push(`${error.code} ${error.message} ${JSON.stringify(error.details)}`));
    let sent = 0;
    let stored: number[] = [];
    let isReporting = false;
    // One report at a time: what comes meanwhile goes with the next.
    const tell = async (): Promise<void> => {
      if (isReporting) return;
      isReporting = true;
      while (stored.length > 0) {
        const numbers = stored;
        stored = [];
        await report({ tab, life, sent, stored: numbers });
      }
      isReporting = false;
    };
    const began = performance.now();
    // By the time that went by: the timers of a hidden tab are slow.
    timer = setInterval(() => {
      const due = ((performance.now() - began) * perSecond) / 1_000;
      while (sent < due) {
        sent += 1;
        const number = sent;
        const receipt = socket.send({ tab, life, number, text: TEXT });
        // The others are written when the outbox thinks fit, and may be lost.
        if (number % 3 === 0) continue;
        receipt.stored.then(
          () => {
            stored.push(number);
            void tell();
          },
          // The page's own end is nothing to report.
          () => {},
        );
      }
    }, TICK_MS);
  },

  /** Writes no more; what waits is still sent. */
  stop: (): void => clearInterval(timer),
  /** Messages that the server has not acknowledged, those of gone pages that this one has found included. */
  /** What storage has and who holds which lock, for the report of a loss. */
  async storage(): Promise<unknown> {
    const { held = [] } = await navigator.locks.query();
    const found: unknown[] = [];
    for (const { name = '' } of await globalThis.indexedDB.databases()) {
      const database = await new Promise<IDBDatabase>((resolve, reject) => {
        const request = globalThis.indexedDB.open(name);
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(new Error(String(request.error)));
      });
      for (const store of ['info', 'logs', 'segments']) {
        const keys = await new Promise<unknown>((resolve) => {
          const all = database.transaction(store).objectStore(store);
          const request = store === 'segments' ? all.getAllKeys() : all.getAll();
          request.onsuccess = () => resolve(request.result);
        });
        found.push([name, store, keys]);
      }
      database.close();
    }
    return { found, locks: held.map(({ name, clientId }) => [name, clientId]), state: socket.getState(), errors };
  },
  left: (): number => socket.getStats().queued + socket.getStats().inFlight,
};

globalThis.writer = writing;
