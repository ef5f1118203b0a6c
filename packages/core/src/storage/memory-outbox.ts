import type { Keeper, KeeperHost, Outbox } from './keeper.ts';

/** Keeps nothing: the queue in memory is all there is. */
export function memoryKeeper(host: KeeperHost): Keeper {
  let identity = { clientId: host.environment.randomId(), peer: null as string | null };
  const nothing = (): void => {};
  return {
    ready: () => Promise.resolve(),
    get identity() {
      return identity;
    },
    canStore: false,
    setPeer(peer) {
      identity = { ...identity, peer };
    },
    added: nothing,
    writeSoon: nothing,
    settled: nothing,
    forget: (_log, _entry, done) => done(true),
    mayKeep: () => false,
    freeze: nothing,
    resume: nothing,
    close: () => Promise.resolve(),
  };
}

/** Default bound of an outbox, in messages. */
export const MAX_MESSAGES = 10_000;

export function memoryOutbox(maxMessages: number): Outbox {
  return { maxMessages, isStored: false, createKeeper: memoryKeeper };
}
