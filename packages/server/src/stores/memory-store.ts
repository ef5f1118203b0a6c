import type { Refusal } from '@holdfast/core/protocol';
import { StaleFence, type ProducerStore } from './ports.ts';

interface MemoryRecord {
  readonly identity: string;
  taken: number | null;
  refused: readonly Refusal[];
  isDirty: boolean;
  fence: number;
  usedAt: number;
}

/** Most keys that one call of `expired` gives, or of `surplus` for all. */
const KEYS_AT_ONCE = 1_000;

/**
 * Positions in this process's memory: after a restart the server knows none, and what was in flight arrives marked as
 * redelivered. `now` gives milliseconds on a clock that never jumps (default: that of the process).
 */
export function memoryStore(options: { readonly now?: () => number } = {}): ProducerStore {
  const now = options.now ?? (() => performance.now());
  /** The one used longest ago in front, here and within each identity. */
  const records = new Map<string, MemoryRecord>();
  const identities = new Map<string, Set<string>>();
  /** The one used last: most uses are of it again, and moving it to where it is would cost as much as all else of a use. */
  let newest: MemoryRecord | undefined;
  let isClosed = false;

  function use(key: string, record: MemoryRecord): void {
    record.usedAt = now();
    if (record === newest) return;
    newest = record;
    records.delete(key);
    records.set(key, record);
    const keys = identities.get(record.identity) ?? new Set();
    keys.delete(key);
    keys.add(key);
    identities.set(record.identity, keys);
  }

  /** The record, if `fence` is still that of its owner. */
  function owned(key: string, fence: number): MemoryRecord | undefined {
    const record = records.get(key);
    return record?.fence === fence ? record : undefined;
  }

  function assertOpen(): void {
    if (isClosed) throw new Error('the memory store is closed');
  }

  return {
    async claim(key, identity) {
      assertOpen();
      const found = records.get(key);
      const record = found ?? { identity, taken: null, refused: [], isDirty: false, fence: 0, usedAt: 0 };
      const { taken, refused, isDirty } = record;
      record.fence += 1;
      record.isDirty = true;
      use(key, record);
      return { taken, refused, isDirty, fence: record.fence };
    },
    async advance(key, fence, seq, refused) {
      assertOpen();
      const record = owned(key, fence);
      if (record === undefined) throw new StaleFence('the producer has a newer owner, or was forgotten');
      record.taken = seq;
      record.refused = refused;
      use(key, record);
    },
    async release(key, fence) {
      assertOpen();
      const record = owned(key, fence);
      if (record === undefined) return;
      record.isDirty = false;
      use(key, record);
    },
    async forget(key) {
      assertOpen();
      const record = records.get(key);
      if (record === undefined) return;
      if (record === newest) newest = undefined;
      records.delete(key);
      const keys = identities.get(record.identity);
      keys?.delete(key);
      if (keys?.size === 0) identities.delete(record.identity);
    },
    async surplus(identity, keep) {
      assertOpen();
      const { size, keys } =
        identity === null
          ? { size: records.size, keys: records.keys() }
          : { size: identities.get(identity)?.size ?? 0, keys: identities.get(identity)?.keys() ?? [].keys() };
      const surplus: string[] = [];
      for (const key of keys) {
        if (surplus.length >= size - keep || (identity === null && surplus.length === KEYS_AT_ONCE)) break;
        surplus.push(key as string);
      }
      return surplus;
    },
    async expired(ttlMs) {
      assertOpen();
      const before = now() - ttlMs;
      const keys: string[] = [];
      for (const [key, { usedAt }] of records) {
        if (usedAt > before || keys.length === KEYS_AT_ONCE) break;
        keys.push(key);
      }
      return keys;
    },
    async close() {
      isClosed = true;
    },
  };
}
