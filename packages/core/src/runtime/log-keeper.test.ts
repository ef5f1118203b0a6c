import { countIn } from '../machines/outbox.ts';
import { expect, test } from 'vitest';
import { aPage, anOrigin, Page } from './page.fixture.ts';

// Start, and what happens when storage does not do what it should. Messages go on in memory, and the app is told once.

test('the install is read before the page is ready, and made by the first page', async () => {
  const origin = anOrigin();
  const release = origin.place.hold('open');
  const page = new Page(origin, 'tab');
  let isReady = false;
  void page.keeper.ready().then(() => {
    isReady = true;
  });
  await page.settle();
  expect(isReady).toBe(false);
  release();
  await page.settle();
  expect(isReady).toBe(true);
  expect(page.keeper.identity).toEqual({ clientId: origin.place.clientId, peer: null });
  const other = await aPage(origin, 'other');
  expect(other.keeper.identity.clientId).toBe(page.keeper.identity.clientId);
});

test("the server's name for the identity is stored and known to the next page", async () => {
  const origin = anOrigin();
  const page = await aPage(origin);
  page.keeper.setPeer('peer-alice');
  expect(page.keeper.identity.peer).toBe('peer-alice');
  await page.settle();
  const other = await aPage(origin, 'other');
  expect(other.keeper.identity.peer).toBe('peer-alice');
});

test('the lock comes before the first record', async () => {
  const origin = anOrigin();
  const page = await aPage(origin);
  expect([page.held, origin.place.stored]).toEqual([['tab'], {}]);
});

test('what was sent while the storage was opening is stored, too', async () => {
  const origin = anOrigin();
  const release = origin.place.hold('open');
  const page = new Page(origin, 'tab');
  page.send(2);
  page.keeper.writeSoon();
  await page.advance(100);
  expect(page.canStore).toBe(true);
  release();
  await page.settle();
  expect(origin.place.stored).toEqual({ tab: [1, 2] });
  expect(page.written).toEqual([1, 2]);
});

test.each(['open', 'listLogs'] as const)('%s that rejects at the start', async (method) => {
  const origin = anOrigin();
  origin.place.fail(method, new Error('no'));
  const page = await aPage(origin);
  await page.keeper.ready();
  expect(page.canStore).toBe(false);
  expect(page.ends).toMatchObject([{ cause: new Error('no') }]);
  page.send();
  await page.advance(60_000);
  expect(page.ends).toHaveLength(1);
  expect([origin.place.stored, page.environment.timers]).toEqual([{}, 0]);
});

test.each(['open', 'listLogs', 'claimLog'] as const)('%s that hangs at the start is given up', async (method) => {
  const origin = anOrigin();
  origin.place.leave('old', [1]);
  origin.place.hold(method);
  const page = await aPage(origin);
  let isReady = false;
  void page.keeper.ready().then(() => {
    isReady = true;
  });
  await page.advance(4_999);
  expect([isReady, page.canStore]).toEqual([false, true]);
  await page.advance(1);
  expect([isReady, page.canStore]).toEqual([true, false]);
  expect(page.ends).toHaveLength(1);
});

test('an opening that ends after it was given up changes nothing, and keeps nothing', async () => {
  const origin = anOrigin();
  const release = origin.place.hold('open');
  const page = await aPage(origin);
  const { clientId } = page.keeper.identity;
  await page.advance(5_000);
  release();
  await page.advance(1_000);
  expect(page.keeper.identity.clientId).toBe(clientId);
  expect([page.logs, page.environment.timers, page.ends.length]).toEqual([['tab'], 0, 1]);
});

test('no Web Locks: nothing is stored, and it is said once, with the reason', async () => {
  const origin = anOrigin();
  const page = await aPage(origin, 'tab', { locks: null });
  expect(page.ends).toMatchObject([{ code: 'STORAGE_UNAVAILABLE', cause: { message: /Web Locks/ } }]);
  expect(page.canStore).toBe(false);
  expect(origin.place.callsOf('close').length + origin.place.calls.filter((call) => call === 'close').length).toBe(1);
});

test('no storage of the tab: it stores all the same', async () => {
  const origin = anOrigin();
  const page = await aPage(origin, 'tab', { tabStorage: null });
  page.send();
  await page.advance(20);
  expect(origin.place.stored).toEqual({ tab: [1] });
});

test.each(['createLog', 'append', 'replaceSegment'] as const)('%s that rejects in the middle', async (method) => {
  const origin = anOrigin();
  const page = await aPage(origin);
  if (method !== 'createLog') {
    page.send();
    await page.advance(20);
  }
  origin.place.fail(method);
  if (method === 'replaceSegment') page.take('tab', 1);
  const [entry] = page.send();
  await page.advance(20);
  page.take('tab', page.queue.own.nextSeq - 1);
  page.send();
  await page.advance(60_000);
  expect(page.ends).toMatchObject([{ code: 'STORAGE_FAILED', cause: expect.any(Error) as unknown }]);
  expect(page.canStore).toBe(false);
  expect(entry === undefined ? null : page.written.includes(entry.seq)).toBe(false);
  expect(page.environment.timers).toBe(0);
});

