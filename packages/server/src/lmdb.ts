export { lmdbStore } from './stores/lmdb-store.ts';
export type { LmdbStore, LmdbStoreOptions } from './stores/lmdb-store.ts';
