import type { ConnectionState, Socket, SocketStats } from '@holdfast/core';
import { shallow } from 'zustand/vanilla/shallow';
import { watchedStore, type Store } from './watched-store.ts';

/** The part of a socket that can be watched. Every `Socket` has it, whatever its messages are. */
export type WatchableSocket = Pick<Socket, 'getState' | 'getStats' | 'subscribe'>;

/** What the hooks select from. */
export interface SocketSnapshot {
  readonly connection: ConnectionState;
  readonly stats: SocketStats;
}

/** A socket that has not started. The same on every server and in every page, so that hydration finds what it expects. */
export const NOT_STARTED: SocketSnapshot = {
  connection: { phase: 'idle', since: 0, attempt: 0, breaker: 'closed', retryAt: null, reason: 'user', error: null },
  stats: { rttMs: null, queued: 0, inFlight: 0 },
};

const stores = new WeakMap<WatchableSocket, Store<SocketSnapshot>>();

/** The one store of a socket, made when it is first asked for. It keeps neither the socket nor itself alive. */
export function socketStore(socket: WatchableSocket): Store<SocketSnapshot> {
  let store = stores.get(socket);
  if (store === undefined) {
    store = watchedStore(
      NOT_STARTED,
      (before) => {
        const connection = socket.getState();
        const numbers = socket.getStats();
        const stats = shallow(before.stats, numbers) ? before.stats : numbers;
        return connection === before.connection && stats === before.stats ? before : { connection, stats };
      },
      socket.subscribe,
    );
    stores.set(socket, store);
  }
  return store;
}
