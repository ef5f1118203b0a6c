import { expect, test } from 'vitest';
import { StorageFault } from '../storage/ports.ts';
import { aPage, anOrigin, type Page } from './page.fixture.ts';

// What leaves storage to be sent and comes back, while a write is under way.

const failures = ({ ends }: Page): string[] => ends.map(({ cause }) => String(cause));

test('two connections end while storage forgets: what was to be sent is stored again, once', async () => {
  const origin = anOrigin();
  const page = await aPage(origin);
  const [first] = page.send(3);
  await page.advance(20);
  const open = origin.place.hold('removeSegments');
  for (let connection = 1; connection <= 2; connection += 1) {
    expect(page.keeper.release(page.queue.own, first!)).toBe(false);
    await page.advance(20);
    page.keeper.retain();
  }
  open();
  await page.advance(1_000);
  expect([failures(page), origin.place.stored]).toEqual([[], { tab: [1, 2, 3] }]);
});

test.each([
  ['while storage says so', true],
  ['after it', false],
])('no room, and the connection ends %s: stored once there is room, and told', async (_, isBefore) => {
  const origin = anOrigin();
  const page = await aPage(origin);
  origin.place.fail('createLog', new StorageFault('full', 'no room'));
  const open = origin.place.hold('createLog');
  const [first] = page.send(3);
  await page.advance(20);
  page.keeper.release(page.queue.own, first!);
  if (isBefore) page.keeper.retain();
  open();
  await page.advance(20);
  if (!isBefore) page.keeper.retain();
  origin.place.mend();
  await page.advance(30_000);
  expect([failures(page), origin.place.stored, page.written]).toEqual([[], { tab: [1, 2, 3] }, [1, 2, 3]]);
});

test('what is settled while its segment finds no room is deleted by itself, which makes some', async () => {
  const origin = anOrigin();
  const page = await aPage(origin);
  const [, second] = page.send(3);
  await page.advance(20);
  origin.place.fail('replaceSegment', new StorageFault('full', 'no room'));
  const open = origin.place.hold('replaceSegment');
  page.withdraw(second!);
  await page.advance(20);
  page.take('tab', 3);
  open();
  await page.advance(20);
  page.send();
  await page.advance(60_000);
  expect(origin.place.callsOf('removeSegments')).not.toEqual([]);
  expect(origin.place.stored).toEqual({ tab: [4] });
});
