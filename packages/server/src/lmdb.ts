export { lmdbStore } from './stores/lmdb-store.ts';
export type { LmdbDatabase, LmdbStore, LmdbStoreOptions, LmdbTable } from './stores/lmdb-store.ts';
