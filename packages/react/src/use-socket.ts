import { createSocket, type MessageData, type Sendable, type Socket } from '@holdfast/core';
import { useContext, useEffect, useInsertionEffect, useRef, useState } from 'react';
import { invalid, useFirstRef } from './first-hook.ts';
import { SocketPool, type PooledSocket } from './pool.ts';
import { SocketContext } from './socket-provider.ts';
import { socketRequest, type SocketUrl, type UseSocketOptions } from './socket-request.ts';

const pool = new SocketPool(createSocket);

/**
 * A socket for this component: the one given, or one shared by all components that ask for the same URL with equal
 * options. The result is stable while they stay equal, and the hook itself never causes a render: what changes is told
 * by `useConnectionState`, `useSocketStats` and `useOnMessage`.
 *
 * With a URL, nothing is opened before the component is committed, and nothing at all on a server. The first component
 * connects, unless `autoConnect` is false; turned true later, it connects then. When the last one has unmounted the
 * socket stays open for `idleMs` (default 1,000), so Strict Mode and a change of route keep the connection; then it is
 * closed, once all that was sent is delivered; one that is suspended or paused is closed with what it has. A socket that the app closed itself stays closed for
 * the components that have it; one that mounts later gets a new one.
 *
 * Options are compared by value, and another value is another socket: `reconnect: { maxAttempts: 5 }` may stand in the
 * call, and so may `memory()`, `plain()` and `holdfast()`. An environment and an outbox without a `scope` are compared
 * by identity: make them outside the component. Functions are never compared: `url`, `auth`, `onConnect` and `onEvent`
 * are those of the last committed render, used at the next call, and of several components those of the one that
 * mounted last. Only whether there is an `auth` counts.
 *
 * With a socket, it comes back as it is; options are not used, and the hook neither connects nor closes it. Without
 * arguments it gives the socket of the nearest `SocketProvider` above; its types are those that the call names.
 *
 * @throws HoldfastError INVALID_OPTION: in the render for a URL function without `key`, a wrong `key` or `idleMs`, an
 * option that is another one at every look, or no provider; in an effect for what `createSocket` refuses. An error boundary
 * gets all of them.
 *
 * @example
 * const socket = useSocket<Message>('wss://example.org/chat');
 * const phase = useConnectionState(socket, (state) => state.phase);
 */
export function useSocket<Incoming = MessageData, Outgoing = Sendable>(
  target: Socket<Incoming, Outgoing> | string | URL,
  options?: UseSocketOptions<Outgoing>,
): Socket<Incoming, Outgoing>;
export function useSocket<Incoming = MessageData, Outgoing = Sendable>(
  url: SocketUrl,
  options: UseSocketOptions<Outgoing> & { readonly key: string },
): Socket<Incoming, Outgoing>;
export function useSocket<Incoming = MessageData, Outgoing = Sendable>(): Socket<Incoming, Outgoing>;
export function useSocket(...args: [target?: Socket | SocketUrl, options?: UseSocketOptions]): Socket {
  useFirstRef(null);
  const provided = useContext(SocketContext);
  // Not by `undefined`: a URL that is missing by mistake must not become another socket.
  const target = args.length === 0 ? (provided ?? noProvider()) : (args[0] as Socket | SocketUrl);
  const options = args[1] ?? {};
  const given = isSocket(target) ? target : null;
  const request = isSocket(target) ? null : socketRequest(target, options);

  // The request of the last commit; also the name of this component at the pool.
  const latest = useRef(request);

  const [held, setHeld] = useState(() => (request === null ? null : pool.acquire(request)));
  let pooled: PooledSocket | null = held;
  if (held?.key !== request?.key) {
    // Setting the state makes React run this render once more. A key that is another one by then never stands still.
    if (held !== null && request !== null && held.key !== latest.current?.key) {
      throw invalid(
        'useSocket: an option is a new one in every render: make the outbox or environment outside the component',
      );
    }
    pooled = request === null ? null : pool.acquire(request);
    setHeld(pooled);
  }

  // Before any other effect, so that no call meets the functions of an older render.
  useInsertionEffect(() => {
    latest.current = request;
    if (request !== null) pooled?.update(latest, request);
  });

  useEffect(() => {
    if (pooled === null || latest.current === null) return undefined;
    if (pooled.retain(latest, latest.current)) {
      return () => {
        pooled.release(latest);
      };
    }
    setHeld(pool.acquire(latest.current));
    return undefined;
  }, [pooled]);

  const autoConnect = options.autoConnect ?? true;
  useEffect(() => {
    if (autoConnect) pooled?.start();
  }, [pooled, autoConnect]);

  return (given ?? pooled?.socket) as Socket;
}

function noProvider(): never {
  throw invalid(
    'useSocket: there is no <SocketProvider> above this component: put one there, or give a URL or a socket. If there is one, two copies of @holdfast/react are loaded: `npm ls @holdfast/react` shows them',
  );
}

function isSocket(target: Socket | SocketUrl): target is Socket {
  return typeof target === 'object' && (target as unknown) !== null && 'getState' in target;
}
