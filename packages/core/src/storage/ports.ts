import type { EncodedPayload } from '../lib/bytes.ts';
import type { OutboxLimits } from './limits.ts';

/**
 * Where an outbox keeps its logs. One log is the append-only list of the messages of one producer, written in segments:
 * a record holds all that was sent in one turn or in some 10 ms, since a transaction costs the same for one message as for
 * hundreds.
 *
 * Every method is one transaction: it resolves when that has completed, or rejects and has changed nothing. A store that
 * has rejected with anything but `LogLost`, or a `StorageFault` that is `full`, is given up.
 */
export interface OutboxStore {
  /**
   * The install's own record, made on the first call, and stamped with the server's name for the identity once that is
   * given. Rejects where nothing can be stored, and where the stamp is another one.
   */
  open(freshClientId: string, peer?: string): Promise<StoreInfo>;
  /** All logs. */
  listLogs(): Promise<readonly LogHeader[]>;
  /** Takes a log over: raises its generation and reads its first page. Null: there is no such log. */
  claimLog(logId: string): Promise<ClaimedLog | null>;
  /**
   * Reads on in a claimed log, in order, so that a huge one is never in memory as a whole: one segment at least, as many
   * as make about 1,000 messages or a megabyte, of those that begin after the seq `after`. Rejects with `LogLost` where
   * `log.generation` is another than the header's.
   */
  readLog(log: LogHeader, after: number): Promise<LogPage>;
  /**
   * Changes a log: deletes the segments that begin at `removed`, adds others, and deletes the log itself where nothing is
   * left in it. Resolves with its generation from then on: 0 when it is gone.
   *
   * `log.generation` is compared with the log's header in the same transaction; 0 makes the log, at generation 1.
   * Rejects with `LogLost` when it is another, or when there is no such log. `log.after` replaces what the header named
   * before. A segment is never written over: a seq belongs to one message for ever. With `isStrict` it resolves when the
   * disk has it, whatever the store does otherwise.
   *
   * `added` is walked once before the write resolves, not where the log is lost, and as late as the store can: what is
   * acknowledged until then need not be stored. So it may turn out to be empty.
   */
  write(log: LogHeader, removed: readonly number[], added: Iterable<Segment>, isStrict?: boolean): Promise<number>;
  /** Ends the connection to the storage; every later call rejects. */
  close(): Promise<void>;
}

/** What a store knows beside its logs. */
export interface StoreInfo {
  /** The install, random, the same for all tabs and pages of this outbox. */
  readonly clientId: string;
  /** The server's name for the identity, once a welcome told it; it never changes afterwards. */
  readonly peer: string | null;
}

/** Whose log it is, and what comes before it. */
export interface LogHeader {
  readonly id: string;
  /** The log that must be settled before this one is sent: that of the page before a reload. */
  readonly after: string | null;
  /** The owner's generation: raised by every owner, checked by every write. */
  readonly generation: number;
}

/** Some segments of a log, in order. */
export interface LogPage {
  readonly segments: readonly Segment[];
  /** Records among them that could not be read as segments; they stay where they are, and so does the log. */
  readonly corrupt: number;
  /**
   * The last seq that was read, after which the next page begins; null: there is none. A rewritten segment begins before
   * it, whatever its own first seq is, and so is read only once.
   */
  readonly next: number | null;
}

/** A log as its new owner finds it: its first page. */
export interface ClaimedLog extends LogHeader, LogPage {
  /** The last seq in the whole log, as far as it can be known. */
  readonly lastSeq: number;
}

/** Messages in order, one at least; the seq of the first is its key, with the log's id. */
export type Segment = readonly [StoredMessage, ...StoredMessage[]];

/** A message as it is stored: its payload is what goes on the wire, JSON text or bytes. */
export interface StoredMessage {
  readonly seq: number;
  readonly payload: EncodedPayload;
  /** Time to live, and when it began by the server's clock; null: the server's clock was not known yet. */
  readonly ttl: { readonly ms: number; readonly since: number | null } | null;
}

/** The log belongs to another page by now: nothing was changed. */
export class LogLost extends Error {}

/**
 * Why storage failed. `full`: there is no room; nothing was changed, and the store goes on. `gone`: what was stored has
 * vanished. `newer-version`: a newer version of this library has changed the storage. `no-crypto`: nothing can be
 * encrypted here.
 */
export type StorageReason = 'full' | 'gone' | 'newer-version' | 'no-crypto' | 'failed';

/** A store can't do what it was asked. */
export class StorageFault extends Error {
  readonly reason: StorageReason;

  constructor(reason: StorageReason, message: string, options?: ErrorOptions) {
    super(message, options);
    this.reason = reason;
  }
}

/** A storage and how to make it; `storedOutbox` turns it into what `createSocket` takes. */
export interface OutboxStorage extends OutboxLimits {
  /** Part of every lock's name and key, so that no two identities ever meet. */
  readonly scope: string;
  /** Called once a socket. */
  createStore(): OutboxStore;
}
