import type { Outbox } from '../storage/keeper.ts';
import type { OutboxStorage } from '../storage/ports.ts';
import { storedMessages } from './stored-messages.ts';

/** An outbox that keeps its messages in `storage`. */
export function storedOutbox(storage: OutboxStorage): Outbox {
  return { ...storage, createKeeper: (host) => storedMessages(storage, host) };
}
