import type { MessageData, Sendable, Socket } from '@holdfast/core';
import { useContext, useEffect, useInsertionEffect, useState } from 'react';
import { invalid, useFirstRef } from './first-hook.ts';
import { acquire, type PooledSocket } from './pool.ts';
import { SocketContext } from './socket-context.ts';
import {
  socketRequest,
  type GivenSocket,
  type SocketRequest,
  type SocketUrl,
  type UseSocketOptions,
} from './socket-request.ts';

/**
 * A socket for this component: the one given, or one shared by all components that ask for the same URL with equal
 * options. The result is stable while they stay equal, and the hook itself never causes a render: what changes is told
 * by `useConnectionState`, `useSocketStats` and `useOnMessage`.
 *
 * With a URL, nothing is opened before the component is committed, and nothing at all on a server. The first component
 * connects, unless `autoConnect` is false; turned true later, it connects then. When the last one has unmounted the
 * socket stays open for `idleMs` (default 1,000), so Strict Mode and a change of route keep the connection; then it is
 * closed, once all that was sent is delivered; one that is suspended or paused is closed with what it has. A socket that the
 * app closed itself stays closed for the components that have it; one that mounts later gets a new one.
 *
 * Options are compared by value, and another value is another socket: `reconnect: { maxAttempts: 5 }` may stand in the
 * call, and so may `memory()`, `plain()`, `holdfast()` and `indexedDB(…)`. An environment is compared by identity: make it
 * outside of the component. Functions are never compared: `url`, `auth`, `onConnect` and `onEvent` are those of the last
 * committed render, used at the next call, and of several components those of the one that mounted last. Only whether there is
 * an `auth` counts. What differs in nothing else needs a `key` to be told apart.
 *
 * `use(socket.whenOpen())` of React 19 suspends until the connection is open, in the component that calls this hook, too: there
 * the wait itself connects. On a server it rejects, so that React leaves that part to the browser.
 *
 * With a socket, it comes back as it is; options are not used, and the hook neither connects nor closes it. Without
 * arguments it gives the socket of the nearest `SocketProvider` above; its types are those that the call names.
 *
 * @throws HoldfastError INVALID_OPTION in the render, for an error boundary: a URL function without `key`, no provider, or what
 * `createSocket` refuses.
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
  const target = args.length ? args[0] : provided;
  if (!target) throw invalid('useSocket needs a URL, a socket or a SocketProvider above');
  const request: SocketRequest | GivenSocket = (target as Partial<Socket>).getState
    ? { key: target as Socket }
    : socketRequest(target as SocketUrl, args[1]);

  const [kept, setHeld] = useState(() => hold(request));
  let held = kept;
  // Setting the state makes React run this render once more.
  if (kept.key !== request.key) setHeld((held = hold(request)));

  // Before any other effect, so that no call meets the functions of an older render.
  useInsertionEffect(() => {
    Object.assign(held, request);
  });

  useEffect(() => {
    const release = held.retain(held as SocketRequest);
    if (!release) setHeld(hold(held));
    return release;
  }, [held, request.autoConnect]);

  return held.socket;
}

/** What a component keeps: its last committed request, and the socket for it. */
function hold(request: SocketRequest | GivenSocket): (SocketRequest | GivenSocket) & PooledSocket {
  return { ...request, ...acquire(request) };
}
