import type { Context } from './context.ts';
import type { Buckets } from './buckets.ts';
import type { Door } from './door.ts';
import type { ProducerRegistry } from './producer-registry.ts';
import type { SessionRegistry } from './session-registry.ts';
import type { UserQueues } from './user-queues.ts';

/** What the connections of an engine share. */
export interface Realm {
  readonly context: Context;
  readonly sessions: SessionRegistry;
  readonly door: Door;
  /** How often each client connects. */
  readonly connects: Buckets;
  readonly producers: ProducerRegistry;
  readonly users: UserQueues;
  /** Numbers rising with every socket and every claim. */
  nextOrder(): number;
}
