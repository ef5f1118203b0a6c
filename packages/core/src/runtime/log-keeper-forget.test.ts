import { expect, test } from 'vitest';
import type { Entry } from '../machines/producer-log.ts';
import { aPage, anOrigin, type Origin, type Page } from './page.fixture.ts';

// A withdrawn message leaves storage before its receipt rejects: else a later page would deliver it after all.

async function withThreeStored(): Promise<{ origin: Origin; page: Page; entries: [Entry, Entry, Entry] }> {
  const origin = anOrigin();
  const page = await aPage(origin);
  const entries = page.send(3) as [Entry, Entry, Entry];
  await page.advance(20);
  return { origin, page, entries };
}

test('a message that was not written yet is forgotten at once and never written', async () => {
  const origin = anOrigin();
  const page = await aPage(origin);
  const [first] = page.send(2) as [Entry, Entry];
  const told = page.withdraw(first);
  expect(told.outcome).toBe(true);
  await page.advance(20);
  expect(origin.place.stored).toEqual({ tab: [2] });
});

test('one of a segment: what is left is rewritten before the receipt rejects', async () => {
  const { origin, page, entries } = await withThreeStored();
  const release = origin.place.hold('replaceSegment');
  const told = page.withdraw(entries[0]);
  await page.advance(100);
  expect([told.outcome, page.settled]).toEqual([null, []]);
  release();
  await page.settle();
  expect(told.outcome).toBe(true);
  expect(origin.place.stored).toEqual({ tab: [2, 3] });
  expect(page.settled).toEqual(['tab:1 ABORTED']);
});

test('the last of a segment: the segment goes', async () => {
  const { origin, page, entries } = await withThreeStored();
  page.take('tab', 2);
  const told = page.withdraw(entries[2]);
  await page.settle();
  expect([told.outcome, origin.place.stored]).toEqual([true, {}]);
});

test('all of a segment in one turn, in any order', async () => {
  const { origin, page, entries } = await withThreeStored();
  const told = [entries[1], entries[2], entries[0]].map((entry) => page.withdraw(entry));
  await page.settle();
  expect(told.map(({ outcome }) => outcome)).toEqual([true, true, true]);
  expect(origin.place.stored).toEqual({});
});

test('a message withdrawn while it is being written is taken out again', async () => {
  const origin = anOrigin();
  const page = await aPage(origin);
  const release = origin.place.hold('createLog');
  const [first] = page.send(2) as [Entry, Entry];
  await page.advance(20);
  const told = page.withdraw(first);
  await page.settle();
  expect(told.outcome).toBeNull();
  release();
  await page.settle();
  expect([told.outcome, origin.place.stored]).toEqual([true, { tab: [2] }]);
});

test('the rest of a rewritten segment goes when it is settled', async () => {
  const { origin, page, entries } = await withThreeStored();
  page.withdraw(entries[0]);
  await page.settle();
  page.take('tab', 3);
  await page.advance(50);
  expect(origin.place.stored).toEqual({});
});

test('what is settled while its segment is rewritten goes under its new name', async () => {
  const { origin, page, entries } = await withThreeStored();
  const release = origin.place.hold('replaceSegment');
  page.withdraw(entries[0]);
  await page.settle();
  page.take('tab', 3);
  release();
  await page.advance(50);
  expect(origin.place.stored).toEqual({});
});

test('storage that fails meanwhile: nobody knows whether a later page delivers it', async () => {
  const { origin, page, entries } = await withThreeStored();
  origin.place.fail('replaceSegment');
  const told = page.withdraw(entries[0]);
  await page.settle();
  expect(told.outcome).toBe(false);
  expect(page.settled).toEqual(['tab:1 OUTCOME_UNKNOWN']);
  expect(page.ends).toMatchObject([{ code: 'STORAGE_FAILED' }]);
});

test('after storage failed, what it had is in doubt, and what it never had is not', async () => {
  const { page, entries } = await withThreeStored();
  const [unwritten] = page.send() as [Entry];
  await page.loseStorage();
  const [later] = page.send() as [Entry];
  const told = [entries[1], unwritten, later].map((entry) => page.withdraw(entry));
  await page.settle();
  expect(told.map(({ outcome }) => outcome)).toEqual([false, true, true]);
});

test('another page has the log by now: the message is in doubt, not aborted', async () => {
  const { origin, page, entries } = await withThreeStored();
  const log = origin.place.logs.get('tab');
  if (log === undefined) throw new Error('no log');
  log.generation += 1;
  page.withdraw(entries[0]);
  await page.settle();
  expect(page.settled[0]).toBe('tab:1 OUTCOME_UNKNOWN');
});

test('another page has the log by the time of the close: in doubt as well', async () => {
  const { origin, page, entries } = await withThreeStored();
  const log = origin.place.logs.get('tab');
  if (log === undefined) throw new Error('no log');
  log.generation += 1;
  page.withdraw(entries[0]);
  await page.keeper.close(false);
  expect(page.keeper.mayKeep(entries[0])).toBe(true);
});

test('a message that failed for another reason meanwhile is no accident', async () => {
  const { origin, page, entries } = await withThreeStored();
  const told = page.withdraw(entries[0]);
  // A welcome tells a limit that none of them keeps, before storage has done its work.
  for (const entry of entries) page.queue.own.fail(entry, { code: 'MESSAGE_TOO_LARGE', message: 'too large' });
  await page.advance(50);
  expect([told.outcome, page.ends]).toEqual([true, []]);
  expect(origin.place.stored).toEqual({});
});

test('a message that is forgotten and fails is counted once: its neighbours stay stored', async () => {
  const { origin, page, entries } = await withThreeStored();
  page.withdraw(entries[0]);
  page.queue.own.fail(entries[0], { code: 'MESSAGE_TOO_LARGE', message: 'too large' });
  await page.settle();
  page.take('tab', 2);
  await page.advance(100);
  expect(origin.place.stored.tab).toContain(3);
});

test('a message of an adopted log is forgotten there, and a drained log goes', async () => {
  const origin = anOrigin();
  origin.place.leave('old', [4, 5]);
  const page = await aPage(origin);
  page.take('old', 3);
  const old = page.log('old');
  const [first, second] = [...old.entries] as [Entry, Entry];
  page.withdraw(first, old);
  await page.settle();
  expect(origin.place.stored).toEqual({ old: [5] });
  page.withdraw(second, old);
  await page.settle();
  expect([origin.place.stored, page.finished]).toEqual([{}, ['old']]);
});
