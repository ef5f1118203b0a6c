import { expect, test } from 'vitest';
import type { Entry } from '../machines/producer-log.ts';
import { aPage, anOrigin, type Page } from './page.fixture.ts';

// After close no lock, no timer and no open storage is left, whatever was under way.

function left(page: Page): unknown[] {
  return [page.held, page.waitsFor, page.environment.timers];
}

const nothing = [[], [], 0];

test('what is pending is written, stays, and may be kept', async () => {
  const origin = anOrigin();
  const page = await aPage(origin);
  const [entry] = page.send() as [Entry];
  await page.keeper.close(false);
  expect(origin.place.stored).toEqual({ tab: [1] });
  expect(page.keeper.mayKeep(entry)).toBe(true);
  expect(left(page)).toEqual(nothing);
  expect(origin.place.calls.at(-1)).toBe('close');
});

// It may never run again: a lock that it keeps would be held for ever, and its log with it.
test('a page that is frozen while it closes gives its locks back at once', async () => {
  const origin = anOrigin();
  const page = await aPage(origin);
  page.send();
  const release = origin.place.hold('createLog');
  void page.keeper.close(false);
  await page.advance(0);
  expect(page.held).toEqual(['tab']);
  page.keeper.freeze();
  expect(page.held).toEqual([]);
  release();
});

test('with discard nothing is written, and what was stored goes', async () => {
  const origin = anOrigin();
  const page = await aPage(origin);
  const [stored] = page.send() as [Entry];
  await page.advance(20);
  const [pending] = page.send() as [Entry];
  await page.keeper.close(true);
  expect(origin.place.stored).toEqual({});
  expect([page.keeper.mayKeep(stored), page.keeper.mayKeep(pending)]).toEqual([false, false]);
  expect(left(page)).toEqual(nothing);
});

test('discard leaves the messages of other pages alone', async () => {
  const origin = anOrigin();
  origin.place.leave('old', [1]);
  const page = await aPage(origin);
  page.send();
  await page.keeper.close(true);
  expect(origin.place.stored).toEqual({ old: [1] });
  const next = await aPage(origin, 'next');
  expect(next.logs).toEqual(['old', 'next']);
});

test('an own log with nothing left in it is deleted', async () => {
  const origin = anOrigin();
  const page = await aPage(origin);
  page.send();
  await page.advance(20);
  page.take('tab', 1);
  await page.keeper.close(false);
  expect(origin.place.stored).toEqual({});
  expect(left(page)).toEqual(nothing);
});

test('a removal that was due later has no timer any more', async () => {
  const origin = anOrigin();
  const page = await aPage(origin);
  for (let segment = 0; segment < 2; segment += 1) {
    page.send();
    await page.advance(20);
  }
  page.take('tab', 1);
  expect(page.environment.timers).toBe(2);
  await page.keeper.close(false);
  expect(left(page)).toEqual(nothing);
});

test('close waits for the write that runs', async () => {
  const origin = anOrigin();
  const page = await aPage(origin);
  const release = origin.place.hold('createLog');
  page.send();
  await page.advance(20);
  let isClosed = false;
  void page.keeper.close(false).then(() => {
    isClosed = true;
  });
  await page.advance(1_000);
  expect(isClosed).toBe(false);
  release();
  await page.settle();
  expect([isClosed, origin.place.stored]).toEqual([true, { tab: [1] }]);
});

test('storage that hangs holds close up for 3 s at most', async () => {
  const origin = anOrigin();
  const page = await aPage(origin);
  const [entry] = page.send() as [Entry];
  origin.place.hold('createLog');
  let isClosed = false;
  void page.keeper.close(false).then(() => {
    isClosed = true;
  });
  await page.advance(2_999);
  expect(isClosed).toBe(false);
  await page.advance(1);
  expect(isClosed).toBe(true);
  expect(page.keeper.mayKeep(entry)).toBe(true);
  expect(left(page)).toEqual(nothing);
});

test('storage that never closes does not hold close up for ever', async () => {
  const origin = anOrigin();
  const page = await aPage(origin);
  origin.place.hold('close');
  let isClosed = false;
  void page.keeper.close(false).then(() => {
    isClosed = true;
  });
  await page.advance(3_000);
  expect(isClosed).toBe(true);
  expect(left(page)).toEqual(nothing);
  expect(page.reports).toMatchObject([{ code: 'STORAGE_FAILED' }]);
});

test('storage that fails while it is closed is reported, and close resolves', async () => {
  const origin = anOrigin();
  const page = await aPage(origin);
  origin.place.fail('close');
  await page.keeper.close(false);
  expect(page.reports).toMatchObject([{ code: 'STORAGE_FAILED' }]);
  expect(left(page)).toEqual(nothing);
});

test('a discard that fails leaves the messages in doubt', async () => {
  const origin = anOrigin();
  const page = await aPage(origin);
  const [entry] = page.send() as [Entry];
  await page.advance(20);
  origin.place.fail('removeSegments');
  await page.keeper.close(true);
  expect(page.keeper.mayKeep(entry)).toBe(true);
  expect(page.ends).toHaveLength(1);
});

test('a discard that finds another owner leaves the messages in doubt', async () => {
  const origin = anOrigin();
  const page = await aPage(origin);
  const [entry] = page.send() as [Entry];
  await page.advance(20);
  const log = origin.place.logs.get('tab');
  if (log === undefined) throw new Error('no log');
  log.generation += 1;
  await page.keeper.close(true);
  expect(page.keeper.mayKeep(entry)).toBe(true);
  expect([page.reports, page.ends]).toEqual([[], []]);
});

test.each(['open', 'listLogs', 'claimLog'] as const)('closed while %s runs: nothing is left behind', async (method) => {
  const origin = anOrigin();
  origin.place.leave('old', [1]);
  const release = origin.place.hold(method);
  const page = await aPage(origin);
  const closed = page.keeper.close(false);
  await page.settle();
  release();
  await closed;
  expect(left(page)).toEqual(nothing);
  expect([page.ends, page.reports]).toEqual([[], []]);
  expect(origin.place.calls.at(-1)).toBe('close');
  await page.advance(60_000);
  expect(left(page)).toEqual(nothing);
});

test('closed while the storage hangs at the start: close ends with the wait for it', async () => {
  const origin = anOrigin();
  origin.place.hold('open');
  const page = await aPage(origin);
  let isClosed = false;
  void page.keeper.close(false).then(() => {
    isClosed = true;
  });
  await page.advance(5_000);
  expect(isClosed).toBe(true);
  expect(left(page)).toEqual(nothing);
});

test('after close nothing is written, removed or looked for any more', async () => {
  const origin = anOrigin();
  const page = await aPage(origin);
  page.send(2);
  await page.advance(20);
  await page.keeper.close(false);
  const calls = origin.place.calls.length;
  page.take('tab', 1);
  page.keeper.writeSoon();
  page.keeper.resume();
  await page.advance(60_000);
  expect(origin.place.calls).toHaveLength(calls);
  expect(origin.place.stored).toEqual({ tab: [1, 2] });
});

test('closed right after storage failed: its end is waited for', async () => {
  const origin = anOrigin();
  const page = await aPage(origin);
  const release = origin.place.hold('close');
  await page.loseStorage();
  let isClosed = false;
  void page.keeper.close(false).then(() => {
    isClosed = true;
  });
  await page.settle();
  expect(isClosed).toBe(false);
  release();
  await page.settle();
  expect([isClosed, page.ends.length]).toEqual([true, 1]);
  expect(left(page)).toEqual(nothing);
});
