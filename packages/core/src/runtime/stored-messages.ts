import type { Failure, HoldfastError } from '../lib/errors.ts';
import type { OutboxQueue } from '../machines/outbox.ts';
import type { Entry, ProducerLog } from '../machines/producer-log.ts';
import type { Keeper } from '../storage/keeper.ts';
import type { MessageKeeper, MessageKeeperHost } from '../storage/message-keeper.ts';
import type { OutboxStorage } from '../storage/ports.ts';
import { logKeeper, NOT_FORGOTTEN } from './log-keeper.ts';
import { Outcome } from './outcome.ts';

/** Messages that outlive their page: what the app is told of their storing, and who takes them out of it. */
export function storedMessages(storage: OutboxStorage, host: MessageKeeperHost): MessageKeeper {
  /** Who waits to hear that a message is stored. */
  const waiting = new Map<Entry, Outcome>();
  /** Why nothing is stored any more. */
  let end: HoldfastError | null = null;

  const learn = (entry: Entry, error: HoldfastError | null): void => {
    if (entry.storing === undefined) entry.storing = error;
    if (waiting.size === 0) return;
    waiting.get(entry)?.settle(error);
    waiting.delete(entry);
  };

  const refuseAll = (error: HoldfastError): void => {
    for (const entry of waiting.keys()) learn(entry, error);
  };

  const keeps = (queue: OutboxQueue, lane?: string): Keeper =>
    logKeeper(
      storage,
      {
        ...host,
        queue,
        clientId: async () => {
          await normal.ready();
          return normal.identity.clientId;
        },
        onStored(entry) {
          entry.isStored = true;
          learn(entry, null);
        },
        onStorageFull: (failure) => refuseAll(host.error(failure)),
        onStorageEnd(failure) {
          // One lane's storage is the other's.
          if (end === null) host.report(failure);
          end ??= host.error(failure);
          refuseAll(end);
        },
      },
      lane,
    );
  const normal = keeps(host.queue);
  /** By the queue whose own log they keep. */
  const keepers = new Map([[host.queue, normal]]);
  const each = (run: (keeper: Keeper) => void): void => keepers.forEach(run);
  // Called for every message that is settled.
  const keeperOf = (log: ProducerLog): Keeper => {
    for (const keeper of keepers.values()) if (keeper.has(log)) return keeper;
    return normal;
  };

  return {
    openLane(queue, lane) {
      if (end === null) keepers.set(queue, keeps(queue, lane));
    },
    ready: () => normal.ready(),
    get identity() {
      return normal.identity;
    },
    setPeer: (peer) => each((keeper) => keeper.setPeer(peer)),
    added: (queue, entry, isStrict) => keepers.get(queue)?.added(entry, isStrict),
    settled(log, entry, error) {
      // Delivered is more than stored; but where nothing is stored, that is what there is to say.
      learn(entry, end ?? error);
      keeperOf(log).settled(log, entry);
    },
    withdraw: (log, entry, failure) =>
      keeperOf(log).forget(log, entry, (isForgotten) => log.fail(entry, isForgotten ? failure : NOT_FORGOTTEN)),
    whenStored(entry) {
      const outcome = waiting.get(entry) ?? new Outcome();
      if (end !== null) learn(entry, end);
      if (entry.storing !== undefined) outcome.settle(entry.storing);
      else {
        waiting.set(entry, outcome);
        each((keeper) => keeper.writeSoon());
      }
      return outcome.promise;
    },
    release: (log, entry) => keeperOf(log).release(log, entry),
    retain: () => each((keeper) => keeper.retain()),
    leftBehind: (entry) => ([...keepers.values()].some((keeper) => keeper.mayKeep(entry)) ? LEFT : null),
    freeze: () => each((keeper) => keeper.freeze()),
    // The normal lane last: its keeper adopts whatever log nobody holds.
    resume: () => [...keepers.values()].reverse().forEach((keeper) => keeper.resume()),
    close: async (discard) => void (await Promise.all([...keepers.values()].map((keeper) => keeper.close(discard)))),
  };
}

const LEFT: Failure = {
  code: 'OUTCOME_UNKNOWN',
  message: 'the socket was closed; the message stays stored, and a later page delivers it',
  details: { isStored: true },
};
