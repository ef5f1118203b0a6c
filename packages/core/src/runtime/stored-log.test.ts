import { expect, test } from 'vitest';
import { anEntry } from '../machines/outbox.fixture.ts';
import { aPage, anOrigin, Page } from './page.fixture.ts';

// One log's copy in storage, seen through the keeper that owns it.

test('a message is written within 20 ms, and not before', async () => {
  const origin = anOrigin();
  const page = await aPage(origin);
  page.send();
  await page.advance(19);
  expect(origin.place.stored).toEqual({});
  await page.advance(1);
  expect(origin.place.stored).toEqual({ tab: [1] });
  expect(page.written).toEqual([1]);
});

test('the 20 ms begin with the first message, and those of its first 10 join it in one transaction', async () => {
  const origin = anOrigin();
  const page = await aPage(origin);
  page.send();
  await page.advance(9);
  page.send(2);
  await page.advance(6);
  page.send();
  await page.advance(5);
  expect(origin.place.callsOf('createLog')).toEqual(['createLog tab [1..3]']);
  // The next write is that of the younger one, and not of what comes after this one.
  page.send();
  await page.advance(9);
  expect(origin.place.callsOf('append')).toEqual([]);
  await page.advance(1);
  expect(origin.place.callsOf('append')).toEqual(['append tab [4..4]']);
  await page.advance(10);
  expect(origin.place.callsOf('append').at(-1)).toBe('append tab [5..5]');
  page.send(2);
  await page.advance(20);
  expect(origin.place.callsOf('append').at(-1)).toBe('append tab [6..7]');
});

test('a stream whose acknowledgements are fast is never written', async () => {
  const origin = anOrigin();
  const page = await aPage(origin);
  for (let seq = 1; seq <= 20; seq += 1) {
    page.send();
    await page.advance(5);
    page.take('tab', seq);
  }
  await page.advance(100);
  expect([origin.place.calls.filter((call) => call.includes('tab')), page.environment.timers]).toEqual([[], 1]);
});

test('a write that had to wait for another takes all that came meanwhile', async () => {
  const origin = anOrigin();
  const page = await aPage(origin);
  const release = origin.place.hold('createLog');
  page.send();
  await page.advance(20);
  page.send();
  await page.advance(20);
  page.send();
  await page.advance(1);
  release();
  await page.settle();
  expect(origin.place.callsOf('append')).toEqual(['append tab [2..3]']);
});

test('where somebody waits, the write starts at the end of the turn, with all of the turn', async () => {
  const origin = anOrigin();
  const page = await aPage(origin);
  page.send();
  page.keeper.writeSoon();
  page.keeper.writeSoon();
  page.send();
  expect(page.written).toEqual([]);
  await page.settle();
  expect(origin.place.callsOf('createLog')).toEqual(['createLog tab [1..2]']);
  expect(page.written).toEqual([1, 2]);
  expect(page.environment.nextTimerMs).toBeGreaterThan(20);
});

test('an acknowledgement that comes first saves the write', async () => {
  const origin = anOrigin();
  const page = await aPage(origin);
  page.send(3);
  page.take('tab', 2);
  await page.advance(20);
  expect(origin.place.callsOf('createLog')).toEqual(['createLog tab [3..3]']);
  expect(page.written).toEqual([3]);
});

test('all acknowledged in time: no log ever exists', async () => {
  const origin = anOrigin();
  const page = await aPage(origin);
  page.send(3);
  page.take('tab', 3);
  await page.advance(100);
  expect(origin.place.callsOf('createLog')).toEqual([]);
});

test('what came while a transaction ran is the next one, together', async () => {
  const origin = anOrigin();
  const page = await aPage(origin);
  const release = origin.place.hold('createLog');
  page.send();
  page.keeper.writeSoon();
  await page.settle();
  for (let turn = 0; turn < 3; turn += 1) {
    page.send();
    page.keeper.writeSoon();
    await page.settle();
  }
  expect(page.written).toEqual([]);
  release();
  await page.settle();
  expect(origin.place.callsOf('createLog')).toEqual(['createLog tab [1..1]']);
  expect(origin.place.callsOf('append')).toEqual(['append tab [2..4]']);
  expect(page.written).toEqual([1, 2, 3, 4]);
});

test('a segment has 1,000 messages at most', async () => {
  const origin = anOrigin();
  const page = await aPage(origin);
  page.send(2_001);
  await page.advance(20);
  expect(origin.place.callsOf('createLog')).toEqual(['createLog tab [1..1000] [1001..2000] [2001..2001]']);
  expect(page.written).toHaveLength(2_001);
});

test('a segment has 256 KiB at most, and a larger message one of its own', async () => {
  const origin = anOrigin();
  const page = await aPage(origin);
  for (const bytes of [100_000, 100_000, 100_000, 1_000_000, 10, 10]) {
    const entry = anEntry({ payload: '0', bytes });
    page.queue.own.append(entry);
    page.keeper.added(entry);
  }
  await page.advance(20);
  expect(origin.place.callsOf('createLog')).toEqual(['createLog tab [1..2] [3..3] [4..4] [5..6]']);
});

