/** React hooks over the sockets of `@holdfast/core`. Importing does nothing; on a server nothing connects. */
export { useSocket } from './use-socket.ts';
export { useConnectionState } from './use-connection-state.ts';
export { useSocketStats } from './use-socket-stats.ts';
export { useOnMessage } from './use-on-message.ts';
export type { SocketUrl, UseSocketOptions } from './socket-request.ts';
export type { WatchableSocket } from './socket-store.ts';
