import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { missing } from './browser.ts';
import type { DemoPage, Hands } from './demo-page.ts';
import { type Demo, startDemo } from './demo.ts';
import { visit, visitInWebKit } from './visit.ts';

// Chromium has a suite of its own, beside the inspector: here is what the built page has of it elsewhere.

let demo: Demo;

beforeAll(async () => {
  demo = await startDemo();
});

afterAll(async () => {
  expect(await demo.stop()).toBe(0);
});

describe.skipIf(missing('firefox') !== null)('the inspector in Firefox', () => {
  test('opens beside the page, draws, and shows the frames of a conversation through a cut', async () => {
    await using visited = await visit(demo, 'firefox');
    const { browser, page } = visited;
    await opens(page);
    await draws(page);
    await showsFrames(page);
    expect(browser.faults).toEqual([]);
  });
});

describe.skipIf(missing('webkit') !== null)('the inspector in WebKitGTK', () => {
  test('opens beside the page, draws, and shows the frames of a conversation through a cut', async () => {
    await using visited = await visitInWebKit(demo, { locale: 'en_US.UTF-8' });
    const { browser, page } = visited;
    await opens(page);
    await draws(page);
    await showsFrames(page);
    expect(await browser.faults()).toEqual([]);
  });

  test('opens where the browser’s language is none', async () => {
    await using visited = await visitInWebKit(demo, { locale: 'C.UTF-8' });
    const { browser, page } = visited;
    await opens(page);
    await vi.waitUntil(async () => (await words(page, '.plots')).includes('Not drawn'), { timeout: 20_000 });
    await showsFrames(page);
    expect(await browser.faults()).toEqual([]);
  });
});

/** The page makes room for it, and stays as wide as its window. */
async function opens(page: DemoPage<Hands>): Promise<void> {
  await page.press('inspect');
  await vi.waitUntil(async () => (await words(page, '.header')).includes('open'), { timeout: 20_000 });
  const { room, overflow } = await page.page.evaluate(() => ({
    room: Number.parseFloat(getComputedStyle(document.documentElement).paddingBottom),
    overflow: document.documentElement.scrollWidth - innerWidth,
  }));
  expect(room).toBeGreaterThan(100);
  expect(overflow).toBeLessThanOrEqual(0);
}

async function draws(page: DemoPage<Hands>): Promise<void> {
  const drawn = (): Promise<number> =>
    page.page.$$eval(
      '>>> .plot canvas',
      (canvases) =>
        canvases.filter((canvas) => {
          const pixels = canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height).data;
          return pixels.some((value) => value !== 0);
        }).length,
    );
  await vi.waitUntil(async () => (await drawn()) === 3, { timeout: 20_000, interval: 50 });
}

async function showsFrames(page: DemoPage<Hands>): Promise<void> {
  await page.page.click('>>> #tab-frames');
  await page.fire(10);
  // Each of them up, and what the server confirms down; the newest are in sight.
  for (const kind of ['message', 'ack']) {
    await vi.waitUntil(async () => (await words(page, '.frame-list')).includes(kind), { timeout: 20_000 });
  }
  await vi.waitUntil(async () => (await page.lane('holdfast', 'arrived')) === 10, { timeout: 20_000 });
  await demo.fault('cut');
  await page.page.select('>>> [aria-label="Kind"]', 'welcome');
  await vi.waitUntil(async () => (await words(page, '.frame-list')).includes('resumed'), { timeout: 30_000 });
  expect(await page.page.$$eval('>>> .frame-list .frame', (rows) => rows.length)).toBeGreaterThan(1);
  await page.page.click('>>> .frame-list .frame');
  expect(await words(page, '.detail')).toContain('down from the server');
}

/** What a part of the panel says; nothing while it is not there. */
function words(page: DemoPage<Hands>, part: string): Promise<string> {
  return page.page.$$eval(`>>> ${part}`, (found) => found.map(({ textContent }) => textContent).join(' '));
}
