import { describe, expect, it } from 'vitest';
import { Dice } from '../testing-fakes/random.fixture.ts';
import { add, aLog, ServerEnd } from './outbox.fixture.ts';
import { ProducerLog, type Entry } from './producer-log.ts';

const refusal = { code: 'BAD_ORDER', message: 'no such thing', details: { field: 'amount' } };

describe('a log', () => {
  it('numbers its messages from 1, and claims what it has', () => {
    const { log, server } = aLog();
    expect(server.claim()).toEqual(['own', 1, 1, 0]);
    expect(add(log, 3).map(({ seq }) => seq)).toEqual([1, 2, 3]);
    server.begin([0, []]);
    server.send(2);
    expect(server.claim()).toEqual(['own', 1, 4, 2]);
    server.acknowledge(1);
    expect([server.claim(), log.unsettled, log.inFlight, log.inFlightBytes]).toEqual([['own', 2, 4, 2], 2, 1, 10]);
  });

  it('counts what it holds, and gives what may be withdrawn from either end', () => {
    const { log, server } = aLog();
    const entries = add(log, 5);
    server.begin([0, []]);
    server.send(2);
    const seqs = (isNewestFirst: boolean): number[] => [...log.withdrawable(isNewestFirst)].map(({ seq }) => seq);
    expect([log.bytes, seqs(false), seqs(true)]).toEqual([50, [3, 4, 5], [5, 4, 3]]);
    log.withdraw(entries[3] as Entry);
    expect([log.bytes, log.withdrawn, log.withdrawnBytes, seqs(false)]).toEqual([50, 1, 10, [3, 5]]);
    for (const entry of entries) log.fail(entry, refusal as never);
    expect([log.bytes, log.withdrawn, log.withdrawnBytes, seqs(true)]).toEqual([0, 0, 0, []]);
  });

  it('keeps no room for what is settled behind a message that is not, and sends the rest in order', () => {
    const { log, server } = aLog();
    add(log, 1);
    server.begin([0, []]);
    server.send();
    for (let round = 0; round < 1_000; round += 1) {
      const [entry] = add(log, 1);
      log.fail(entry as Entry, refusal as never);
      expect(log.entries.length).toBeLessThanOrEqual(3);
    }
    add(log, 2);
    expect(server.send()).toEqual(['s 1001', 'm 1002', 'm 1003']);
    server.acknowledge(1_003);
    expect([log.unsettled, log.entries]).toEqual([0, []]);
  });

  it('finds a message by its seq, in a large backlog as fast as in a small one', () => {
    const { log, server } = aLog();
    const entries = add(log, 4_000);
    let looks = 0;
    for (const entry of entries) {
      const { seq } = entry;
      Object.defineProperty(entry, 'seq', {
        get() {
          looks += 1;
          return seq;
        },
      });
    }
    server.begin([1_000, [[2_500, refusal]]]);
    expect([log.find(0), log.find(1_000), log.find(4_001), log.find(1.5)]).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
    looks = 0;
    expect([log.find(1_001), log.find(2_000), log.find(4_000)]).toEqual([
      entries[1_000],
      entries[1_999],
      entries[3_999],
    ]);
    expect(entries[2_499]?.status).toBe('failed');
    expect(looks).toBeLessThan(60);
  });

  it('gives the messages between two seqs, without those at the front that are settled', () => {
    const { log, server } = aLog();
    add(log, 6);
    const seqs = (first: number, last: number): number[] => log.between(first, last).map(({ seq }) => seq);
    expect([seqs(1, 6), seqs(3, 4), seqs(5, 9), seqs(4, 3), seqs(7, 9)]).toEqual([
      [1, 2, 3, 4, 5, 6],
      [3, 4],
      [5, 6],
      [],
      [],
    ]);
    server.begin([3, []]);
    expect([seqs(1, 5), seqs(1, 3)]).toEqual([[4, 5], []]);
  });

  it('goes on from what the server has taken', () => {
    const { log, settled, server } = aLog();
    add(log, 4);
    server.begin([2, []]);
    expect([settled, server.send()]).toEqual([
      ['1 ok', '2 ok'],
      ['m 3', 'm 4'],
    ]);
  });

  it('sends all of it to a server that has forgotten the producer', () => {
    const { log, settled, server } = aLog();
    add(log, 4);
    server.begin([0, []]);
    server.send();
    server.acknowledge(2);
    server.lose();
    expect(server.claim()).toEqual(['own', 3, 5, 4]);
    server.begin(null);
    expect([settled, server.send()]).toEqual([
      ['1 ok', '2 ok'],
      ['m 3', 'm 4'],
    ]);
  });

  it('sends what was in flight again on the next connection, unless it was taken', () => {
    const { log, settled, server } = aLog();
    add(log, 3);
    server.begin([0, []]);
    server.send();
    server.lose();
    expect([log.inFlight, log.inFlightBytes, log.unsettled, server.isReady]).toEqual([0, 0, 3, false]);
    server.begin([1, []]);
    expect([settled, server.send(), log.inFlight]).toEqual([['1 ok'], ['m 2', 'm 3'], 2]);
  });

  it('does not take back what a crashed server may have run', () => {
    const { log, server } = aLog();
    const [, second, third] = add(log, 3);
    server.begin([0, []]);
    server.send();
    server.lose();
    server.begin([1, [], 2]);
    expect([log.withdraw(second as Entry), log.withdraw(third as Entry)]).toEqual([false, true]);
  });

  it('begins behind a position that is beyond its own: messages that were sent and never stored', () => {
    const { log, settled, server } = aLog();
    log.restore({ seq: 1, payload: 'x', bytes: 1, ttl: null });
    server.begin([5, []]);
    expect([settled, log.isSettled]).toEqual([['1 ok'], true]);
  });
});

