import { beforeEach, describe, expect, it } from 'vitest';
import { anEntry } from './outbox.fixture.ts';
import { ProducerLog, type Entry } from './producer-log.ts';
import { Suspicion } from './suspicion.ts';

let now = 0;
let told: string[] = [];
let suspicion = new Suspicion(() => now);
let log = aLog();

function aLog(): ProducerLog {
  return new ProducerLog('own', ({ seq }, failure) => void told.push(`${seq} ${failure?.code ?? 'ok'}`));
}

function append(count: number): Entry[] {
  return Array.from({ length: count }, () => {
    const entry = anEntry();
    log.append(entry);
    return entry;
  });
}

/** A connection that sends what it may, as a session does, and lives for `lifeMs` after that. Gives what was sent. */
function connection(code: number, lifeMs = 50): number[] {
  suspicion.start([log]);
  now += suspicion.waitMs();
  suspicion.waitMs();
  const sent: number[] = [];
  for (let entry = log.peek(); entry !== undefined; entry = log.peek()) {
    if (suspicion.isCareful && log.inFlight > 0) break;
    log.send(entry);
    suspicion.sent(log, entry);
    sent.push(entry.seq);
  }
  now += lifeMs;
  suspicion.ended(code, [log]);
  log.rewind();
  return sent;
}

beforeEach(() => {
  now = 0;
  told = [];
  suspicion = new Suspicion(() => now);
  log = aLog();
});

describe('one by one', () => {
  it('begins when two connections die with the same message first in line', () => {
    append(3);
    expect([connection(1006), connection(1006), connection(1006)]).toEqual([[1, 2, 3], [1, 2, 3], [1]]);
  });

  it('does not begin while there is progress', () => {
    for (const entry of append(4)) {
      expect(connection(1006)).toHaveLength(5 - entry.seq);
      log.settleWhile(({ seq }) => seq <= entry.seq);
    }
  });

  it.each([1000, 1001, 1012, 4408, 4429])('does not begin for close code %i', (code) => {
    append(2);
    for (let count = 0; count < 5; count += 1) expect(connection(code)).toEqual([1, 2]);
  });

  it('ends behind what was in flight when it began', () => {
    append(2);
    connection(1006);
    connection(1006);
    append(2);
    expect(suspicion.isCareful).toBe(true);
    log.settleWhile(({ seq }) => seq <= 2);
    expect([suspicion.isCareful, connection(1006)]).toEqual([false, [3, 4]]);
  });
});

describe('the blame', () => {
  it('falls on a message of which five connections died alone, and the rest goes on', () => {
    append(3);
    const sent = Array.from({ length: 8 }, () => connection(1006));
    expect(sent).toEqual([[1, 2, 3], [1, 2, 3], [1], [1], [1], [1], [1], [2, 3]]);
    expect(told).toEqual(['1 MESSAGE_POISONOUS']);
  });

  it('falls on the one that kills, not on the first in line', () => {
    append(3);
    connection(1006);
    connection(1006);
    for (let count = 0; count < 9 && told.length < 2; count += 1) {
      connection(1006);
      // The server takes the first and dies of the second.
      if (log.firstUnsettled === 1) log.settleWhile(({ seq }) => seq === 1);
    }
    expect(told).toEqual(['1 ok', '2 MESSAGE_POISONOUS']);
  });

  it('waits with nothing sent for twice as long as the message took to kill, a second at least', () => {
    append(1);
    for (const lifeMs of [50, 50, 50]) connection(1006, lifeMs);
    suspicion.start([log]);
    expect(suspicion.waitMs()).toBe(1_000);
    now += 999;
    expect(suspicion.waitMs()).toBe(1);
    now += 1;
    expect(suspicion.waitMs()).toBe(0);
    connection(1006, 4_000);
    suspicion.start([log]);
    expect(suspicion.waitMs()).toBe(8_000);
  });

  it('does not fall where a connection with nothing on it dies as soon: that is the network', () => {
    append(1);
    connection(1006);
    connection(1006);
    for (let count = 0; count < 20; count += 1) {
      connection(1006);
      suspicion.start([log]);
      now += Math.min(500, suspicion.waitMs());
      suspicion.ended(1006, [log]);
    }
    expect(told).toEqual([]);
  });

  it('does not fall where the connection lived on for long', () => {
    append(1);
    for (let count = 0; count < 20; count += 1) connection(1006, 10_001);
    expect(told).toEqual([]);
  });

  it('needs no quiet connection where the server, or what is before it, says that the message is too big', () => {
    append(1);
    for (let count = 0; count < 3; count += 1) connection(1009);
    suspicion.start([log]);
    expect(suspicion.waitMs()).toBe(0);
    for (let count = 0; count < 4; count += 1) connection(1009);
    suspicion.start([log]);
    suspicion.waitMs();
    expect(told).toEqual(['1 MESSAGE_POISONOUS']);
  });

  it('is forgotten when the message was taken after all', () => {
    append(2);
    for (let count = 0; count < 3; count += 1) connection(1006);
    log.settleWhile(({ seq }) => seq === 1);
    suspicion.start([log]);
    expect([suspicion.waitMs(), told]).toEqual([0, ['1 ok']]);
  });

  it('does not fall before the welcome', () => {
    append(1);
    for (let count = 0; count < 20; count += 1) suspicion.ended(1006, [log]);
    expect([suspicion.isCareful, told]).toEqual([false, []]);
  });
});

it('lets go of a log that another page has by now', () => {
  append(2);
  connection(1006);
  connection(1006);
  expect([suspicion.isCareful, connection(1006)]).toEqual([true, [1]]);
  // The page was frozen: that log never settles here.
  log = aLog();
  append(2);
  expect(connection(1006)).toEqual([1, 2]);
  expect(told).toEqual([]);
});
