import { expect, test } from 'vitest';
import type { Entry } from '../machines/producer-log.ts';
import { StorageFault } from '../storage/ports.ts';
import { aPage, anOrigin, Page, type Origin } from './page.fixture.ts';

// A frozen page runs nothing: what it holds at that moment it holds for ever. So it gives everything back at once.

test('freeze gives back every lock in the same turn, and sets no timer', async () => {
  const origin = anOrigin();
  origin.place.leave('old', [1]);
  const page = await aPage(origin);
  expect(page.held).toEqual(['old', 'tab']);
  page.keeper.freeze();
  expect([page.held, page.waitsFor, page.logs]).toEqual([[], [], ['tab']]);
  await page.settle();
  expect([page.held, page.environment.timers]).toEqual([[], 0]);
});

test('what is pending is written at the freeze', async () => {
  const origin = anOrigin();
  const page = await aPage(origin);
  page.send(2);
  page.keeper.freeze();
  await page.settle();
  expect(origin.place.stored).toEqual({ tab: [1, 2] });
});

test('a log that is being read when the page freezes goes back, too, and is not kept', async () => {
  const origin = anOrigin();
  origin.place.leave('old', [1]);
  const release = origin.place.hold('claimLog');
  const page = await aPage(origin);
  expect(page.held).toContain('old');
  page.keeper.freeze();
  expect(page.held).toEqual([]);
  release();
  await page.settle();
  expect([page.held, page.logs, page.ends]).toEqual([[], ['tab'], []]);
});

test('frozen and run again while a log is read: it is adopted once', async () => {
  const origin = anOrigin();
  origin.place.leave('old', [1]);
  const release = origin.place.hold('claimLog');
  const page = await aPage(origin);
  page.keeper.freeze();
  page.keeper.resume();
  release();
  await page.settle();
  expect(page.logs).toEqual(['old', 'tab']);
  expect(page.held).toEqual(['old', 'tab']);
});

test('frozen and run again while the storage opens: the log has one writer', async () => {
  const origin = anOrigin();
  const release = origin.place.hold('open');
  const page = new Page(origin, 'tab');
  page.send();
  await page.settle();
  page.keeper.freeze();
  page.keeper.resume();
  release();
  await page.advance(20);
  expect(origin.place.callsOf('createLog')).toEqual(['createLog tab [1..1]']);
  expect(page.ends).toEqual([]);
});

test('frozen while the storage opens, run again later: it starts then', async () => {
  const origin = anOrigin();
  const release = origin.place.hold('open');
  const page = new Page(origin, 'tab');
  page.keeper.freeze();
  release();
  await page.settle();
  expect(page.held).toEqual([]);
  page.keeper.resume();
  await page.settle();
  page.send();
  await page.advance(20);
  expect([page.held, page.written]).toEqual([['tab'], [1]]);
});

test('after storage failed a freeze gives back adopted logs as well', async () => {
  const origin = anOrigin();
  origin.place.leave('old', [1]);
  const page = await aPage(origin);
  await page.loseStorage();
  page.keeper.freeze();
  expect([page.held, page.logs]).toEqual([[], ['tab']]);
});

test('run again without the storage that had its log: nobody knows who has sent what was in it', async () => {
  const origin = anOrigin();
  const page = await aPage(origin);
  page.send();
  await page.advance(20);
  await page.loseStorage();
  page.keeper.freeze();
  const adopter = await aPage(origin, 'adopter');
  expect(adopter.logs).toEqual(['tab', 'adopter']);
  page.keeper.resume();
  await page.settle();
  expect([page.settled, page.logs]).toEqual([['tab:1 OUTCOME_UNKNOWN'], ['tab-fresh-1']]);
  expect(page.reports).toMatchObject([{ code: 'LOG_TAKEN_OVER' }]);
});

test('run again without storage that never had anything: the log in memory is still its own', async () => {
  const origin = anOrigin();
  origin.place.fail('open');
  const page = await aPage(origin);
  page.send();
  page.keeper.freeze();
  page.keeper.resume();
  await page.settle();
  expect([page.settled, page.logs, page.reports]).toEqual([[], ['tab'], []]);
});

test('run again with the log untouched: the page keeps it, once it has found its own generation', async () => {
  const origin = anOrigin();
  const page = await aPage(origin);
  page.send();
  await page.advance(20);
  page.keeper.freeze();
  await page.settle();
  page.keeper.resume();
  await page.settle();
  expect(page.held).toEqual(['tab']);
  page.send();
  await page.advance(20);
  expect(origin.place.stored).toEqual({ tab: [1, 2] });
  expect(origin.place.callsOf('readLog')).toEqual([`readLog tab after ${Number.MAX_SAFE_INTEGER}`]);
  expect([page.reports, page.settled]).toEqual([[], []]);
});

test('orphans are looked for again at once after a freeze, and every 10 s from then on', async () => {
  const origin = anOrigin();
  const page = await aPage(origin);
  page.keeper.freeze();
  origin.place.leave('old', [1]);
  await page.advance(30_000);
  expect(page.logs).toEqual(['tab']);
  page.keeper.resume();
  await page.settle();
  expect(page.logs).toEqual(['old', 'tab']);
  expect(page.environment.timers).toBe(1);
});

