import { expect, test } from 'vitest';
import { Listing } from '../machines/listing.ts';
import { aPage, anOrigin, Page } from './page.fixture.ts';

// Logs of pages that are gone are sent under their own ids by whoever is open, and deleted once the server has all.

test('orphans are adopted at the start and go before the own log', async () => {
  const origin = anOrigin();
  origin.place.leave('one', [3, 4]);
  origin.place.leave('two', [1]);
  const page = await aPage(origin);
  expect(page.logs).toEqual(['one', 'two', 'tab']);
  expect(new Listing(page.log('one'), 0).claim).toEqual(['one', 3, 5, 4]);
  expect(page.held).toEqual(['one', 'tab', 'two']);
  expect(page.changes).toBe(1);
});

test('a tab that dies later is found within 10 s by a tab that is open', async () => {
  const origin = anOrigin();
  const mortal = await aPage(origin, 'mortal');
  mortal.send(2);
  await mortal.advance(20);
  const page = await aPage(origin);
  expect(page.logs).toEqual(['tab']);
  origin.locks.dropTab('mortal');
  await page.advance(9_999);
  expect(page.logs).toEqual(['tab']);
  await page.advance(1);
  expect(page.logs).toEqual(['mortal', 'tab']);
  expect(page.changes).toBe(1);
});

test('looking goes on every 10 s, and a look that finds nothing new says nothing', async () => {
  const origin = anOrigin();
  const page = await aPage(origin);
  await page.advance(35_000);
  expect(origin.place.calls.filter((call) => call === 'listLogs')).toHaveLength(4);
  expect([page.changes, page.environment.timers]).toEqual([0, 1]);
});

test('a log of a page that lives is left alone', async () => {
  const origin = anOrigin();
  const alive = await aPage(origin, 'alive');
  alive.send();
  await alive.advance(20);
  const page = await aPage(origin);
  await page.advance(60_000);
  expect(page.logs).toEqual(['tab']);
  expect(origin.place.callsOf('claimLog')).toEqual([]);
});

test('two tabs that start at once share the orphans: each log has one owner', async () => {
  const origin = anOrigin();
  for (const id of ['a', 'b', 'c', 'd']) origin.place.leave(id, [1]);
  const [one, two] = await Promise.all([aPage(origin, 'one'), aPage(origin, 'two')]);
  const adopted = [...one.logs, ...two.logs].filter((id) => id.length === 1);
  expect(adopted.sort()).toEqual(['a', 'b', 'c', 'd']);
});

test('a drained log is deleted, and only then the server may forget it', async () => {
  const origin = anOrigin();
  origin.place.leave('old', [1, 2]);
  const page = await aPage(origin);
  const release = origin.place.hold('removeSegments');
  page.take('old', 1);
  await page.advance(100);
  expect(origin.place.callsOf('removeSegments')).toEqual([]);
  page.take('old', 2);
  await page.settle();
  expect(page.finished).toEqual([]);
  release();
  await page.settle();
  expect([page.finished, page.logs, page.held]).toEqual([['old'], ['tab'], ['tab']]);
  expect(origin.place.stored).toEqual({});
  expect(page.settled).toEqual(['old:1 ok', 'old:2 ok']);
});

test('many messages settled in one turn look at their log once', async () => {
  const origin = anOrigin();
  origin.place.leave('old', [1, 2, 3, 4, 5, 6]);
  const page = await aPage(origin);
  page.take('old', 6);
  await page.settle();
  expect(origin.place.calls.filter((call) => call.includes(' old'))).toEqual([
    'claimLog old',
    'removeSegments old 1',
    'deleteLog old',
  ]);
});

test('an empty log is deleted and finished without asking anybody', async () => {
  const origin = anOrigin();
  origin.place.leave('empty', []);
  const page = await aPage(origin);
  expect([page.finished, origin.place.stored, page.logs]).toEqual([['empty'], {}, ['tab']]);
});

test('a log that its owner deleted in the meantime is let go', async () => {
  const origin = anOrigin();
  origin.place.leave('old', [1]);
  const release = origin.place.hold('claimLog');
  const page = await aPage(origin);
  origin.place.logs.delete('old');
  release();
  await page.settle();
  expect([page.logs, page.held, page.ends]).toEqual([['tab'], ['tab'], []]);
});

test('an adopted log that another page took is let go, and nothing else', async () => {
  const origin = anOrigin();
  origin.place.leave('old', [1]);
  const page = await aPage(origin);
  const log = origin.place.logs.get('old');
  if (log === undefined) throw new Error('no log');
  log.generation += 1;
  page.take('old', 1);
  await page.settle();
  expect([page.logs, page.held, page.finished]).toEqual([['tab'], ['tab'], []]);
  expect([page.reports, page.ends]).toEqual([[], []]);
  page.send();
  await page.advance(20);
  expect(page.written).toEqual([1]);
});

test('a log that follows another is not taken while that one is in other hands', async () => {
  const origin = anOrigin();
  origin.place.leave('first', [1]);
  origin.place.leave('second', [1], 'first');
  const release = await origin.locks.forTab('other').request('test:alice:first', { ifAvailable: true });
  const page = await aPage(origin);
  expect(page.logs).toEqual(['tab']);
  release?.();
  await page.advance(10_000);
  expect([...page.logs].sort()).toEqual(['first', 'second', 'tab']);
  expect(page.log('second').after).toBe(page.log('first'));
});

test('listing that fails later ends storage, once', async () => {
  const origin = anOrigin();
  const page = await aPage(origin);
  origin.place.fail('listLogs');
  await page.advance(60_000);
  expect(page.ends).toMatchObject([{ code: 'STORAGE_FAILED' }]);
  expect(page.environment.timers).toBe(0);
});

test('a thousand orphans take as long as they take: slow storage is not broken storage', async () => {
  const origin = anOrigin();
  for (let log = 0; log < 1_000; log += 1) origin.place.leave(`orphan-${log}`, [1]);
  const page = new Page(origin, 'tab');
  const pass = origin.place.pass.bind(origin.place);
  origin.place.pass = async (method, call) => {
    await new Promise<void>((resolve) => {
      page.environment.setTimer(10, resolve);
    });
    await pass(method, call);
  };
  await page.advance(30_000);
  expect(page.ends).toEqual([]);
  expect(page.logs).toHaveLength(1_001);
});
