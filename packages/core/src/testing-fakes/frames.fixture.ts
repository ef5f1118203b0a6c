import type { Hello, Taken, Welcome } from '../protocol/frames.ts';

/** A welcome with everything in it, as a server with room sends it. */
export function aWelcome(changes: Partial<Welcome> = {}): Welcome {
  return {
    session: 'session-1',
    key: 'key-1',
    epoch: 'epoch-1',
    offset: 0,
    resumed: false,
    taken: [],
    identity: 'peer-alice',
    heartbeat: { intervalMs: 15_000, timeoutMs: 5_000 },
    window: { messages: 100, bytes: 100_000 },
    limits: { messageBytes: 1_000, producers: 32, producerTtlMs: 86_400_000 },
    time: 5_000_000,
    ...changes,
  };
}

/** The answer of a server that has nothing of any of these producers. */
export function nothingTaken(hello: Pick<Hello, 'producers'>): readonly Taken[] {
  return hello.producers.map(() => [0, []]);
}
