import type { ConnectionState, Socket, SocketStats } from '@holdfast/core';
import { createStore } from 'zustand/vanilla';
import { shallow } from 'zustand/vanilla/shallow';

/** The part of a socket that can be watched. Every `Socket` has it, whatever its messages are. */
export type WatchableSocket = Pick<Socket, 'getState' | 'getStats' | 'subscribe'>;

/** What the hooks select from. */
export interface SocketSnapshot {
  readonly connection: ConnectionState;
  readonly stats: SocketStats;
}

/** The readable part of a zustand store. */
export interface SocketStore {
  readonly getState: () => SocketSnapshot;
  /** What is rendered on a server, and first when a page hydrates. */
  readonly getInitialState: () => SocketSnapshot;
  readonly subscribe: (listener: () => void) => () => void;
}

/** A socket that has not started. The same on every server and in every page, so that hydration finds what it expects. */
export const NOT_STARTED: SocketSnapshot = {
  connection: { phase: 'idle', since: 0, attempt: 0, breaker: 'closed', retryAt: null, reason: 'user', error: null },
  stats: { rttMs: null, queued: 0, inFlight: 0 },
};

const stores = new WeakMap<WatchableSocket, SocketStore>();

/** The one store of a socket, made when it is first asked for. It keeps neither the socket nor itself alive. */
export function socketStore(socket: WatchableSocket): SocketStore {
  const known = stores.get(socket);
  if (known !== undefined) return known;
  const store = createSocketStore(socket);
  stores.set(socket, store);
  return store;
}

function createSocketStore(socket: WatchableSocket): SocketStore {
  const store = createStore<SocketSnapshot>(() => ({ connection: socket.getState(), stats: socket.getStats() }));
  let subscribers = 0;
  let stop: (() => void) | null = null;

  const refresh = (): void => {
    const before = store.getState();
    const connection = socket.getState();
    const numbers = socket.getStats();
    const stats = shallow(before.stats, numbers) ? before.stats : numbers;
    if (connection !== before.connection || stats !== before.stats) store.setState({ connection, stats }, true);
  };

  return {
    getState: () => {
      // While nobody subscribes, nobody tells: between a render and its subscription the socket may have moved on.
      // While somebody does, what was told last is the truth for all, or two components of one render would differ.
      if (stop === null) refresh();
      return store.getState();
    },
    getInitialState: () => NOT_STARTED,
    subscribe: (listener) => {
      subscribers += 1;
      if (stop === null) {
        stop = socket.subscribe(refresh);
        refresh();
      }
      // zustand keeps a set: without a function of its own, a listener given twice would be removed once for both.
      const unsubscribe = store.subscribe(() => {
        listener();
      });
      let isActive = true;
      return () => {
        if (!isActive) return;
        isActive = false;
        unsubscribe();
        subscribers -= 1;
        if (subscribers > 0) return;
        stop?.();
        stop = null;
      };
    },
  };
}
