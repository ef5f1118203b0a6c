import { expect, test } from 'vitest';
import { isBlocked } from '../machines/outbox.ts';
import { aPage, anOrigin, Page, type Origin } from './page.fixture.ts';

// A reload is a succession: the new page sends what the old one left before its own messages.

/** A page that stored two messages and is gone, with what the tab remembers of it. */
async function aReload(origin: Origin = anOrigin()): Promise<{ origin: Origin; tabStorage: Map<string, string> }> {
  const tabStorage = new Map<string, string>();
  const page = await aPage(origin, 'before', { tabStorage });
  page.send(2);
  await page.advance(20);
  origin.locks.dropTab('before');
  return { origin, tabStorage };
}

test('the log of the page before is taken over and goes first', async () => {
  const { origin, tabStorage } = await aReload();
  const page = await aPage(origin, 'after', { tabStorage });
  expect(page.logs).toEqual(['before', 'after']);
  expect(page.queue.own.after).toBe(page.log('before'));
  expect([...page.log('before').entries]).toMatchObject([
    { seq: 1, payload: '"before:1"', maybeSent: true, status: 'queued' },
    { seq: 2, payload: '"before:2"', maybeSent: true, status: 'queued' },
  ]);
  expect(page.held).toEqual(['after', 'before']);
});

test('the own log says in storage whom it follows, and no longer once that is settled', async () => {
  const { origin, tabStorage } = await aReload();
  const page = await aPage(origin, 'after', { tabStorage });
  page.send();
  await page.advance(20);
  expect(origin.place.logs.get('after')).toMatchObject({ after: 'before' });
  page.take('before', 2);
  await page.settle();
  expect(page.finished).toEqual(['before']);
  expect(page.queue.own.after === null || page.queue.own.after.isSettled).toBe(true);
});

test('over several reloads each log waits for the one before it', async () => {
  const { origin, tabStorage } = await aReload();
  const second = await aPage(origin, 'second', { tabStorage });
  second.send();
  await second.advance(20);
  origin.locks.dropTab('second');
  const third = await aPage(origin, 'third', { tabStorage });
  expect([...third.logs].sort()).toEqual(['before', 'second', 'third']);
  expect(third.log('third').after).toBe(third.log('second'));
  expect(third.log('second').after).toBe(third.log('before'));
});

test('over many reloads the whole chain is taken before any of it is sent, and not only what the tab remembers', async () => {
  const { origin, tabStorage } = await aReload();
  for (const tab of ['second', 'third']) {
    const page = await aPage(origin, tab, { tabStorage });
    page.send();
    await page.advance(20);
    origin.locks.dropTab(tab);
  }
  // The list of all logs is late.
  const release = origin.place.hold('listLogs');
  const fourth = await aPage(origin, 'fourth', { tabStorage });
  expect(fourth.logs).toEqual(['before', 'second', 'third', 'fourth']);
  expect(fourth.log('second').after).toBe(fourth.log('before'));
  release();
  await fourth.settle();
  expect(fourth.logs).toEqual(['before', 'second', 'third', 'fourth']);
});

/** What pages that are gone have left: three logs, one after the other. */
function aChain(): Origin {
  const origin = anOrigin();
  origin.place.leave('first', [1]);
  origin.place.leave('second', [1], 'first');
  origin.place.leave('third', [1], 'second');
  return origin;
}

/** The server has had the one message of a log all along. */
async function settleLog(page: Page, id: string): Promise<void> {
  page.take(id, 1);
  await page.settle();
  expect(page.finished).toContain(id);
}

test('who followed a log that is settled in the middle of a chain follows the one before it, and storage says so first', async () => {
  const origin = aChain();
  const page = await aPage(origin);
  origin.place.calls.length = 0;
  await settleLog(page, 'second');
  expect(origin.place.logs.get('third')).toMatchObject({ after: 'first' });
  expect(origin.place.calls).toEqual(['checkLog third', 'removeSegments second 1', 'deleteLog second']);
});

