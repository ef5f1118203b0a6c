import { Dice } from '../packages/core/src/testing-fakes/random.fixture.ts';
import { fuzzClient } from './fuzz-client.ts';
import { fuzzServer } from './fuzz-server.ts';

/** Frames of one round: a server and a client of their own, with a seed of their own. */
export const ROUND_FRAMES = 10_000;

/** What a round has seen: close codes of the server, error codes of the client. */
export type Seen = Map<string, number>;

/**
 * One round: half of its frames go to a server, half to a client.
 * @throws Error for a crash, for growth, for an error without a type, and for a promise left to itself.
 */
export async function fuzzRound(seed: number, frames: number = ROUND_FRAMES): Promise<Seen> {
  const rejections: unknown[] = [];
  const onRejection = (cause: unknown): void => void rejections.push(cause);
  process.on('unhandledRejection', onRejection);
  const seen: Seen = new Map();
  try {
    const { closes } = await fuzzServer(new Dice(seed), frames / 2);
    for (const [code, times] of closes) seen.set(`server closed with ${code}`, times);
    const { codes } = await fuzzClient(new Dice(seed + 1_000_000_007), frames / 2);
    for (const [code, times] of codes) seen.set(`client said ${code}`, times);
    await new Promise((resolve) => setImmediate(resolve));
  } finally {
    process.off('unhandledRejection', onRejection);
  }
  if (rejections.length > 0) throw new Error('a promise was left to itself', { cause: rejections[0] });
  if (Object.keys(Object.prototype).length > 0) throw new Error('a prototype was changed');
  return seen;
}
