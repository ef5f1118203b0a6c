export { createServer } from './server.ts';
export type { AllowedOrigins, HoldfastServer, Message, ServerOptions } from './types.ts';
export type { AuthenticateRequest, EventRecord, Session } from './session/app.ts';
export { Forbidden, Refuse, Unauthorized } from './session/errors.ts';
export type { RefuseOptions } from './session/errors.ts';
export type { HeartbeatLimits, Limits } from './session/limits.ts';
export { memoryStore } from './stores/memory-store.ts';
export { StaleFence } from './stores/ports.ts';
export type { ClaimedProducer, PositionHook, ProducerStore } from './stores/ports.ts';