describe('a log that was restored', () => {
  it('claims that all of it may have been sent', () => {
    const { log, server } = aLog();
    for (const seq of [4, 5, 7]) log.restore({ seq, payload: 'x', bytes: 1, ttl: null });
    expect(server.claim()).toEqual(['own', 4, 8, 7]);
  });

  it('withdraws nothing before the server has said what it lacks', () => {
    const { log, server } = aLog();
    log.restore({ seq: 4, payload: 'x', bytes: 1, ttl: null });
    const [entry] = [...log.entries] as [Entry];
    expect(log.withdraw(entry)).toBe(false);
    server.begin(null);
    expect(log.withdraw(entry), 'a server that forgot proves nothing').toBe(false);
    server.lose();
    server.begin([3, []]);
    expect(log.withdraw(entry)).toBe(true);
  });

  it('withdraws nothing that a server which crashed may have run, and sends it', () => {
    const { log, server } = aLog();
    for (const seq of [1, 2, 3]) log.restore({ seq, payload: 'x', bytes: 1, ttl: null });
    server.begin([1, [], 2]);
    const [second, third] = [...log.entries] as [Entry, Entry];
    expect([log.withdraw(second), log.withdraw(third), server.send()]).toEqual([false, true, ['m 2']]);
  });

  it('skips what is missing in it', () => {
    const { log, server } = aLog();
    for (const seq of [4, 7]) log.restore({ seq, payload: 'x', bytes: 1, ttl: null });
    server.begin([3, []]);
    expect(server.send()).toEqual(['m 4', 's 6', 'm 7']);
  });
});

describe('an acknowledgement', () => {
  it('settles all up to it, in order', () => {
    const { log, settled, server } = aLog();
    add(log, 5);
    server.begin([0, []]);
    server.send(4);
    expect(server.acknowledge(3)).toBe(true);
    expect(server.acknowledge(3)).toBe(true);
    expect(server.acknowledge(1)).toBe(true);
    expect(settled).toEqual(['1 ok', '2 ok', '3 ok']);
  });

  it('of what was never sent is a lie, and settles nothing', () => {
    const { log, settled, server } = aLog();
    add(log, 5);
    server.begin([0, []]);
    server.send(2);
    expect(server.acknowledge(3)).toBe(false);
    expect([settled, log.unsettled]).toEqual([[], 5]);
  });
});