test('of several that are settled at once none goes before storage says whom the one behind them all follows', async () => {
  const origin = aChain();
  origin.place.leave('fourth', [1], 'third');
  const page = await aPage(origin);
  origin.place.calls.length = 0;
  page.take('second', 1);
  page.take('third', 1);
  await page.settle();
  expect(page.finished).toEqual(['second', 'third']);
  expect(origin.place.logs.get('fourth')).toMatchObject({ after: 'first' });
  expect(origin.place.calls.find((call) => /^(?:checkLog|deleteLog)/.test(call))).toBe('checkLog fourth');
});

test('the own log, too: the next page sends what is left of the chain in order', async () => {
  const origin = aChain();
  const tabStorage = new Map([['test:alice:log', 'third']]);
  const page = await aPage(origin, 'fourth', { tabStorage });
  page.send();
  await page.advance(20);
  await settleLog(page, 'third');
  await settleLog(page, 'second');
  expect(origin.place.logs.get('fourth')).toMatchObject({ after: 'first' });
  origin.locks.dropTab('fourth');
  // The list of all logs is late.
  origin.place.hold('listLogs');
  const next = await aPage(origin, 'fifth', { tabStorage });
  expect(next.logs).toEqual(['first', 'fourth', 'fifth']);
  expect(next.log('fourth').after).toBe(next.log('first'));
});

test('a log that storage gives to another page in that moment is let go', async () => {
  const origin = aChain();
  const page = await aPage(origin);
  const third = origin.place.logs.get('third');
  if (third === undefined) throw new Error('it is not stored');
  third.generation += 1;
  await settleLog(page, 'second');
  expect(page.logs).toEqual(['first', 'tab']);
  expect(page.finished).toEqual(['second']);
});

test('logs that follow each other in a circle are each taken once', async () => {
  const { origin, tabStorage } = await aReload();
  const second = await aPage(origin, 'second', { tabStorage });
  second.send();
  await second.advance(20);
  origin.locks.dropTab('second');
  const first = origin.place.logs.get('before');
  if (first === undefined) throw new Error('it is not stored');
  origin.place.logs.set('before', { ...first, after: 'second' });
  const third = await aPage(origin, 'third', { tabStorage });
  expect([...third.logs].sort()).toEqual(['before', 'second', 'third']);
  // One of them goes first, and the other one after it: a circle would block both, and whoever asks for its end.
  const blocked = third.queue.logs.filter((log) => isBlocked(third.queue, log)).map(({ id }) => id);
  expect(blocked).toEqual(['before', 'third']);
  third.take('before', 2);
  third.take('second', 1);
  await third.settle();
  expect(third.finished.sort()).toEqual(['before', 'second']);
});

test('a page between that stored nothing does not break the chain', async () => {
  const { origin, tabStorage } = await aReload();
  await aPage(origin, 'second', { tabStorage });
  origin.locks.dropTab('second');
  const third = await aPage(origin, 'third', { tabStorage });
  expect(third.queue.own.after).toBe(third.log('before'));
});

test('a page between that died before its first write had ended does not break the chain either', async () => {
  const { origin, tabStorage } = await aReload();
  const release = origin.place.hold('createLog');
  const second = await aPage(origin, 'second', { tabStorage });
  second.send();
  await second.advance(20);
  origin.locks.dropTab('second');
  const third = await aPage(origin, 'third', { tabStorage: new Map(tabStorage) });
  expect(third.queue.own.after).toBe(third.log('before'));
  release();
});

test('the page before is waited for while it is on its way out', async () => {
  const { origin, tabStorage } = await aReload();
  const release = await origin.locks.forTab('before').request('test:alice:before', { ifAvailable: true });
  const page = await aPage(origin, 'after', { tabStorage });
  await page.advance(900);
  expect([page.waitsFor, page.logs]).toEqual([['before'], ['after']]);
  release?.();
  await page.settle();
  expect([page.waitsFor, page.logs]).toEqual([[], ['before', 'after']]);
});

