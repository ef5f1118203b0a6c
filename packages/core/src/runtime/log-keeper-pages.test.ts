import { expect, test } from 'vitest';
import { Listing } from '../machines/listing.ts';
import { segment } from '../testing/outbox-store-conformance.ts';
import { aPage, anOrigin, type Origin } from './page.fixture.ts';

// A log of a page that is gone is read in pages: a huge one is never in memory as a whole.

/** The log `old` in segments of two messages, pages of four. */
function anOriginWithLog(messages: number): Origin {
  const origin = anOrigin();
  origin.place.pageMessages = 4;
  const firsts = Array.from({ length: messages / 2 }, (_, index) => index * 2 + 1);
  origin.place.logs.set('old', {
    id: 'old',
    after: null,
    generation: 1,
    corrupt: 0,
    segments: new Map(firsts.map((first) => [first, segment(first, first + 1)])),
  });
  return origin;
}

function seqsOf(entries: readonly { readonly seq: number }[]): number[] {
  return entries.map(({ seq }) => seq);
}

test('two pages are here at the start, and the claim is that of the whole log', async () => {
  const page = await aPage(anOriginWithLog(20));
  const log = page.log('old');
  expect(seqsOf(log.entries)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  expect([log.unsettled, log.isSettled]).toEqual([20, false]);
  expect(new Listing(log, 0).claim).toEqual(['old', 1, 21, 20]);
});

test('the next page comes when one is left, and the last one ends in a deletion', async () => {
  const origin = anOriginWithLog(20);
  const page = await aPage(origin);
  const changes = [page.changes];
  for (const seq of [3, 4, 8, 12, 16, 20]) {
    page.take('old', seq);
    await page.settle();
    changes.push(page.changes);
    if (seq < 20) expect(page.log('old').unsettled).toBe(20 - seq);
  }
  expect(origin.place.callsOf('readLog')).toEqual([4, 8, 12, 16].map((after) => `readLog old after ${after}`));
  // Each page is more to send.
  expect(new Set(changes).size).toBeGreaterThan(3);
  await page.advance(20);
  expect([page.logs, page.finished, origin.place.stored]).toEqual([['tab'], ['old'], {}]);
  expect(page.settled).toEqual(Array.from({ length: 20 }, (_, index) => `old:${index + 1} ok`));
});

test('what the server has of pages that are not read yet is deleted unsent', async () => {
  const origin = anOriginWithLog(20);
  const page = await aPage(origin);
  page.take('old', 17);
  await page.settle();
  const log = page.log('old');
  expect(seqsOf(log.entries)).toEqual([18, 19, 20]);
  await page.advance(20);
  expect(origin.place.stored).toEqual({ old: [17, 18, 19, 20] });
  page.take('old', 20);
  await page.settle();
  expect([page.finished, origin.place.stored]).toEqual([['old'], {}]);
});

test('the next page comes when all that is here was withdrawn, too', async () => {
  const origin = anOriginWithLog(20);
  const page = await aPage(origin);
  const log = page.log('old');
  new Listing(log, 0).begin([0, []]);
  await page.settle();
  for (const entry of log.entries) page.withdraw(entry, log);
  await page.settle();
  expect(seqsOf(log.entries)).toEqual([9, 10, 11, 12, 13, 14, 15, 16]);
});

test('a segment that is rewritten behind the reader is not read again', async () => {
  const origin = anOriginWithLog(20);
  const page = await aPage(origin);
  const log = page.log('old');
  new Listing(log, 0).begin([4, []]);
  await page.settle();
  expect(seqsOf(log.entries).at(-1)).toBe(12);
  const [entry] = log.entries.filter(({ seq }) => seq === 11);
  page.withdraw(entry!, log);
  await page.settle();
  expect(origin.place.callsOf('replaceSegment')).toEqual(['replaceSegment old 1 3 11 by [12..12]']);
  page.take('old', 9);
  await page.settle();
  expect(seqsOf(log.entries.filter(({ status }) => status === 'queued'))).toEqual([10, 12, 13, 14, 15, 16]);
});

test('a refusal of a message that is not read yet is told when it is', async () => {
  const page = await aPage(anOriginWithLog(20));
  new Listing(page.log('old'), 0).begin([12, [[11, { code: 'NO', message: 'no' }]]]);
  await page.settle();
  expect(page.settled.slice(-1)).toEqual(['old:11 REFUSED']);
  expect(page.log('old').unsettled).toBe(8);
});

test('messages that a server has proved untaken can be withdrawn, those that come later too', async () => {
  const page = await aPage(anOriginWithLog(20));
  new Listing(page.log('old'), 0).begin([4, [], 14]);
  await page.settle();
  page.take('old', 12);
  await page.settle();
  const { entries } = page.log('old');
  expect(seqsOf(entries.filter(({ maybeSent }) => maybeSent))).toEqual([]);
});

test('what a crashed server may have run stays in doubt, in later pages too', async () => {
  const page = await aPage(anOriginWithLog(20));
  new Listing(page.log('old'), 0).begin([7, [], 14]);
  await page.settle();
  const { entries } = page.log('old');
  expect(entries.map(({ seq, maybeSent }) => [seq, maybeSent])).toEqual([8, 9, 10, 11, 12].map((seq) => [seq, true]));
});

test('the own log waits for all pages of the one before it', async () => {
  const origin = anOriginWithLog(20);
  const tabStorage = new Map([['test:alice:log', 'old']]);
  const page = await aPage(origin, 'tab', { tabStorage });
  const release = origin.place.hold('readLog');
  page.take('old', 8);
  await page.settle();
  expect([page.log('old').entries, page.waitsBehind]).toEqual([[], 'old']);
  release();
  await page.settle();
  expect(page.waitsBehind).toBe('old');
  for (const seq of [12, 16, 20]) {
    page.take('old', seq);
    await page.settle();
  }
  expect(page.waitsBehind).toBe(null);
});

test('storage that fails in the middle: what is here is sent, the rest stays for a later page', async () => {
  const origin = anOriginWithLog(20);
  const page = await aPage(origin);
  origin.place.fail('readLog');
  page.take('old', 5);
  await page.settle();
  expect(page.ends).toMatchObject([{ code: 'STORAGE_FAILED' }]);
  expect(page.log('old').unsettled).toBe(3);
  page.take('old', 8);
  await page.settle();
  expect([page.logs, page.held, page.finished]).toEqual([['tab'], ['tab'], []]);
  origin.place.mend();
  const next = await aPage(origin, 'next');
  expect(next.log('old').unsettled).toBe(20);
});

test('storage that fails in the middle: what follows the rest waits for it, too', async () => {
  const origin = anOriginWithLog(20);
  // Pages of one tab: each has sent what the one before it has left.
  for (const [id, after] of [
    ['second', 'old'],
    ['third', 'second'],
    ['alone', null],
  ] as const) {
    origin.place.logs.set(id, { id, after, generation: 1, corrupt: 0, segments: new Map([[1, segment(1)]]) });
  }
  const page = await aPage(origin);
  expect(page.logs).toEqual(['old', 'second', 'third', 'alone', 'tab']);
  origin.place.fail('readLog');
  page.take('old', 5);
  await page.settle();
  expect([page.logs, page.held]).toEqual([
    ['old', 'alone', 'tab'],
    ['alone', 'old', 'tab'],
  ]);
});

test('storage that fails before all logs were looked for: what may follow one of them waits for it, too', async () => {
  const origin = anOrigin();
  for (const [id, after] of [
    ['first', null],
    ['second', 'first'],
  ] as const) {
    origin.place.logs.set(id, { id, after, generation: 1, corrupt: 0, segments: new Map([[1, segment(1)]]) });
  }
  origin.place.fail('listLogs');
  const page = await aPage(origin, 'tab', { tabStorage: new Map([['test:alice:log', 'second']]) });
  expect(page.ends).toMatchObject([{ code: 'STORAGE_FAILED' }]);
  expect([page.logs, page.held]).toEqual([['tab'], ['tab']]);
});

test('storage that hangs in the middle counts as broken after 5 s', async () => {
  const origin = anOriginWithLog(20);
  const page = await aPage(origin);
  const release = origin.place.hold('readLog');
  page.take('old', 8);
  await page.settle();
  await page.advance(5_000);
  expect(page.ends).toMatchObject([{ code: 'STORAGE_FAILED' }]);
  expect(page.logs).toEqual(['tab']);
  release();
  await page.settle();
  expect(page.logs).toEqual(['tab']);
});

test('a log that another page took in the middle is let go', async () => {
  const origin = anOriginWithLog(20);
  const page = await aPage(origin);
  origin.place.claimLog('old');
  page.take('old', 5);
  await page.settle();
  expect([page.logs, page.held, page.ends]).toEqual([['tab'], ['tab'], []]);
});

test('a page that is frozen in the middle leaves the log to others', async () => {
  const origin = anOriginWithLog(20);
  const page = await aPage(origin);
  const release = origin.place.hold('readLog');
  page.take('old', 5);
  await page.settle();
  page.keeper.freeze();
  release();
  await page.settle();
  expect([page.logs, page.held]).toEqual([['tab'], []]);
  const next = await aPage(origin, 'next');
  expect(next.log('old').unsettled).toBe(20);
});

test('records that can not be read are told of, on a later page too', async () => {
  const origin = anOriginWithLog(12);
  const page = await aPage(origin);
  const read = origin.place.readLog.bind(origin.place);
  origin.place.readLog = (log, after) => ({ ...read(log, after), corrupt: 2 });
  page.take('old', 5);
  await page.settle();
  expect(page.reports).toMatchObject([{ code: 'STORAGE_FAILED', details: { corrupt: 2 } }]);
});
