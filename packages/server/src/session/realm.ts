import type { Context } from './context.ts';
import type { ProducerRegistry } from './producer-registry.ts';
import type { SessionRegistry } from './session-registry.ts';

/** What the connections of an engine share. */
export interface Realm {
  readonly context: Context;
  readonly sessions: SessionRegistry;
  readonly producers: ProducerRegistry;
  /** Numbers rising with every socket and every claim. */
  nextOrder(): number;
}