describe('a refusal', () => {
  it('fails one message with the reason of the server, and leaves the others', () => {
    const { log, server } = aLog();
    add(log, 3);
    server.begin([0, []]);
    server.send();
    server.refuse(2, refusal);
    expect([...log.entries].map(({ seq, status }) => `${seq} ${status}`)).toEqual([
      '1 inFlight',
      '2 failed',
      '3 inFlight',
    ]);
    expect([log.inFlight, log.unsettled]).toEqual([2, 2]);
  });

  it('is told as REFUSED with the code of the app, or as HANDLER_FAILED', () => {
    const failures: unknown[] = [];
    const log = new ProducerLog('own', (_entry, failure) => failures.push(failure));
    const server = new ServerEnd(log);
    add(log, 2);
    server.begin([
      2,
      [
        [1, refusal],
        [2, { code: 'HANDLER_FAILED', message: 'x' }],
      ],
    ]);
    expect(failures).toEqual([
      { code: 'REFUSED', message: 'no such thing', details: { field: 'amount', code: 'BAD_ORDER' } },
      { code: 'HANDLER_FAILED', message: 'x', details: { code: 'HANDLER_FAILED' } },
    ]);
  });

  it('is counted once, though it is told again in the next taken', () => {
    const { log, settled, server } = aLog();
    add(log, 3);
    server.begin([0, []]);
    server.send();
    server.refuse(2, refusal);
    server.lose();
    server.begin([2, [[2, refusal]]]);
    expect([settled, server.send(), log.unsettled]).toEqual([['2 REFUSED', '1 ok'], ['m 3'], 1]);
  });

  it('that comes with taken goes before the success of the others', () => {
    const { log, settled, server } = aLog();
    add(log, 3);
    server.begin([
      3,
      [
        [1, refusal],
        [3, { code: 'HANDLER_FAILED', message: 'x' }],
      ],
    ]);
    expect(settled).toEqual(['1 REFUSED', '3 HANDLER_FAILED', '2 ok']);
    expect(log.isSettled).toBe(true);
  });

  it('of a seq that is not there changes nothing', () => {
    const { log, settled, server } = aLog();
    add(log, 2);
    server.begin([0, []]);
    server.send();
    server.refuse(9, refusal);
    server.acknowledge(1);
    server.refuse(1, refusal);
    expect(settled).toEqual(['1 ok']);
  });
});

