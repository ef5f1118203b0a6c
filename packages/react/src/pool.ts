import { createSocket, type Socket } from '@holdfast/core';
import type { GivenSocket, SocketRequest } from './socket-request.ts';

/** A socket that components use. */
export interface PooledSocket {
  readonly socket: Socket;
  /**
   * Keeps the socket until the function that it returns is called, and connects it if it was never told to. Undefined: the
   * pool has let go of this one in the meantime (a render that was committed late, effects that came back after a long time),
   * and the caller must acquire again. While it is held, the component keeps `holder` what its last committed render asked for.
   */
  readonly retain: (holder: SocketRequest) => (() => void) | undefined;
}

const pool = new Map<string, PooledSocket>();

/** Whether effects run here, though there is no window. */
let hasEffects = false;

/**
 * The socket that serves a request, of those that hooks share, outside the tree. A render takes one out, which connects
 * nothing; an effect retains and connects it. What nobody retains and has nothing left to deliver is let go after its idle time,
 * be it that the last component has unmounted or that the render was never committed. One that was closed for good serves nobody
 * new. On a server all are closed: nothing is shared, timed or opened. One that the app gives is left alone.
 * @throws HoldfastError INVALID_OPTION for what `createSocket` refuses
 */
export function acquire(request: SocketRequest | GivenSocket): PooledSocket {
  if (!('options' in request)) return { socket: request.key, retain: () => () => {} };
  const { key, options } = request;
  const known = pool.get(key);
  if (known && !isIn(known.socket, 'closing', 'closed')) return known;

  const isServer = !hasEffects && typeof window === 'undefined';
  /** The one that mounted last is the first. */
  let holders: readonly SocketRequest[] = [];
  /** Speaks while nobody holds the socket: the one that left last, and before the first the render that asked for it. */
  let last = request;
  let timer: ReturnType<typeof setTimeout> | undefined;

  /**
   * Calls a function of the latest render: it may change without a new socket. Of several components the one that mounted last
   * speaks: components that share a socket mostly share the hook that gives the functions too, and each call must happen once.
   */
  const latest =
    (name: 'url' | 'auth' | 'onConnect' | 'onEvent') =>
    (argument?: unknown): never => {
      const speaker = (holders.length ? holders : [last]).find((holder) => holder.options[name])?.options;
      return (speaker as { readonly [each in typeof name]: (given: unknown) => never } | undefined)?.[name](
        argument,
      ) as never;
    };

  const socket = createSocket({
    ...options,
    ...(typeof options.url === 'function' && { url: latest('url') }),
    ...(options.auth && { auth: latest('auth') }),
    onConnect: latest('onConnect'),
    autoConnect: false,
    ...(isServer ? { signal: AbortSignal.abort(), onEvent() {} } : { onEvent: latest('onEvent') }),
  });

  const connect = ({ autoConnect }: SocketRequest): void => {
    if (autoConnect && isIn(socket, 'idle')) socket.connect();
  };

  const releaseWhenIdle = (): void => {
    timer = setTimeout(
      () => {
        const { queued, inFlight } = socket.getStats();
        const isBusy = queued + inFlight > 0;
        // A component may send and unmount: nothing that it sent is thrown away while there is hope. Nor is what a suspended one
        // waits for. Idle, paused by the app or given up, nothing would change by waiting.
        if ((last === request || isBusy) && isIn(socket, 'connecting', 'waiting', isBusy && 'open')) {
          releaseWhenIdle();
          return;
        }
        if (pool.get(key) === entry) pool.delete(key);
        // What is still on its way gets this long.
        void socket.close({ flushMs: 5_000 });
      },
      // A timer that is set further ahead than it can wait fires at once.
      Math.min(last.idleMs, 2 ** 31 - 1),
    );
  };

  const entry: PooledSocket = {
    socket: {
      ...socket,
      whenOpen() {
        // A component that suspends until then is not committed before: no effect of it can connect.
        connect(last);
        return socket.whenOpen();
      },
    },
    retain(holder) {
      hasEffects = true;
      if (pool.get(key) !== entry) return undefined;
      clearTimeout(timer);
      holders = [holder, ...holders];
      connect(holder);
      return () => {
        last = holder;
        holders = holders.filter((each) => each !== holder);
        if (!holders.length) releaseWhenIdle();
      };
    },
  };
  if (!isServer) {
    pool.set(key, entry);
    releaseWhenIdle();
  }
  return entry;
}

function isIn(socket: Socket, ...phases: unknown[]): boolean {
  return phases.includes(socket.getState().phase);
}