test('a duplicated tab finds the lock held: after a second it has no predecessor', async () => {
  const origin = anOrigin();
  const tabStorage = new Map<string, string>();
  const original = await aPage(origin, 'original', { tabStorage });
  original.send();
  await original.advance(20);
  const copy = new Page(origin, 'copy', { tabStorage: new Map(tabStorage) });
  let isReady = false;
  void copy.keeper.ready().then(() => {
    isReady = true;
  });
  await copy.advance(999);
  expect(isReady).toBe(false);
  await copy.advance(1);
  expect(isReady).toBe(true);
  expect([copy.logs, copy.queue.own.after, copy.waitsFor]).toEqual([['copy'], null, []]);
  expect(original.logs).toEqual(['original']);
  expect(original.reports).toEqual([]);
});

test('a page frozen while it waits takes its request back, and gets its predecessor when it resumes', async () => {
  const { origin, tabStorage } = await aReload();
  const release = await origin.locks.forTab('before').request('test:alice:before', { ifAvailable: true });
  const page = await aPage(origin, 'after', { tabStorage });
  expect(page.waitsFor).toEqual(['before']);
  page.keeper.freeze();
  expect([page.held, page.waitsFor]).toEqual([[], []]);
  await page.advance(60_000);
  release?.();
  await page.settle();
  expect(page.held).toEqual([]);
  page.keeper.resume();
  await page.settle();
  expect(page.queue.own.after).toBe(page.log('before'));
});

test('a page frozen before its predecessor was drained is not blocked for ever', async () => {
  const { origin, tabStorage } = await aReload();
  const page = await aPage(origin, 'after', { tabStorage });
  page.send();
  page.keeper.freeze();
  await page.settle();
  expect([page.held, page.logs]).toEqual([[], ['after']]);
  page.keeper.resume();
  await page.settle();
  expect([page.queue.own.after, page.waitsBehind]).toEqual([page.log('before'), 'before']);
  page.take('before', 2);
  await page.settle();
  expect([page.logs, page.queue.own.after?.isSettled ?? true]).toEqual([['after'], true]);
});

test('a predecessor that another page has by the time of the resume is not waited for', async () => {
  const { origin, tabStorage } = await aReload();
  const page = await aPage(origin, 'after', { tabStorage });
  page.keeper.freeze();
  await aPage(origin, 'adopter');
  page.keeper.resume();
  await page.settle();
  expect([page.logs, page.waitsBehind]).toEqual([['after'], null]);
});

test('storage that is gone by the time of the resume blocks nothing', async () => {
  const { origin, tabStorage } = await aReload();
  const page = await aPage(origin, 'after', { tabStorage });
  page.send();
  page.keeper.freeze();
  origin.place.fail('listLogs');
  page.keeper.resume();
  await page.settle();
  expect(page.ends).toHaveLength(1);
  page.send();
  expect(page.waitsBehind).toBe(null);
});

test('storage that hangs while the page before is read is given up, not passed over', async () => {
  const { origin, tabStorage } = await aReload();
  origin.place.hold('claimLog');
  const page = await aPage(origin, 'after', { tabStorage });
  await page.advance(5_000);
  expect([page.ends.length, page.held, page.waitsFor]).toEqual([1, ['after'], []]);
});

test('close does not wait for a predecessor', async () => {
  const { origin, tabStorage } = await aReload();
  await origin.locks.forTab('before').request('test:alice:before', { ifAvailable: true });
  const page = await aPage(origin, 'after', { tabStorage });
  let isClosed = false;
  void page.keeper.close(false).then(() => {
    isClosed = true;
  });
  await page.settle();
  expect(isClosed).toBe(true);
  expect([page.held, page.waitsFor, page.environment.timers]).toEqual([[], [], 0]);
});

test('back from the back/forward cache, after another page in its tab: the next page finds its log', async () => {
  const origin = anOrigin();
  const tabStorage = new Map<string, string>();
  const page = await aPage(origin, 'first', { tabStorage });
  page.send();
  await page.advance(20);
  page.take('first', 1);
  await page.advance(20);
  page.keeper.freeze();
  const between = await aPage(origin, 'between', { tabStorage });
  between.send();
  await between.advance(20);
  origin.locks.dropTab('between');
  page.keeper.resume();
  await page.settle();
  page.send();
  await page.advance(20);
  expect(tabStorage.get('test:alice:log')).toBe('first');
});
