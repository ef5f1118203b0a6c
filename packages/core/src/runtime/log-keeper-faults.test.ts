import { expect, test } from 'vitest';
import { StorageFault } from '../storage/ports.ts';
import { segment } from '../testing/outbox-store-conformance.ts';
import { aPage, anOrigin, type Origin, type Page } from './page.fixture.ts';

// What a page does when there is no room, and when what was stored has vanished.

function fill({ place }: Origin): void {
  const fault = new StorageFault('full', 'no room');
  for (const call of ['createLog', 'append', 'replaceSegment'] as const) place.fail(call, fault);
}

async function store(page: Page, count = 1): Promise<void> {
  page.send(count);
  page.keeper.writeSoon();
  await page.settle();
}

test('without room nothing is lost: what is new waits in memory, and is stored when there is room', async () => {
  const origin = anOrigin();
  const page = await aPage(origin);
  await store(page, 2);
  fill(origin);
  await store(page, 2);
  expect([page.reports, page.ends]).toMatchObject([[{ code: 'STORAGE_FULL' }], []]);
  expect(origin.place.stored).toEqual({ tab: [1, 2] });
  origin.place.mend();
  await page.advance(9_999);
  expect(origin.place.stored).toEqual({ tab: [1, 2] });
  await page.advance(1);
  expect(origin.place.stored).toEqual({ tab: [1, 2, 3, 4] });
  expect(page.written).toEqual([1, 2, 3, 4]);
});

test('what is withdrawn while its segment finds no room is left out of the next one, and nothing else', async () => {
  const origin = anOrigin();
  const page = await aPage(origin);
  fill(origin);
  const release = origin.place.hold('createLog');
  const [, second] = page.send(2);
  page.keeper.writeSoon();
  await page.settle();
  page.withdraw(second!);
  release();
  await page.settle();
  origin.place.mend();
  await store(page);
  expect([origin.place.stored, page.ends]).toEqual([{ tab: [1, 3] }, []]);
});

test('a lack of room is told once, and again after there was some', async () => {
  const origin = anOrigin();
  const page = await aPage(origin);
  for (let time = 0; time < 2; time += 1) {
    fill(origin);
    for (let count = 0; count < 3; count += 1) await store(page);
    expect([page.reports.length, page.fulls.length]).toEqual([time + 1, time * 3 + 3]);
    origin.place.mend();
    await page.advance(10_000);
  }
  expect(origin.place.stored).toEqual({ tab: [1, 2, 3, 4, 5, 6] });
});

test('without room new messages are not tried every 20 ms, but at once where somebody waits', async () => {
  const origin = anOrigin();
  const page = await aPage(origin);
  fill(origin);
  await store(page);
  const before = origin.place.stricts.length;
  for (let count = 0; count < 50; count += 1) {
    page.send();
    await page.advance(100);
  }
  expect(origin.place.stricts.length - before).toBe(0);
  origin.place.mend();
  await store(page);
  expect(page.written).toHaveLength(52);
});

test('what is settled makes room at once, in a write of its own', async () => {
  const origin = anOrigin();
  const page = await aPage(origin);
  await store(page, 2);
  await store(page, 2);
  fill(origin);
  await store(page, 1);
  page.take('tab', 2);
  await page.settle();
  expect(origin.place.stored).toEqual({ tab: [3, 4] });
  origin.place.mend();
  await page.advance(10_000);
  expect(origin.place.stored).toEqual({ tab: [3, 4, 5] });
});

test('what makes room may empty the log: what comes then makes it anew', async () => {
  const origin = anOrigin();
  const page = await aPage(origin);
  await store(page);
  fill(origin);
  await store(page);
  page.take('tab', 1);
  await page.settle();
  expect(origin.place.stored).toEqual({});
  origin.place.mend();
  await page.advance(10_000);
  expect([origin.place.stored, page.ends, page.reports.length]).toEqual([{ tab: [2] }, [], 1]);
});

