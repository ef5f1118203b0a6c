import type { Failure } from '../lib/errors.ts';
import { ProducerLog, type Entry } from './producer-log.ts';

/** A log that remembers what became of its messages: `1 ok`, `2 REFUSED`. */
export function aLog(id = 'own', settled: string[] = []): { log: ProducerLog; settled: string[] } {
  const log = new ProducerLog(id, ({ seq }: Entry, failure: Failure | null) => {
    settled.push(`${seq} ${failure === null ? 'ok' : failure.code}`);
  });
  return { log, settled };
}

/** Appends messages of so many bytes. */
export function add(log: ProducerLog, count: number, bytes = 10): Entry[] {
  return Array.from({ length: count }, () =>
    log.append({ payload: 'x'.repeat(bytes), bytes, ttl: null, expiresAt: null }),
  );
}

/** Sends all that the log would send, and tells it as frames. */
export function sendAll(log: ProducerLog, most = Number.POSITIVE_INFINITY): string[] {
  const frames: string[] = [];
  for (let entry = log.peek(); entry !== undefined && frames.length < most; entry = log.peek()) {
    const { skipsTo } = log.send(entry);
    if (skipsTo !== null) frames.push(`s ${skipsTo}`);
    frames.push(`m ${entry.seq}`);
  }
  return frames;
}
