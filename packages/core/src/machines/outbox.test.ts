import { describe, expect, it } from 'vitest';
import { add, aLog } from './outbox.fixture.ts';
import { adoptLog, countIn, outboxQueue, removeLog, replaceOwnLog, type OutboxQueue } from './outbox.ts';
import type { ProducerLog } from './producer-log.ts';

/** A queue whose logs have so many messages waiting; the last is the own one. */
function aQueue(...counts: readonly number[]): { queue: OutboxQueue; logs: ProducerLog[] } {
  const logs = counts.map((count, index) => {
    const { log } = aLog(`log-${index}`);
    add(log, count);
    return log;
  });
  const queue = outboxQueue(logs.at(-1)!);
  for (const log of logs.slice(0, -1)) adoptLog(queue, log);
  return { queue, logs };
}

describe('a queue of several logs', () => {
  it('puts adopted logs before the own one, in the order of adoption', () => {
    const { queue, logs } = aQueue(1, 1, 1);
    expect(queue.logs).toEqual(logs);
    removeLog(queue, logs[0]!);
    removeLog(queue, logs[0]!);
    expect(queue.logs).toEqual([logs[1], logs[2]]);
  });

  it('replaces the own log in its place', () => {
    const { queue, logs } = aQueue(1, 1);
    const { log } = aLog('fresh');
    replaceOwnLog(queue, log);
    expect([queue.own, queue.logs]).toEqual([log, [logs[0], log]]);
  });

  it('counts what waits and what is in flight, over all of them', () => {
    const { queue, logs } = aQueue(2, 3);
    const counts = (): number[] => [countIn(queue, 'unsettled'), countIn(queue, 'inFlight')];
    expect(counts()).toEqual([5, 0]);
    for (const log of logs) log.send(log.peek()!);
    expect(counts()).toEqual([5, 2]);
    for (const log of logs) log.settleWhile(() => true);
    expect(counts()).toEqual([0, 0]);
  });
});
