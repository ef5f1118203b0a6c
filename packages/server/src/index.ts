export { createServer } from './server.ts';
export type { AllowedOrigins, HoldfastServer, Message, Metrics, ServerOptions } from './types.ts';
export type { AdmissionLimits } from './session/admission.ts';
export type { AuthenticateRequest, EventRecord, Identity, Sendable, Session, SessionEndReason } from './session/app.ts';
export { Forbidden, Refuse, Unauthorized } from './session/errors.ts';
export type { RefuseOptions } from './session/errors.ts';
export type { HeartbeatLimits, Limits } from './session/limits.ts';
export type { SendToStatus } from './session/user-queue.ts';
export type { SendToOptions } from './session/user-queues.ts';
export { memoryUserQueues } from './stores/memory-user-queues.ts';
export { memoryStore } from './stores/memory-store.ts';
export { StaleFence } from './stores/ports.ts';
export type {
  Appended,
  ClaimedProducer,
  NewUserMessage,
  PositionHook,
  ProducerStore,
  UserMessage,
  UserQueueBounds,
  UserQueueStore,
  Withdrawn,
} from './stores/ports.ts';
