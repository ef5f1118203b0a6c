import type { Socket, SocketStats } from '@holdfast/core';
import { NO_STATS } from './not-started.ts';
import { keepSame } from './same.ts';
import type { Watchable } from './use-selection.ts';
import { watchedStore } from './watched-store.ts';

/** The part of a socket that can be watched. Every `Socket` has it, whatever its messages are. */
export type WatchableSocket = Pick<Socket, 'getState' | 'getStats' | 'subscribe'>;

const stores = new WeakMap<WatchableSocket, Watchable<SocketStats>>();

/**
 * The numbers of a socket: one store for all its components, made when it is first asked for. It keeps neither the socket nor
 * itself alive. The state of a connection needs none: it changes when it is told, and is the same object until then.
 */
export function statsStore(socket: WatchableSocket): Watchable<SocketStats> {
  let store = stores.get(socket);
  if (store === undefined) {
    store = watchedStore(NO_STATS, (before) => keepSame(before, socket.getStats()), socket.subscribe);
    stores.set(socket, store);
  }
  return store;
}
