import type { MessageData, Sendable, Socket } from '@holdfast/core';
import { createElement, type ReactNode } from 'react';
import { SocketContext } from './socket-context.ts';

/** What a `SocketProvider` takes. */
export interface SocketProviderProps<Incoming = MessageData, Outgoing = Sendable> {
  /** The socket for all components below. */
  readonly socket: Socket<Incoming, Outgoing>;
  /** Who gets it. */
  readonly children?: ReactNode;
}

/**
 * Gives the components below it a socket, which they get by `useSocket()`. It neither connects nor closes it: that does
 * whoever made the socket, `useSocket(url)` above it or `createSocket` outside of the tree.
 *
 * @example
 * function App() {
 *   const socket = useSocket('/socket', { protocol: holdfast() });
 *   return <SocketProvider socket={socket}><Chat /></SocketProvider>;
 * }
 */
export function SocketProvider<Incoming, Outgoing>({
  socket,
  children,
}: SocketProviderProps<Incoming, Outgoing>): ReactNode {
  // React 18 knows no context as an element.
  return createElement(SocketContext.Provider, { value: socket as unknown as Socket }, children);
}
