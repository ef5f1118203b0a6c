import type { EncodedPayload, Refusal } from '@holdfast/core/protocol';

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
  /**
   * Keys of the identity's records beyond the `keep` that were used last, the oldest first. `identity` null: of all
   * records, 1,000 at most; asked for at every new record, so that it has to be cheap where there are not too many.
   */
  surplus(identity: string | null, keep: number): Promise<readonly string[]>;
  /**
   * Keys of records that were not used for `ttlMs`, 1,000 at most. Only time during which the store was open counts: a
   * clock that jumps, and a server that was off, expire nothing.
   */
  expired(ttlMs: number): Promise<readonly string[]>;
  /** Ends it, with its `userQueues`; every later call rejects. */
  close(): Promise<void>;
  /** Where `server.sendTo` keeps what waits. Left out: in the memory of the process. */
  readonly userQueues?: UserQueueStore;
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

/**
 * Messages for users, each kept until a session of theirs has acknowledged it, or it expires. Calls take effect in their
 * order. A method resolves when its effect survives what the store survives, or rejects and has changed nothing.
 */
export interface UserQueueStore {
  /** Adds a message at the end of the user's queue, unless its id is known or there is no room. */
  append(user: string, message: NewUserMessage, bounds: UserQueueBounds): Promise<Appended>;
  /** What waits, in order. */
  load(user: string): Promise<readonly UserMessage[]>;
  /** Everything up to `through` was acknowledged: only the ids stay, until they expire or newer ones need their room. */
  settle(user: string, through: number): Promise<void>;
  /** Withdraws what has expired, some thousand messages at most, and tells which of them nobody had acknowledged. */
  sweep(): Promise<readonly Withdrawn[]>;
}

/** A message that is to wait for a user. */
export interface NewUserMessage {
  readonly payload: EncodedPayload;
  /** How long it may wait, from now. */
  readonly ttlMs: number;
  /** The app's own name for it: a second one with the same is not taken before the first would have expired. */
  readonly id?: string | undefined;
}

/** How much may wait. */
export interface UserQueueBounds {
  /** Messages that wait, and ids that are remembered, of one user. */
  readonly messages: number;
  /** Bytes that wait of one user, and of all; a character counts as two. */
  readonly bytes: number;
  readonly totalBytes: number;
}

/** `expired`: messages that had to make room, since their time was over. */
export type Appended =
  | { readonly type: 'added'; readonly seq: number; readonly expired: readonly number[] }
  | { readonly type: 'duplicate'; readonly expired: readonly number[] }
  | { readonly type: 'full'; readonly expired: readonly number[] };

/** A message that waits for a user. */
export interface UserMessage {
  /** Place among all messages of the store, rising and with gaps. */
  readonly seq: number;
  readonly payload: EncodedPayload;
  /** What is left of its time, 0 or less: none. */
  readonly leftMs: number;
}

/** Messages of a user that expired while they waited. */
export interface Withdrawn {
  readonly user: string;
  readonly seqs: readonly number[];
}