test('a write does not look at segments in which nothing has changed', async () => {
  const page = await aPage();
  const looks: number[] = [];
  const entries = page.send(3);
  await page.advance(20);
  for (const entry of entries) {
    const { status } = entry;
    Object.defineProperty(entry, 'status', {
      get() {
        looks.push(entry.seq);
        return status;
      },
    });
  }
  page.send(2);
  await page.advance(20);
  expect(page.written).toEqual([1, 2, 3, 4, 5]);
  expect(looks).toEqual([]);
});

test('one message that must be on the disk makes its write strict, and only that', async () => {
  const origin = anOrigin();
  const page = await aPage(origin);
  page.send();
  const entry = anEntry();
  page.queue.own.append(entry);
  page.keeper.added(entry, true);
  await page.advance(20);
  page.send();
  await page.advance(20);
  expect(origin.place.stricts).toEqual([true, false]);
});

test('a younger one that must be on the disk is in the strict write, and not in a later one that is none', async () => {
  const origin = anOrigin();
  const page = await aPage(origin);
  page.send();
  await page.advance(15);
  const entry = anEntry();
  page.queue.own.append(entry);
  page.keeper.added(entry, true);
  await page.advance(5);
  expect([page.written, origin.place.stricts]).toEqual([[1, 2], [true]]);
});

test('what was sent in the same moment as a write is stored by a close', async () => {
  const origin = anOrigin();
  const page = await aPage(origin);
  page.send();
  await page.advance(15);
  page.send();
  await page.advance(5);
  page.send();
  await page.keeper.close(false);
  expect(origin.place.stored).toEqual({ tab: [1, 2, 3] });
});

test('what must be on the disk stays strict when it was sent before the storage had opened', async () => {
  const origin = anOrigin();
  const page = new Page(origin, 'tab', {});
  const entry = anEntry();
  page.queue.own.append(entry);
  page.keeper.added(entry, true);
  await page.settle();
  await page.advance(20);
  page.send();
  await page.advance(20);
  expect([page.written, origin.place.stricts]).toEqual([
    [1, 2],
    [true, false],
  ]);
});

test('a segment goes when all in it is settled, and segments of 20 ms go together', async () => {
  const origin = anOrigin();
  const page = await aPage(origin);
  for (let segment = 0; segment < 3; segment += 1) {
    page.send(2);
    page.keeper.writeSoon();
    await page.settle();
  }
  page.take('tab', 3);
  await page.advance(50);
  expect(origin.place.stored).toEqual({ tab: [3, 4, 5, 6] });
  page.take('tab', 4);
  await page.advance(15);
  page.take('tab', 6);
  await page.advance(5);
  expect(origin.place.callsOf('removeSegments')).toEqual(['removeSegments tab 1', 'removeSegments tab 3 5']);
  expect(origin.place.stored).toEqual({});
});

test('a log that is empty goes, and comes back with the next message', async () => {
  const origin = anOrigin();
  const page = await aPage(origin);
  for (const seq of [1, 2]) {
    page.send();
    await page.advance(20);
    expect(origin.place.stored).toEqual({ tab: [seq] });
    page.take('tab', seq);
    await page.advance(20);
    expect(origin.place.stored).toEqual({});
  }
  expect(page.held).toEqual(['tab']);
});

test('what is new and what is settled go into one transaction', async () => {
  const origin = anOrigin();
  const page = await aPage(origin);
  page.send();
  await page.advance(20);
  page.send();
  page.take('tab', 1);
  await page.advance(20);
  expect(origin.place.callsOf('replaceSegment')).toEqual(['replaceSegment tab 1 by [2..2]']);
});

test('what is settled while it is being written is removed afterwards', async () => {
  const origin = anOrigin();
  const page = await aPage(origin);
  const release = origin.place.hold('createLog');
  page.send(2);
  page.keeper.writeSoon();
  await page.settle();
  page.take('tab', 2);
  await page.advance(100);
  expect(origin.place.callsOf('removeSegments')).toEqual([]);
  release();
  await page.settle();
  await page.advance(50);
  expect(origin.place.stored).toEqual({});
});

test('the stored copy has the payload and the time to live', async () => {
  const origin = anOrigin();
  const page = await aPage(origin);
  const ttl = { ms: 5_000, since: 17 };
  const entry = anEntry({ payload: '{"a":"ü"}', bytes: 10, ttl, expiresAt: 6_000 });
  page.queue.own.append(entry);
  page.keeper.added(entry);
  await page.advance(20);
  const [segment] = origin.place.logs.get('tab')?.segments.values() ?? [];
  expect(segment).toEqual([{ seq: 1, payload: '{"a":"ü"}', ttl }]);
});
