import type { LmdbDatabase } from '@holdfast/server/lmdb';
import { open } from 'lmdb';

/** The app's own database. The server's positions go into it, too, so that both are one transaction. */
export interface DemoDatabase extends LmdbDatabase {
  close(): Promise<void>;
}

/**
 * Commits reach the operating system, and the disk when that likes: a killed process loses nothing, a power cut may. A
 * server whose `stored` and `delivered` must survive that leaves `noSync` out, and takes what its disk takes.
 */
export function openDatabase(path: string): DemoDatabase {
  return open({ path, noSync: true, overlappingSync: false, maxDbs: 64 }) as DemoDatabase;
}