describe('a withdrawal', () => {
  it('takes back what is on no wire, and the wire hears of the gap with the next message', () => {
    const { log, settled, server } = aLog();
    const entries = add(log, 5);
    server.begin([0, []]);
    server.send(1);
    for (const at of [1, 2]) expect(log.withdraw(entries[at]!)).toBe(true);
    expect(server.send()).toEqual(['s 3', 'm 4', 'm 5']);
    expect(settled).toEqual([]);
    for (const at of [1, 2]) log.fail(entries[at]!, { code: 'ABORTED', message: '' });
    server.acknowledge(5);
    expect(settled).toEqual(['2 ABORTED', '3 ABORTED', '1 ok', '4 ok', '5 ok']);
    expect([log.isSettled, log.unsettled]).toEqual([true, 0]);
  });

  it('never takes back what is in flight, may have been sent, is withdrawn or settled', () => {
    const { log, server } = aLog();
    const [first, second, third] = add(log, 3) as [Entry, Entry, Entry];
    server.begin([0, []]);
    server.send(2);
    expect(log.withdraw(first)).toBe(false);
    server.acknowledge(1);
    expect(log.withdraw(first)).toBe(false);
    server.lose();
    expect(log.withdraw(second)).toBe(false);
    expect(log.withdraw(third)).toBe(true);
    expect(log.withdraw(third)).toBe(false);
  });

  it('that waits for storage keeps the log open, and is not settled by an acknowledgement behind it', () => {
    const { log, settled, server } = aLog();
    const [first] = add(log, 2) as [Entry];
    server.begin([0, []]);
    log.withdraw(first);
    expect(server.send()).toEqual(['s 1', 'm 2']);
    server.acknowledge(2);
    expect([settled, log.isSettled, log.unsettled]).toEqual([['2 ok'], false, 1]);
    log.fail(first, { code: 'EXPIRED', message: '' });
    expect([settled, log.isSettled, log.unsettled]).toEqual([['2 ok', '1 EXPIRED'], true, 0]);
  });

  it('ends once, though two have ended it', () => {
    const { log, settled } = aLog();
    const [first] = add(log, 2) as [Entry];
    log.withdraw(first);
    log.fail(first, { code: 'OUTCOME_UNKNOWN', message: '' });
    log.fail(first, { code: 'ABORTED', message: '' });
    expect([settled, log.unsettled]).toEqual([['1 OUTCOME_UNKNOWN'], 1]);
  });

  it('leaves room on the wire for nothing when all of it is withdrawn', () => {
    const { log, server } = aLog();
    const entries = add(log, 2);
    server.begin([0, []]);
    for (const entry of entries) log.withdraw(entry);
    expect(server.send()).toEqual([]);
  });
});

describe('over random steps, with a server that keeps the rules', () => {
  it.each(Array.from({ length: 20 }, (_, seed) => seed + 1))(
    'every message ends once, and the wire is lawful (seed %i)',
    (seed) => {
      const dice = new Dice(seed);
      const { log, settled, server } = aLog();
      const entries: Entry[] = [];
      /** What the server of this connection has seen, and what it has taken of it, over all connections. */
      let seen = 0;
      let taken = 0;
      let isListed = false;
      for (let step = 0; step < 600; step += 1) {
        const dealt = dice.below(10);
        if (dealt < 3) entries.push(...add(log, dice.below(3)));
        else if (dealt < 5 && isListed) {
          for (const frame of server.send(1 + dice.below(4))) {
            const seq = Number(frame.slice(2));
            if (frame.startsWith('s')) expect(seq).toBeGreaterThan(seen);
            else expect(seq).toBe(seen + 1);
            seen = seq;
          }
        } else if (dealt < 7 && isListed && seen > taken) {
          taken += 1 + dice.below(seen - taken);
          expect(server.acknowledge(taken)).toBe(true);
        } else if (dealt === 7 && isListed) {
          server.lose();
          isListed = false;
        } else if (dealt === 8 && !isListed) {
          // The last socket may have brought some of what it carried.
          taken += dice.below(Math.max(1, seen - taken + 1));
          const [, first] = server.claim();
          seen = Math.max(taken, first - 1);
          server.begin([taken, []]);
          isListed = true;
        } else if (dealt === 9 && entries.length > 0) {
          const entry = dice.pick(entries);
          if (log.withdraw(entry) && dice.chance(0.8)) log.fail(entry, { code: 'ABORTED', message: '' });
        }
        const open = [...log.entries];
        expect(log.unsettled).toBe(open.filter(({ status }) => !['delivered', 'failed'].includes(status)).length);
        expect(log.inFlight).toBe(open.filter(({ status }) => status === 'inFlight').length);
      }
      for (const entry of log.entries) if (entry.isWithdrawn) log.fail(entry, { code: 'ABORTED', message: '' });
      if (isListed) server.lose();
      server.begin([taken, []]);
      server.send();
      server.acknowledge(log.nextSeq - 1);
      expect(log.isSettled).toBe(true);
      expect(settled.map((line) => Number.parseInt(line, 10)).sort((one, two) => one - two)).toEqual(
        entries.map(({ seq }) => seq),
      );
    },
  );
});