test('a message withdrawn without room is in doubt, and taken out when there is room', async () => {
  const origin = anOrigin();
  const page = await aPage(origin);
  await store(page, 2);
  fill(origin);
  const [first] = page.queue.own.entries;
  const told = page.withdraw(first!);
  await page.settle();
  expect([told.outcome, origin.place.stored]).toEqual([false, { tab: [1, 2] }]);
  origin.place.mend();
  await page.advance(10_000);
  expect(origin.place.stored).toEqual({ tab: [2] });
});

test('what is settled while a write finds no room is not written later', async () => {
  const origin = anOrigin();
  const page = await aPage(origin);
  fill(origin);
  const release = origin.place.hold('createLog');
  page.send(3);
  page.keeper.writeSoon();
  await page.settle();
  page.take('tab', 2);
  release();
  await page.settle();
  origin.place.mend();
  await page.advance(10_000);
  expect(origin.place.stored).toEqual({ tab: [3] });
});

test('a message that must be on the disk stays so when its write is tried again', async () => {
  const origin = anOrigin();
  const page = await aPage(origin);
  fill(origin);
  const [entry] = page.send();
  page.keeper.added(entry!, true);
  await page.advance(20);
  origin.place.mend();
  await page.advance(10_000);
  expect(origin.place.stricts).toEqual([true, true]);
});

test('storage that is gone is told with what only it had: the pages of a log that were not read', async () => {
  const origin = anOrigin();
  origin.place.pageMessages = 2;
  const segments = [1, 3, 5, 7, 9].map((first) => [first, segment(first, first + 1)] as const);
  origin.place.logs.set('old', { id: 'old', after: null, generation: 1, corrupt: 0, segments: new Map(segments) });
  const page = await aPage(origin);
  origin.place.fail('createLog', new StorageFault('gone', 'deleted'));
  await store(page);
  expect(page.ends).toMatchObject([{ code: 'STORAGE_LOST', details: { lost: ['old 5 10'] } }]);
  expect(page.log('old').unsettled).toBe(4);
});

test.each([
  ['newer-version', 'STORAGE_UNAVAILABLE'],
  ['no-crypto', 'STORAGE_UNAVAILABLE'],
  ['full', 'STORAGE_UNAVAILABLE'],
] as const)('storage that can not be opened says why: %s', async (reason, code) => {
  const origin = anOrigin();
  origin.place.fail('open', new StorageFault(reason, 'because'));
  const page = await aPage(origin);
  expect(page.ends).toMatchObject([{ code, details: { reason } }]);
});

test('a reload finds that the storage was cleared meanwhile: one event with the range', async () => {
  const origin = anOrigin();
  const tabStorage = new Map<string, string>();
  const before = await aPage(origin, 'before', { tabStorage });
  await store(before, 3);
  before.take('before', 1);
  before.keeper.freeze();
  await before.settle();
  const cleared: Origin = { place: anOrigin().place, locks: origin.locks };
  const after = await aPage(cleared, 'after', { tabStorage });
  expect(after.reports).toMatchObject([{ code: 'STORAGE_LOST', details: { lost: ['before 2 3'] } }]);
  expect(after.ends).toEqual([]);
  after.keeper.freeze();
  const next = await aPage(cleared, 'next', { tabStorage });
  expect(next.reports).toEqual([]);
});

test('a reload that finds the storage as it was says nothing, nor one of a page that left nothing', async () => {
  const origin = anOrigin();
  const tabStorage = new Map<string, string>();
  const one = await aPage(origin, 'one', { tabStorage });
  await store(one);
  one.keeper.freeze();
  const two = await aPage(origin, 'two', { tabStorage });
  two.take('one', 1);
  await two.settle();
  two.keeper.freeze();
  const three = await aPage({ place: anOrigin().place, locks: origin.locks }, 'three', { tabStorage });
  expect([two.reports, three.reports]).toEqual([[], []]);
});

test('a write that hung and finds no room after the page has closed leaves no timer', async () => {
  const origin = anOrigin();
  const page = await aPage(origin);
  fill(origin);
  const release = origin.place.hold('createLog');
  page.send();
  const closing = page.keeper.close(false);
  await page.advance(10_000);
  await closing;
  release();
  await page.settle();
  expect(page.environment.timers).toBe(0);
});
