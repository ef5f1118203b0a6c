import { describe, expect, it } from 'vitest';
import { add, aLog } from './outbox.fixture.ts';
import { OutboxQueue, type Window } from './outbox.ts';
import type { ProducerLog } from './producer-log.ts';

/** A queue whose logs are listed and have so many messages waiting; the last is the own one. */
function aQueue(...counts: readonly number[]): { queue: OutboxQueue; logs: ProducerLog[] } {
  const logs = counts.map((count, index) => {
    const { log } = aLog(`log-${index}`);
    add(log, count);
    log.begin([0, []]);
    return log;
  });
  const queue = new OutboxQueue(logs.at(-1)!, 5);
  for (const log of logs.slice(0, -1)) queue.adopt(log);
  return { queue, logs };
}

function pump(queue: OutboxQueue, window: Window): string[] {
  const written: string[] = [];
  queue.pump(window, (log, entry, skipsTo) => {
    written.push(`${log.id.slice(-1)}:${entry.seq}${skipsTo === null ? '' : ` after ${skipsTo}`}`);
  });
  return written;
}

const wide = { messages: 100, bytes: 1_000_000 };

describe('the window', () => {
  it('bounds messages', () => {
    const { queue, logs } = aQueue(9);
    expect(pump(queue, { ...wide, messages: 3 })).toEqual(['0:1', '0:2', '0:3']);
    expect(pump(queue, { ...wide, messages: 3 })).toEqual([]);
    logs[0]!.acknowledge(2);
    expect(pump(queue, { ...wide, messages: 3 })).toEqual(['0:4', '0:5']);
  });

  it('counts what onConnect sends, which goes first', () => {
    const { queue } = aQueue(9);
    const { log: direct } = aLog('log-d');
    add(direct, 9);
    direct.begin([0, []]);
    const written: string[] = [];
    const write = (log: ProducerLog, { seq }: { seq: number }): void => void written.push(`${log.id.slice(-1)}:${seq}`);
    queue.pump({ ...wide, messages: 3 }, write, { direct, isFlowing: false });
    // The own log may have its one message in flight, and no more.
    queue.pump({ ...wide, messages: 3 }, write, { direct });
    expect(written).toEqual(['d:1', 'd:2', 'd:3', '0:1']);
    direct.acknowledge(2);
    queue.pump({ ...wide, messages: 3 }, write, { direct });
    expect(written.slice(4)).toEqual(['d:4']);
  });

  it('waits for a log behind one that is settled, while it is here', () => {
    const { queue, logs } = aQueue(1, 0, 1);
    const [first, second, own] = logs as [ProducerLog, ProducerLog, ProducerLog];
    second.after = first;
    own.after = second;
    expect(pump(queue, wide)).toEqual(['0:1']);
    first.acknowledge(1);
    expect(pump(queue, wide)).toEqual(['2:1']);
  });

  it('bounds bytes', () => {
    const { queue, logs } = aQueue(9);
    expect(pump(queue, { ...wide, bytes: 29 })).toEqual(['0:1', '0:2']);
    logs[0]!.acknowledge(1);
    expect(pump(queue, { ...wide, bytes: 29 })).toEqual(['0:3']);
    expect(queue.inFlight).toBe(2);
  });

  it('is shared by all logs, but each may always have one message in flight', () => {
    const { queue } = aQueue(4, 4, 4);
    expect(pump(queue, { ...wide, messages: 2 })).toEqual(['0:1', '0:2', '1:1', '2:1']);
    expect(pump(queue, { ...wide, messages: 2 })).toEqual([]);
  });

  it('always takes one message of a log, however large it is', () => {
    const { log } = aLog('log-0');
    add(log, 2, 5_000);
    log.begin([0, []]);
    const queue = new OutboxQueue(log, 10);
    expect(pump(queue, { messages: 10, bytes: 100 })).toEqual(['0:1']);
    expect(pump(queue, { messages: 10, bytes: 100 })).toEqual([]);
    log.acknowledge(1);
    expect(pump(queue, { messages: 10, bytes: 100 })).toEqual(['0:2']);
  });
});

describe('a queue of several logs', () => {
  it('sends nothing of a log before the one that it comes after is settled', () => {
    const { queue, logs } = aQueue(2, 2);
    logs[1]!.after = logs[0]!;
    expect(pump(queue, wide)).toEqual(['0:1', '0:2']);
    logs[0]!.acknowledge(1);
    expect(pump(queue, wide)).toEqual([]);
    logs[0]!.acknowledge(2);
    expect(pump(queue, wide)).toEqual(['1:1', '1:2']);
  });

  it('keeps a log back while a withdrawn message of its predecessor is still stored', () => {
    const { queue, logs } = aQueue(1, 1);
    logs[1]!.after = logs[0]!;
    const [entry] = [...logs[0]!.entries];
    logs[0]!.withdraw(entry!);
    expect(pump(queue, wide)).toEqual([]);
    logs[0]!.fail(entry!, { code: 'EXPIRED', message: '' });
    expect(pump(queue, wide)).toEqual(['1:1']);
  });

  it('sends nothing of a log that the server has not answered for', () => {
    const { queue, logs } = aQueue(1, 1);
    logs[0]!.unlist();
    expect(pump(queue, wide)).toEqual(['1:1']);
  });

  it('tells what was skipped on the wire', () => {
    const { queue, logs } = aQueue(4);
    for (const entry of [...logs[0]!.entries].slice(1, 3)) logs[0]!.withdraw(entry);
    expect(pump(queue, wide)).toEqual(['0:1', '0:4 after 3']);
  });

  it('puts adopted logs before the own one, in the order of adoption', () => {
    const { queue, logs } = aQueue(1, 1, 1);
    expect(queue.logs).toEqual(logs);
    queue.remove(logs[0]!);
    queue.remove(logs[0]!);
    expect(queue.logs).toEqual([logs[1], logs[2]]);
  });

  it('replaces the own log in its place', () => {
    const { queue, logs } = aQueue(1, 1);
    const { log } = aLog('fresh');
    queue.replaceOwn(log);
    expect([queue.own, queue.logs]).toEqual([log, [logs[0], log]]);
  });

  it('counts what waits and what is in flight, over all of them', () => {
    const { queue, logs } = aQueue(2, 3);
    expect([queue.unsettled, queue.inFlight, queue.isEmpty]).toEqual([5, 0, false]);
    pump(queue, { ...wide, messages: 3 });
    expect([queue.unsettled, queue.inFlight]).toEqual([5, 3]);
    logs[0]!.acknowledge(2);
    pump(queue, wide);
    logs[1]!.acknowledge(3);
    expect([queue.unsettled, queue.inFlight, queue.isEmpty]).toEqual([0, 0, true]);
  });

  it('is full by the own messages alone: those of gone pages are not this page to blame', () => {
    const { queue, logs } = aQueue(50, 4);
    expect(queue.isFull).toBe(false);
    add(logs[1]!, 1);
    expect([queue.isFull, queue.fullFailure()]).toMatchObject([
      true,
      { code: 'QUEUE_FULL', details: { maxMessages: 5 } },
    ]);
  });
});
