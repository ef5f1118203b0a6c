import type { Socket } from '@holdfast/core';
import { NOT_STARTED } from './socket-store.ts';

export interface LazySocket {
  readonly socket: Socket;
  /** The socket behind it; null before the first call that needed one. */
  readonly made: () => Socket | null;
}

/**
 * A socket that is made by the first call that does something. Reading its state makes nothing, so a render may have
 * one that is thrown away, on a server too, and nothing was opened, watched or stored.
 */
export function lazySocket(
  make: () => Socket,
  whenOpen: (get: () => Socket) => Promise<void> = (get) => get().whenOpen(),
): LazySocket {
  let real: Socket | null = null;
  const get = (): Socket => {
    real ??= make();
    return real;
  };
  const close: Socket['close'] = (options) => get().close(options);
  const socket = {
    send: (data, options) => get().send(data, options),
    whenWritable: (options) => get().whenWritable(options),
    outbox: {
      list: (limit) => real?.outbox.list(limit) ?? [],
      cancel: (id) => real?.outbox.cancel(id) ?? false,
      clear: () => get().outbox.clear(),
    },
    getState: () => (real === null ? NOT_STARTED.connection : real.getState()),
    getStats: () => (real === null ? NOT_STARTED.stats : real.getStats()),
    subscribe: (listener) => get().subscribe(listener),
    on: (type, listener) => get().on(type, listener),
    messages: (options) => get().messages(options),
    connect: () => {
      get().connect();
    },
    pause: () => {
      get().pause();
    },
    reconnect: () => {
      get().reconnect();
    },
    migrate: () => get().migrate(),
    whenOpen: () => whenOpen(get),
    close,
  } satisfies Omit<Socket, typeof Symbol.asyncDispose>;
  // WebKitGTK 2.50 has no Symbol.asyncDispose.
  const dispose = Symbol.asyncDispose === undefined ? {} : { [Symbol.asyncDispose]: () => close() };
  return { made: () => real, socket: { ...socket, ...dispose } as Socket };
}
