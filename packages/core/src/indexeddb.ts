/** `@holdfast/core/indexeddb`: the outbox that survives reloads and a killed browser. */
import { storedOutbox } from './runtime/stored-outbox.ts';
import { indexedDbStorage, type IndexedDbOptions, type StoredData } from './storage/indexeddb-outbox.ts';
import type { Outbox } from './storage/keeper.ts';

export { encryptAtRest } from './storage/encryption.ts';
export type { Encryption } from './storage/encryption.ts';
export type { IndexedDbOptions, Outbox, StoredData };

/**
 * Keeps messages in IndexedDB until the server has taken them: they survive a reload, a crash and a killed browser.
 * Opens nothing before a socket uses it. Where nothing can be stored (no IndexedDB, no Web Locks as on plain http), the
 * socket says so once with STORAGE_UNAVAILABLE and goes on in memory.
 * @throws HoldfastError INVALID_OPTION naming the option, its shape and the way out
 */
export function indexedDB(options: IndexedDbOptions): Outbox & StoredData {
  const storage = indexedDbStorage(options);
  const { clear, persist } = storage;
  return { ...storedOutbox(storage), clear, persist };
}
