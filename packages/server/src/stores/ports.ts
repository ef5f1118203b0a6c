import type { Refusal } from '@holdfast/core/protocol';

/**
 * Where the server remembers what it took: one record a producer. A method resolves when its effect survives the
 * process, or rejects and has changed nothing.
 *
 * A producer has one owner at a time: `claim` raises its fence, and what an older owner still writes is rejected.
 */
export interface ProducerStore {
  /** Makes the caller the owner. The record is dirty from here until `release`, and made if there is none. */
  claim(key: string, identity: string): Promise<ClaimedProducer>;
  /** Moves the position to `seq`; `refused` replaces the refusals. Rejects with `StaleFence` for an older owner. */
  advance(key: string, fence: number, seq: number, refused: readonly Refusal[]): Promise<void>;
  /** The owner has told all that it knows: the record is clean. An older owner's call changes nothing. */
  release(key: string, fence: number): Promise<void>;
  /** Deletes the record, if there is one. */
  forget(key: string): Promise<void>;
  /** Keys of the identity's records beyond the `keep` that were used last, the oldest first. */
  surplus(identity: string, keep: number): Promise<readonly string[]>;
  /**
   * Keys of records that were not used for `ttlMs`, 1,000 at most. Only time during which the store was open counts: a
   * clock that jumps, and a server that was off, expire nothing.
   */
  expired(ttlMs: number): Promise<readonly string[]>;
  /** Ends it; every later call rejects. */
  close(): Promise<void>;
}

/** A record as its new owner finds it. */
export interface ClaimedProducer {
  /** Everything up to here was taken, refused or withdrawn; null: no position was ever written, or it was forgotten. */
  readonly taken: number | null;
  /** The last refusals, in order. */
  readonly refused: readonly Refusal[];
  /** The owner before did not release it: it may have taken more than `taken` says. */
  readonly isDirty: boolean;
  /** The number that this owner's writes carry. */
  readonly fence: number;
}

/** The producer has a newer owner: nothing was written. */
export class StaleFence extends Error {
  override readonly name = 'StaleFence';
}

/**
 * Positions kept by the app, in the same transactions as its own data: with it, and only then, every message takes
 * effect exactly once.
 */
export interface PositionHook<Tx> {
  /** The position last committed for `producer`; null: none. Read when the server has no record in memory. */
  load(producer: string): number | null | Promise<number | null>;
  /** Writes the position inside the app's transaction. Called by `message.commit(tx)`. */
  commit(tx: Tx, producer: string, seq: number): void;
}
