import type { HoldfastError, MessageData, OutboxItem, SendOptions, Socket } from '@holdfast/core';
import { keepSame } from './same.ts';
import type { Watchable } from './use-selection.ts';
import { watchedStore } from './watched-store.ts';

/** A message that has failed, kept with what it carried until it is sent again or dismissed. */
export interface FailedItem {
  readonly id: string;
  readonly status: 'failed';
  readonly error: HoldfastError;
  /** What was sent; `undefined` for a Blob that could not be read. */
  readonly data: MessageData | undefined;
  /** What it was sent with. Of a message that a page before this one left behind only `ttlMs` is known. */
  readonly options: Omit<SendOptions, 'signal'>;
}

/** A message that has failed, waits or is in flight. */
export type OutboxEntry = FailedItem | OutboxItem;

/** How many failed messages are kept: the newest. */
const MAX_FAILED = 100;

type OutboxSocket = Pick<Socket, 'on' | 'outbox' | 'subscribe'>;

export interface OutboxStore {
  readonly store: Watchable<readonly OutboxEntry[]>;
  /** Keeps what fails from now on, until the socket closes. */
  readonly listen: () => void;
  /** A failed message that is still kept. */
  readonly failed: (id: string) => FailedItem | undefined;
  /** Forgets one failed message, or all. False: there was none. */
  readonly forget: (id?: string) => boolean;
}

export const NOTHING: readonly OutboxEntry[] = [];

const stores = new WeakMap<OutboxSocket, OutboxStore>();

/** The one store of a socket's outbox. It keeps neither the socket nor itself alive. */
export function outboxStore(socket: OutboxSocket): OutboxStore {
  let store = stores.get(socket);
  if (store === undefined) {
    store = createOutboxStore(socket);
    stores.set(socket, store);
  }
  return store;
}

function createOutboxStore(socket: OutboxSocket): OutboxStore {
  let failed: readonly FailedItem[] = [];
  let isListening = false;
  let refresh = (): void => {};

  const listen = (): void => {
    if (isListening) return;
    isListening = true;
    // Closing ends it. It goes on while the list is not shown: what fails then must not be missing from it.
    socket.on('drop', (drop) => {
      // What the app itself took back is no failure; that the page was frozen is none of its doing.
      if (drop.error.code === 'ABORTED' && drop.error.details['reason'] !== 'frozen') return;
      const { id, error, data } = drop;
      // A signal that was aborted meanwhile would take it back as it is sent again.
      const { signal: _, ...options } = drop.options;
      failed = [...failed, { id, status: 'failed' as const, error, data, options }].slice(-MAX_FAILED);
      refresh();
    });
  };

  return {
    store: watchedStore(
      NOTHING,
      (before) => {
        const known = new Map(before.map((entry) => [entry.id, entry]));
        const entries = [...failed, ...socket.outbox.list()].map((entry) => keepSame(known.get(entry.id), entry));
        return keepSame(before, entries);
      },
      (tell) => {
        refresh = tell;
        const stop = socket.subscribe(tell);
        return () => {
          refresh = () => {};
          stop();
        };
      },
    ),
    listen,
    failed: (id) => failed.find((entry) => entry.id === id),
    forget(id) {
      const left = id === undefined ? [] : failed.filter((entry) => entry.id !== id);
      if (left.length === failed.length) return false;
      failed = left;
      refresh();
      return true;
    },
  };
}
