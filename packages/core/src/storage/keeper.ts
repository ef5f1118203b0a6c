import type { Environment } from '../environment/ports.ts';
import type { Failure } from '../lib/errors.ts';
import type { OutboxQueue } from '../machines/outbox.ts';
import type { Entry, ProducerLog } from '../machines/producer-log.ts';
import type { SessionIdentity } from '../machines/conversation.ts';
import type { OutboxLimits } from './limits.ts';
import type { MessageKeeper, MessageKeeperHost } from './message-keeper.ts';

/** Keeps the logs of a socket somewhere, and knows which logs are its own. */
export interface Keeper {
  /** Resolves when the logs are known that the next greeting lists. Never rejects. */
  ready(): Promise<void>;
  readonly identity: SessionIdentity;
  /** The server told its name for the identity. */
  setPeer(peer: string): void;
  /** Whether this log is its to keep. */
  has(log: ProducerLog): boolean;
  /** A message was appended to the own log. `isStrict`: it counts as stored when the disk has it. */
  added(entry: Entry, isStrict?: boolean): void;
  /** Somebody waits for what is pending: the write starts at the end of this turn. */
  writeSoon(): void;
  settled(log: ProducerLog, entry: Entry): void;
  /** Makes storage forget a withdrawn message, then calls `done`; false: it could not, and may deliver it some day. */
  forget(log: ProducerLog, entry: Entry, done: (isForgotten: boolean) => void): void;
  /**
   * Whether a message that may never be sent twice can be written now: nobody can find it in storage. If not, storage is
   * made to forget it, and `onChange` tells when it has; one that it can't forget fails.
   */
  release(log: ProducerLog, entry: Entry): boolean;
  /** What was released and not written is to be stored again: its connection has ended. */
  retain(): void;
  /** Whether a later page may find this message of the own log. */
  mayKeep(entry: Entry): boolean;
  /** The page stops: what is pending is written, and every lock goes back, or it would be held for ever. */
  freeze(): void;
  /** The page runs again: it owns its log only if it gets the lock and finds its own generation. */
  resume(): void;
  /** Writes what is left and gives everything back. Resolves when nothing is held any more; never rejects. */
  close(discard: boolean): Promise<void>;
}

export interface KeeperHost {
  readonly environment: Environment;
  readonly queue: OutboxQueue;
  /** The install of the normal lane, as it says hello; asked for by the keepers of other lanes. */
  clientId(): Promise<string>;
  /** A log for new messages, with a fresh id. */
  newLog(): ProducerLog;
  /** A log of another page, empty yet. */
  foreignLog(id: string): ProducerLog;
  /** The transaction with this message has completed. */
  onStored(entry: Entry): void;
  /** There is more to send. */
  onChange(): void;
  /** What was to be written found no room: it is tried again later. */
  onStorageFull(failure: Failure): void;
  /** Nothing is stored from here on. */
  onStorageEnd(failure: Failure): void;
  report(failure: Failure): void;
  /** The log is deleted: the server may forget its producer. */
  finish(producer: string): void;
}

/** What `createSocket` takes as `outbox`. */
export interface Outbox extends OutboxLimits {
  /** Makes what keeps the messages, once a socket. */
  createKeeper(host: MessageKeeperHost): MessageKeeper;
  /** Names where messages are kept, identity included: two outboxes with one scope are the same. Undefined: in memory. */
  readonly scope?: string;
}
