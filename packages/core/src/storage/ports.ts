/**
 * Where an outbox keeps its logs. One log is the append-only list of the messages of one producer, written in segments:
 * a record holds all that was sent in one turn or in 20 ms, since a transaction costs the same for one message as for
 * hundreds.
 *
 * Every method is one transaction: it resolves when that has completed, or rejects and has changed nothing. Methods
 * that take a `generation` compare it with the log's header in the same transaction and reject with `LogLost` when it
 * is another, or when the log is gone.
 */
export interface OutboxStore {
  /** The install's own record, made on the first call. Rejects where nothing can be stored. */
  open(freshClientId: string): Promise<StoreInfo>;
  /** Stamps the store with the server's name for the identity; it never changes afterwards. */
  setPeer(peer: string): Promise<void>;
  /** All logs. */
  listLogs(): Promise<readonly LogHeader[]>;
  /** Makes a log together with its first segment, at generation 1. Rejects when there is one with this id. */
  createLog(log: NewLog, segment: Segment): Promise<void>;
  /** Appends a segment. Rejects when one with this `first` is there: a seq belongs to one message for ever. */
  append(logId: string, generation: number, segment: Segment): Promise<void>;
  /** Puts `segment`, what is left of the one that began at `first`, in its place. */
  replaceSegment(logId: string, generation: number, first: number, segment: Segment): Promise<void>;
  /** Deletes segments, by their `first`. */
  removeSegments(logId: string, generation: number, firsts: readonly number[]): Promise<void>;
  /**
   * Takes a log over: raises its generation and reads what is in it, in order. Null: there is no such log. With
   * `expected`, the log is taken only if its generation still is that one; null otherwise.
   */
  claimLog(logId: string, expected?: number): Promise<ClaimedLog | null>;
  /** Deletes the log, with all that is left in it when `discard` is set, else only when it is empty. Resolves with whether it is gone. */
  deleteLog(logId: string, generation: number, discard?: boolean): Promise<boolean>;
  /** Ends the connection to the storage; every later call rejects. */
  close(): Promise<void>;
}

export interface StoreInfo {
  /** The install, random, the same for all tabs and pages of this outbox. */
  readonly clientId: string;
  /** The server's name for the identity, once a welcome told it. */
  readonly peer: string | null;
}

export interface NewLog {
  readonly id: string;
  /** The log that must be settled before this one is sent: that of the page before a reload. */
  readonly after: string | null;
}

export interface LogHeader extends NewLog {
  /** The owner's generation: raised by every owner, checked by every write. */
  readonly generation: number;
}

export interface ClaimedLog extends LogHeader {
  readonly segments: readonly Segment[];
  /** Records that could not be read as segments; they stay where they are. */
  readonly corrupt: number;
}

export interface Segment {
  /** Seq of the first message: the key, with the log's id. */
  readonly first: number;
  /** Seq of the last message. */
  readonly last: number;
  readonly messages: readonly StoredMessage[];
}

/** A message as it is stored: its payload is the JSON text that goes on the wire. */
export interface StoredMessage {
  readonly seq: number;
  readonly payload: string;
  /** Time to live, and when it began by the server's clock; null: the server's clock was not known yet. */
  readonly ttl: { readonly ms: number; readonly since: number | null } | null;
}

/** The log belongs to another page by now: nothing was changed. */
export class LogLost extends Error {
  override readonly name = 'LogLost';
}

/** A storage and how to make it; `storedOutbox` turns it into what `createSocket` takes. */
export interface OutboxStorage {
  /** Most messages that may wait or be in flight. */
  readonly maxMessages: number;
  /** Part of every lock's name and key, so that no two identities ever meet. */
  readonly scope: string;
  /** Called once a socket; `onLost` tells that the storage has gone away in the middle. */
  createStore(onLost: (cause: unknown) => void): OutboxStore;
}
