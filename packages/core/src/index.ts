/** `@holdfast/core`: a conversation with a server that survives the network. Importing it touches no global. */
export type { Environment, EnvironmentFact, Locks, TabStorage, WebSocketLike } from './environment/ports.ts';
export { browserEnvironment } from './environment/browser.ts';
export { ERROR_CODES, HoldfastError } from './lib/errors.ts';
export type { ErrorCode, Json } from './lib/errors.ts';
export { acknowledgement, pongBarrier } from './machines/confirmation.ts';
export type { AcknowledgementOptions, Confirm, MessageId } from './machines/confirmation.ts';
export type { Protocol } from './machines/conversation.ts';
export type { LostReason, MessageData } from './protocol/frames.ts';
export type { BackoffOptions, Jitter } from './machines/backoff.ts';
export type { RetryContext } from './machines/connection-state.ts';
export { createSocket } from './socket/create-socket.ts';
export { endpoints } from './socket/endpoints.ts';
export type { Endpoints, EndpointsOptions, EndpointsTarget } from './socket/endpoints.ts';
export type { MessagesOptions } from './socket/messages.ts';
export { memory } from './socket/options.ts';
export { createPool } from './socket/pool.ts';
export type { Lease, LeaseRecord, Pool, PoolableSocket, PoolOptions, PoolStats } from './socket/pool.ts';
export { retryBudget } from './socket/retry-budget.ts';
export type { RetryBudgetOptions } from './socket/retry-budget.ts';
export { holdfast, plain } from './socket/protocols.ts';
export type { HoldfastOptions, PlainOptions } from './socket/protocols.ts';
export type {
  CloseOptions,
  ConnectContext,
  ConnectionState,
  EventRecord,
  HeartbeatSettings,
  OutboxItem,
  Phase,
  Receipt,
  ReceiptStatus,
  ReconnectOptions,
  Sendable,
  SendOptions,
  Socket,
  SocketEvents,
  SocketOptions,
  SocketStats,
  StateReason,
} from './socket/types.ts';
export type { Outbox } from './storage/keeper.ts';
