import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { LANES } from '../src/messages.ts';
import { missing, temporaryProfile, TestBrowser } from './browser.ts';
import { DemoPage } from './demo-page.ts';
import { type Demo, startDemo } from './demo.ts';
import { visit } from './visit.ts';

let demo: Demo;

beforeAll(async () => {
  demo = await startDemo();
});

afterAll(async () => {
  expect(await demo.stop()).toBe(0);
});

/** The steps of the tour, and little else, wait for so long: here they take this part of their time. */
const STEP_MS = 8_000;
const PART = 0.4;

describe.skipIf(missing('chromium') !== null)('the tour in Chromium', () => {
  test('breaks things by itself, can be ended, and repairs what it broke', async () => {
    await using visited = await visit(demo);
    const { browser, page } = visited;
    await page.press('tour-start');
    await vi.waitUntil(async () => (await page.text('[data-testid="tour"]')).includes('A cut'), { timeout: 20_000 });
    await vi.waitUntil(async () => (await page.history()).some(({ phase }) => phase === 'waiting'), {
      timeout: 10_000,
    });
    await page.press('tour-start');
    await page.untilPhase('open');
    const { frozen, refusing, delayMs } = await demo.faults();
    expect({ frozen, refusing, delayMs }).toEqual({ frozen: false, refusing: false, delayMs: 0 });
    const isInert = await browser.page.$eval('[data-testid="tour"]', (element) => (element as HTMLElement).inert);
    expect(isInert).toBe(true);
    expect(await browser.page.$eval('[data-testid="pilot"]', (button) => button.textContent)).toBe('Draw for me');
    expect(browser.faults).toEqual([]);
  });

  test('ends all faults before its first step, whoever made them', async () => {
    await using visited = await visit(demo);
    const { browser, page } = visited;
    await page.untilLanesOpen();
    await page.press('offline');
    expect(await page.text('[data-testid="offline"]')).toContain('the browser claims to be offline');
    for (const fault of ['storage', 'strand', 'freeze', 'refuse']) await page.press(fault);
    await vi.waitUntil(async () => (await browser.page.$$('.fault.is-on')).length === 4, { timeout: 10_000 });
    await page.press('tour-start');
    await vi.waitUntil(async () => (await browser.page.$$('.fault.is-on')).length === 0, { timeout: 5_000 });
    expect(await browser.page.evaluate(() => navigator.onLine)).toBe(true);
    const { frozen, refusing } = await demo.faults();
    expect({ frozen, refusing }).toEqual({ frozen: false, refusing: false });
    await expect.poll(async () => (await demo.faults()).stranded).toBe(0);
    await page.press('tour-start');
    expect(browser.faults).toEqual([]);
  });

  test('on a phone its words and the counts are in sight together, also when the inspector was open', async () => {
    await using visited = await visit(demo);
    const { browser, page } = visited;
    await page.untilLanesOpen();
    await browser.page.setViewport({ width: 390, height: 844 });
    await page.press('inspect');
    const isInspectorThere = (): Promise<boolean> =>
      browser.page.evaluate(() =>
        [...document.querySelectorAll('*')].some(({ shadowRoot }) => shadowRoot?.querySelector('.header')),
      );
    await vi.waitUntil(isInspectorThere, { timeout: 20_000 });
    for (const viewport of [
      { width: 390, height: 844 },
      { width: 320, height: 568 },
    ]) {
      await browser.page.setViewport(viewport);
      await page.press('tour-start');
      const covered = (): Promise<string[]> =>
        browser.page.evaluate(() =>
          [...document.querySelectorAll('.lane-counts dd, .tour-words p, .tour-caption button')]
            .filter((element) => {
              const { x, y, width, height } = element.getBoundingClientRect();
              return !element.contains(document.elementFromPoint(x + width / 2, y + height / 2));
            })
            .map(({ outerHTML }) => outerHTML),
        );
      await expect.poll(covered, { timeout: 10_000 }).toEqual([]);
      expect(await isInspectorThere()).toBe(false);
      await browser.page.click('.tour-caption button');
      expect(await browser.page.$eval('[data-testid="tour"]', (element) => (element as HTMLElement).inert)).toBe(true);
      await page.untilPhase('open');
    }
    expect(browser.faults).toEqual([]);
  });

  test('ends with what each lane lost in it, which stays until it is closed', async () => {
    using profile = temporaryProfile();
    await using browser = await TestBrowser.launch('chromium', profile.path);
    await browser.page.evaluateOnNewDocument(
      (from, part) => {
        const wait = window.setTimeout;
        const sooner = (run: () => void, ms = 0): number => wait(run, ms >= from ? ms * part : ms);
        window.setTimeout = sooner as typeof window.setTimeout;
      },
      STEP_MS,
      PART,
    );
    await browser.browser
      .defaultBrowserContext()
      .overridePermissions(demo.url, ['clipboard-read', 'clipboard-sanitized-write']);
    const page = new DemoPage(browser.page);
    await page.open(demo.url);
    await page.untilLanesOpen();
    const run = await page.run();
    // Lost before the tour, and not yet known to be lost when it starts.
    await page.fire(10);
    await vi.waitUntil(async () => (await page.lane('plain', 'arrived')) === 10, { timeout: 10_000 });
    await page.press('strand');
    await page.fire(100);
    await page.press('cut');
    for (const lane of ['reconnecting', 'plain'] as const) await page.untilLaneIsDown(lane);
    await page.untilLanesOpen();
    await vi.waitUntil(async () => (await page.lane('holdfast', 'arrived')) === 110, { timeout: 20_000 });

    await page.press('tour-start');
    await vi.waitUntil(async () => (await page.page.$('[data-testid="tour-result"]')) !== null, { timeout: 60_000 });
    const result = (): Promise<Record<string, number[]>> =>
      browser.page.$$eval('[data-testid="tour-result"] tbody tr', (rows) =>
        Object.fromEntries(
          rows.map((row) => [
            row.dataset['lane'],
            [...row.querySelectorAll('td')].map(({ textContent }) => Number(textContent.replaceAll(',', ''))),
          ]),
        ),
      );
    await vi.waitUntil(async () => Object.values(await result()).every(([, , , due]) => due === 0), {
      timeout: 20_000,
    });
    const shown = await result();
    for (const lane of LANES) {
      const { missing: lost, doubled, outOfOrder } = await demo.tally(run, lane);
      const before = lane === 'holdfast' ? 0 : 100;
      expect([lane, shown[lane]]).toEqual([lane, [lost - before, doubled, outOfOrder, 0]]);
    }
    expect(shown['holdfast']).toEqual([0, 0, 0, 0]);
    expect(shown['plain']![0]).toBeGreaterThan(0);
    expect(await browser.page.$eval('[data-testid="pilot"]', (button) => button.textContent)).toBe('Draw for me');

    // What is drawn after it is not of the tour.
    await page.fire(10);
    await sleep(2_000);
    expect(await result()).toEqual(shown);
    await page.press('copy-link');
    await vi.waitUntil(async () => (await page.text('[data-testid="copy-link"]')).includes('copied'), {
      timeout: 10_000,
    });
    expect(await browser.page.evaluate(() => navigator.clipboard.readText())).toBe(demo.url);
    await page.press('tour-close');
    // The page shows it with its next frame.
    await expect
      .poll(() => browser.page.$eval('[data-testid="tour"]', (element) => (element as HTMLElement).inert))
      .toBe(true);
    expect(await browser.page.evaluate(() => (document.activeElement as HTMLElement).dataset['testid'])).toBe(
      'tour-start',
    );
    expect(browser.faults).toEqual([]);
  });
});
