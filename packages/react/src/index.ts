'use client';
/** React hooks over the sockets of `@holdfast/core`. Importing does nothing; on a server nothing connects. */
export { useSocket } from './use-socket.ts';
export { SocketProvider } from './socket-provider.ts';
export { useConnectionState } from './use-connection-state.ts';
export { useSocketStats } from './use-socket-stats.ts';
export { useOnMessage } from './use-on-message.ts';
export { useMessages } from './use-messages.ts';
export { useLatestMessage } from './use-latest-message.ts';
export { useOutbox } from './use-outbox.ts';
export { useReceipt } from './use-receipt.ts';
export type { FailedItem, OutboxEntry } from './outbox-store.ts';
export type { OutboxView } from './use-outbox.ts';
export type { SocketProviderProps } from './socket-provider.ts';
export type { SocketUrl, UseSocketOptions } from './socket-request.ts';
export type { WatchableSocket } from './socket-store.ts';
export type { Delivery, DeliveryStatus } from './use-receipt.ts';
export type { UseMessagesOptions } from './use-messages.ts';
