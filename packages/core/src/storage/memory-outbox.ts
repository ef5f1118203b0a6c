import type { Outbox } from './keeper.ts';
import type { OutboxLimits } from './limits.ts';
import type { MessageKeeper, MessageKeeperHost } from './message-keeper.ts';

/** Keeps nothing: the queue in memory is all there is. */
export function memoryKeeper({ environment, error }: MessageKeeperHost): MessageKeeper {
  let identity = { clientId: environment.randomId(), peer: null as string | null };
  let never: Promise<void> | null = null;
  const nothing = (): void => {};
  const notStored = (): Promise<void> => {
    const message = 'a memory outbox stores nothing: use indexedDB() from @holdfast/core/indexeddb';
    const promise = Promise.reject(error({ code: 'STORAGE_UNAVAILABLE', message }));
    promise.catch(nothing);
    return promise;
  };
  return {
    ready: () => Promise.resolve(),
    get identity() {
      return identity;
    },
    setPeer(peer) {
      identity = { ...identity, peer };
    },
    openLane: nothing,
    added: nothing,
    settled: nothing,
    release: () => true,
    retain: nothing,
    withdraw: (log, entry, failure) => log.fail(entry, failure),
    whenStored: () => (never ??= notStored()),
    leftBehind: () => null,
    freeze: nothing,
    resume: nothing,
    close: () => Promise.resolve(),
  };
}

export function memoryOutbox(limits: OutboxLimits): Outbox {
  return { ...limits, createKeeper: memoryKeeper };
}