test('a deletion that rejects in the middle', async () => {
  const origin = anOrigin();
  const page = await aPage(origin);
  page.send();
  await page.advance(20);
  origin.place.fail('removeSegments');
  page.take('tab', 1);
  await page.advance(60_000);
  expect(page.ends).toMatchObject([{ code: 'STORAGE_FAILED', cause: expect.any(Error) as unknown }]);
  expect([page.canStore, page.environment.timers, page.settled]).toEqual([false, 0, ['tab:1 ok']]);
});

test('storage that goes away in the middle is reported once, and what it may have is kept in mind', async () => {
  const origin = anOrigin();
  const page = await aPage(origin);
  const [stored] = page.send();
  await page.advance(20);
  const [pending] = page.send();
  await page.loseStorage(new Error('deleted'));
  await page.loseStorage(new Error('again'));
  expect(page.ends).toMatchObject([{ code: 'STORAGE_FAILED', cause: { message: 'deleted' } }]);
  if (stored === undefined || pending === undefined) throw new Error('nothing was sent');
  expect([page.keeper.mayKeep(stored), page.keeper.mayKeep(pending)]).toEqual([true, false]);
  expect(page.environment.timers).toBe(0);
});

test('after storage failed its messages are still sent from memory, adopted ones too', async () => {
  const origin = anOrigin();
  origin.place.leave('old', [1]);
  const page = await aPage(origin);
  page.send();
  await page.loseStorage();
  page.take('old', 1);
  page.take('tab', 1);
  await page.settle();
  expect(page.settled).toEqual(['old:1 ok', 'tab:1 ok']);
  expect([page.finished, origin.place.stored]).toEqual([[], { old: [1] }]);
  // Another page finds out that all of it is taken, and deletes it.
  expect(page.held).toEqual(['tab']);
  const other = await aPage(origin, 'other');
  expect(other.logs).toEqual(['old', 'other']);
});

test('corrupt records are reported, what can be read is sent, and the log stays', async () => {
  const origin = anOrigin();
  origin.place.leave('old', [1, 2]);
  const old = origin.place.logs.get('old');
  if (old !== undefined) old.corrupt = 3;
  const page = await aPage(origin);
  expect(page.reports).toMatchObject([{ code: 'STORAGE_FAILED', details: { corrupt: 3 } }]);
  expect(page.logs).toEqual(['old', 'tab']);
  page.take('old', 2);
  await page.advance(60_000);
  // Its lock stays with it: nobody else need look at it either.
  expect([page.logs, page.held, countIn(page.queue, 'unsettled') === 0]).toEqual([
    ['old', 'tab'],
    ['old', 'tab'],
    true,
  ]);
  expect([page.finished, page.reports.length, page.ends]).toEqual([[], 1, []]);
  expect(origin.place.stored).toEqual({ old: [] });
});

test('a write that finds another generation: the page has lost its log and goes on with a new one', async () => {
  const origin = anOrigin();
  const page = await aPage(origin);
  page.send();
  await page.advance(20);
  const log = origin.place.logs.get('tab');
  if (log === undefined) throw new Error('no log');
  log.generation += 1;
  page.send();
  await page.advance(20);
  expect(page.reports).toMatchObject([{ code: 'LOG_TAKEN_OVER' }]);
  expect(page.settled).toContain('tab:1 OUTCOME_UNKNOWN');
  expect(page.settled).toHaveLength(2);
  page.send();
  await page.advance(20);
  expect(origin.place.stored).toMatchObject({ 'tab-fresh-1': [1] });
  expect(page.ends).toEqual([]);
});

test('an app that closes when it hears that its log is gone gets no other fault', async () => {
  const origin = anOrigin();
  const page = await aPage(origin);
  page.send();
  await page.advance(20);
  const log = origin.place.logs.get('tab');
  if (log === undefined) throw new Error('no log');
  log.generation += 1;
  const closing: Promise<void>[] = [];
  page.onReport = () => void closing.push(page.keeper.close(false));
  page.send();
  await page.advance(20);
  await Promise.all(closing);
  expect(page.reports.map(({ code }) => code)).toEqual(['LOG_TAKEN_OVER']);
  expect([page.ends, page.held, page.environment.timers]).toEqual([[], [], 0]);
});

test('a page that is frozen when it hears that its log is gone stores again after it resumed', async () => {
  const origin = anOrigin();
  const page = await aPage(origin);
  page.send();
  await page.advance(20);
  const log = origin.place.logs.get('tab');
  if (log === undefined) throw new Error('no log');
  log.generation += 1;
  page.onReport = () => page.keeper.freeze();
  page.send();
  await page.advance(20);
  expect(page.held).toEqual([]);
  page.keeper.resume();
  await page.settle();
  page.send();
  await page.advance(20);
  expect(origin.place.stored).toMatchObject({ 'tab-fresh-1': [1] });
  expect(page.ends).toEqual([]);
});
