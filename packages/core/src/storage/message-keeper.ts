import type { Failure, HoldfastError } from '../lib/errors.ts';
import type { OutboxQueue } from '../machines/outbox.ts';
import type { Entry, ProducerLog } from '../machines/producer-log.ts';
import type { Keeper, KeeperHost } from './keeper.ts';

/** Who keeps the messages of a socket: what the socket asks and tells, whether they are stored or not. */
export interface MessageKeeper extends Pick<
  Keeper,
  'ready' | 'identity' | 'setPeer' | 'release' | 'retain' | 'freeze' | 'resume' | 'close'
> {
  /** There is another lane, whose messages are in `queue.own`. */
  openLane(queue: OutboxQueue, lane: string): void;
  /** A message was appended to the own log of this queue. `isStrict`: it counts as stored when the disk has it. */
  added(queue: OutboxQueue, entry: Entry, isStrict: boolean): void;
  /** A message has its end, also one that came into no log. */
  settled(log: ProducerLog, entry: Entry, error: HoldfastError | null): void;
  /** Ends a withdrawn message with `failure`, once no later page can find it. */
  withdraw(log: ProducerLog, entry: Entry, failure: Failure): void;
  /** Resolves when the message survives the page; see `Receipt.stored`. Never an unhandled rejection. */
  whenStored(entry: Entry): Promise<void>;
  /** What is known of a message that the page leaves in storage; null: it is in none. */
  leftBehind(entry: Entry): Failure | null;
}

export interface MessageKeeperHost extends Omit<
  KeeperHost,
  'clientId' | 'onStored' | 'onStorageFull' | 'onStorageEnd'
> {
  readonly error: (failure: Failure) => HoldfastError;
}