test('adopted while frozen: what may be stored or sent is in doubt, the rest never was, and a new log begins', async () => {
  const origin = anOrigin();
  const page = await aPage(origin);
  const [stored] = page.send() as [Entry];
  await page.advance(20);
  page.keeper.freeze();
  await page.settle();
  const adopter = await aPage(origin, 'adopter');
  expect(adopter.logs).toEqual(['tab', 'adopter']);
  page.send();
  page.keeper.resume();
  await page.settle();
  expect(stored.status).toBe('failed');
  expect(page.settled).toEqual(['tab:1 OUTCOME_UNKNOWN', 'tab:2 ABORTED']);
  expect(page.reports).toMatchObject([{ code: 'LOG_TAKEN_OVER' }]);
  expect(page.logs).toEqual(['tab-fresh-1']);
  page.send();
  await page.advance(20);
  expect(origin.place.stored).toMatchObject({ 'tab-fresh-1': [1] });
  expect(page.ends).toEqual([]);
});

/** A frozen page whose one stored message another page has had delivered. */
async function drainedWhileFrozen(origin: Origin): Promise<Page> {
  const page = await aPage(origin);
  page.send();
  await page.advance(20);
  page.keeper.freeze();
  const adopter = await aPage(origin, 'adopter');
  adopter.take('tab', 1);
  await adopter.settle();
  expect(adopter.finished).toEqual(['tab']);
  return page;
}

test('adopted and drained while frozen: the page finds its own log gone', async () => {
  const page = await drainedWhileFrozen(anOrigin());
  page.keeper.resume();
  await page.settle();
  expect(page.settled).toEqual(['tab:1 OUTCOME_UNKNOWN']);
  expect(page.logs).toEqual(['tab-fresh-1']);
});

test('adopted and drained while frozen, and no room when it resumes: it finds out all the same', async () => {
  const origin = anOrigin();
  const page = await drainedWhileFrozen(origin);
  for (const write of ['checkLog', 'append', 'createLog'] as const) {
    origin.place.fail(write, new StorageFault('full', 'no room'));
  }
  page.send();
  page.keeper.resume();
  await page.advance(20);
  expect(page.settled).toEqual(['tab:1 OUTCOME_UNKNOWN', 'tab:2 ABORTED']);
  expect(page.logs).toEqual(['tab-fresh-1']);
});

test("adopted while frozen by a page that is gone by now: its lock is free, and it is another page's log all the same", async () => {
  const origin = anOrigin();
  const page = await aPage(origin);
  page.send();
  await page.advance(20);
  page.keeper.freeze();
  const adopter = await aPage(origin, 'adopter');
  await adopter.keeper.close(false);
  page.keeper.resume();
  await page.settle();
  // What the adopter sent of it nobody knows here: it is sent again under its own id, and nothing is appended to it.
  expect(page.settled).toEqual(['tab:1 OUTCOME_UNKNOWN']);
  expect(page.logs).toEqual(['tab', 'tab-fresh-1']);
});

test('a page that never stored anything keeps its log whoever was open meanwhile', async () => {
  const origin = anOrigin();
  const page = await aPage(origin);
  page.keeper.freeze();
  await aPage(origin, 'adopter');
  page.send();
  page.keeper.resume();
  await page.advance(20);
  expect([page.reports, page.settled, page.written]).toEqual([[], [], [1]]);
});

test("a log that was drained before the freeze is in nobody else's hands: it goes on", async () => {
  const origin = anOrigin();
  const page = await aPage(origin);
  page.send();
  await page.advance(20);
  page.take('tab', 1);
  page.keeper.freeze();
  await page.settle();
  await aPage(origin, 'other');
  page.keeper.resume();
  page.send();
  await page.advance(20);
  expect([origin.place.stored, page.logs, page.reports]).toEqual([{ tab: [2] }, ['tab'], []]);
});

test('frozen facts come in pairs: the second of each changes nothing', async () => {
  const origin = anOrigin();
  const page = await aPage(origin);
  page.send();
  await page.advance(20);
  page.keeper.freeze();
  page.keeper.freeze();
  page.keeper.resume();
  page.keeper.resume();
  await page.settle();
  expect(origin.place.callsOf('readLog')).toEqual([`readLog tab after ${Number.MAX_SAFE_INTEGER}`]);
  expect(page.held).toEqual(['tab']);
});

test('frozen, run, frozen, run in one turn: the log is not lost', async () => {
  const origin = anOrigin();
  const page = await aPage(origin);
  page.send();
  await page.advance(20);
  for (let round = 0; round < 2; round += 1) {
    page.keeper.freeze();
    page.keeper.resume();
  }
  await page.settle();
  page.send();
  await page.advance(20);
  expect([page.held, page.reports, page.written]).toEqual([['tab'], [], [1, 2]]);
});

test('storage that hangs when the page runs again is given up, and the page is ready', async () => {
  const origin = anOrigin();
  const page = await aPage(origin);
  page.send();
  await page.advance(20);
  page.keeper.freeze();
  await page.settle();
  origin.place.hold('readLog');
  page.keeper.resume();
  let isReady = false;
  void page.keeper.ready().then(() => {
    isReady = true;
  });
  await page.advance(5_000);
  expect([isReady, page.ends.length]).toEqual([true, 1]);
});

test('closed while frozen: everything is given back and what is pending stays for a later page', async () => {
  const origin = anOrigin();
  const page = await aPage(origin);
  page.send();
  page.keeper.freeze();
  await page.keeper.close(false);
  expect(origin.place.stored).toEqual({ tab: [1] });
  expect([page.held, page.environment.timers, origin.place.calls.at(-1)]).toEqual([[], 0, 'close']);
});

test('what can be read of a corrupt log comes back after a freeze, and is reported once', async () => {
  const origin = anOrigin();
  origin.place.leave('old', [1]);
  const old = origin.place.logs.get('old');
  if (old !== undefined) old.corrupt = 1;
  const page = await aPage(origin);
  page.keeper.freeze();
  page.keeper.resume();
  await page.settle();
  expect(page.logs).toEqual(['old', 'tab']);
  expect(page.reports).toHaveLength(1);
});
