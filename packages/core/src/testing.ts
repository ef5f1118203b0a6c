/**
 * `@holdfast/core/testing`: a browser, a network and servers in virtual time, for tests of apps; suites for authors of
 * adapters. It needs no test runner, and serves any.
 */
export type { ConformanceCase } from './testing/check.ts';
export type { Payload, TestConnection } from './testing/connection.ts';
export { explore, PlanFailed } from './testing/explore.ts';
export type { ExploreOptions } from './testing/explore.ts';
export { HoldfastServer } from './testing/holdfast-server.ts';
export type { HoldfastServerOptions, TestMessage, TestSession } from './testing/holdfast-server.ts';
export type { Direction, TestNetwork } from './testing/network.ts';
export { outboxStoreConformance } from './testing/outbox-store-conformance.ts';
export type { PageOptions, TestPage } from './testing/page.ts';
export { Random } from './testing/random.ts';
export type { ServerScript, TestPeer, TestServer } from './testing/server.ts';
export { shrink } from './testing/shrink.ts';
export type { TestStorage } from './testing/storage.ts';
export type { TestClock } from './testing/test-clock.ts';
export { webSocketConformance } from './testing/web-socket-conformance.ts';
export type { WebSocketConformanceOptions } from './testing/web-socket-conformance.ts';
export { createTestWorld } from './testing/world.ts';
export type { TestWorld, TestWorldOptions } from './testing/world.ts';
export { LogLost } from './storage/ports.ts';
export type {
  ClaimedLog,
  LogHeader,
  LogPage,
  OutboxStore,
  Segment,
  StoredMessage,
  StoreInfo,
} from './storage/ports.ts';
