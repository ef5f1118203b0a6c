/** `@holdfast/core/storage`: for authors of other storages than IndexedDB. `@holdfast/core/testing` has the suite that each must pass. */
export { storedOutbox } from './runtime/stored-outbox.ts';
export type { Outbox } from './storage/keeper.ts';
export { LogLost, StorageFault } from './storage/ports.ts';
export type {
  ClaimedLog,
  LogHeader,
  LogPage,
  OutboxStorage,
  OutboxStore,
  Segment,
  StorageReason,
  StoredMessage,
  StoreInfo,
} from './storage/ports.ts';
