import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { setTimeout as sleep } from 'node:timers/promises';
import type { AxeResults } from 'axe-core';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { missing, temporaryProfile, TestBrowser } from './browser.ts';
import { DemoPage } from './demo-page.ts';
import { type Demo, startDemo } from './demo.ts';
import { visit } from './visit.ts';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

let demo: Demo;

beforeAll(async () => {
  demo = await startDemo();
});

afterAll(async () => {
  expect(await demo.stop()).toBe(0);
});

/** What the browser measures in the page. */
declare const measured: { shifts: string[]; tasks: number[]; interactions: number[] };

describe.skipIf(missing('chromium') !== null)('the page in Chromium', () => {
  test('has nothing to say for axe or the console, in light and dark, with the inspector and in a tour', async () => {
    await using visited = await visit(demo);
    const { browser, page } = visited;
    await page.draw([
      [0.1, 0.2],
      [0.9, 0.4],
    ]);
    await page.say('Hello');
    await vi.waitUntil(async () => (await page.text('.replies')).includes('Hello'), { timeout: 10_000 });
    const look = async (scene: string): Promise<void> => {
      for (const scheme of ['light', 'dark']) {
        await browser.page.emulateMediaFeatures([
          { name: 'prefers-color-scheme', value: scheme },
          { name: 'prefers-reduced-motion', value: 'reduce' },
        ]);
        await browser.page.evaluate(axe);
        const { violations } = await browser.page.evaluate(() =>
          (window as unknown as { axe: { run(): Promise<AxeResults> } }).axe.run(),
        );
        const found = violations.map(({ id, impact, nodes }) => ({
          id,
          impact,
          at: nodes.map(({ target }) => target),
        }));
        expect({ scene, scheme, found }).toEqual({ scene, scheme, found: [] });
      }
    };
    await look('open');
    await page.press('inspect');
    await sleep(1_500);
    await look('inspected');
    await page.press('inspect');
    await page.press('tour-start');
    await sleep(500);
    await look('tour');
    await page.press('tour-start');
    expect(browser.faults).toEqual([]);
    expect(browser.consoleErrors).toEqual([]);
  });

  test('shifts nothing while states, faults and numbers change', { timeout: 180_000 }, async () => {
    for (const viewport of [
      { width: 1280, height: 2_300 },
      { width: 360, height: 4_200 },
    ]) {
      using profile = temporaryProfile();
      await using browser = await TestBrowser.launch('chromium', profile.path);
      await measure(browser);
      await browser.page.setViewport(viewport);
      const page = new DemoPage(browser.page);
      await page.open(demo.url);
      await page.untilPhase('open');
      await page.untilLanesOpen();
      await page.press('pilot');
      // What follows half a second after a click is forgiven to a page: here nothing shall be.
      await sleep(1_000);
      await browser.page.evaluate(() => void (measured.shifts.length = 0));

      await demo.fault('cut');
      await sleep(300);
      await demo.fault('freeze');
      await vi.waitUntil(async () => (await page.phase()) !== 'open', { timeout: 20_000 });
      await demo.fault('thaw');
      await page.untilPhase('open');
      await demo.fault('refuse', { refusing: true });
      await demo.fault('strand');
      await vi.waitUntil(async () => (await page.phase()) === 'waiting', { timeout: 20_000 });
      expect(Number(await page.text('[data-testid="failed-tries"]'))).toBeGreaterThan(0);
      await demo.fault('refuse', { refusing: false });
      await demo.restartServer(300);
      await page.untilPhase('open');
      await vi.waitUntil(async () => (await page.text('[data-testid="failed-tries"]')) === 'none', { timeout: 5_000 });
      await demo.fault('delay', { delayMs: 200 });
      await demo.fault('drain', { withinMs: 500 });
      await sleep(1_500);
      await demo.fault('delay', { delayMs: 0 });
      await sleep(1_500);
      expect(await browser.page.evaluate(() => measured.shifts)).toEqual([]);
      await page.press('pilot');
      expect(browser.faults).toEqual([]);
      // Chromium says itself that a WebSocket could not be opened, or is closing. The page has nothing to add.
      expect(browser.consoleErrors.filter((text) => !text.startsWith('WebSocket '))).toEqual([]);
    }
  });

  test('stays answerable during 1,000 messages a second', async () => {
    using profile = temporaryProfile();
    await using browser = await TestBrowser.launch('chromium', profile.path);
    await measure(browser);
    const page = new DemoPage(browser.page);
    await page.open(demo.url);
    await page.untilPhase('open');
    await page.untilLanesOpen();
    const run = await page.run();
    await browser.page.focus('[data-testid="rate"]');
    await browser.page.keyboard.press('End');
    await page.press('pilot');
    await sleep(1_000);
    await browser.page.evaluate(() => void ((measured.tasks.length = 0), (measured.interactions.length = 0)));
    const before = await demo.tally(run, 'plain');
    const startedAt = performance.now();
    for (let round = 0; round < 8; round += 1) {
      await browser.page.click('.compose input');
      await browser.page.keyboard.press('End');
      await browser.page.keyboard.type('ab');
      await sleep(300);
    }
    const perSecond = ((await demo.tally(run, 'plain')).received - before.received) / (performance.now() - startedAt);
    await page.press('pilot');
    const { tasks, interactions } = await browser.page.evaluate(() => measured);
    console.log(
      `at ${Math.round(perSecond * 1_000)} messages a second: slowest of ${interactions.length} interactions ${Math.max(...interactions)} ms, ` +
        `${tasks.length} tasks above 50 ms, the longest ${Math.max(0, ...tasks)} ms`,
    );
    expect(await browser.page.$eval('.compose input', ({ value }) => value)).toBe('ab'.repeat(8));
    // How fast depends on the machine; that everything arrives does not.
    const sent = (await page.lane('plain', 'arrived')) + (await page.lane('plain', 'not there yet'));
    for (const lane of ['holdfast', 'reconnecting', 'plain'] as const) {
      await vi.waitUntil(async () => (await demo.tally(run, lane)).received >= sent, { timeout: 60_000 });
      expect(await demo.tally(run, lane)).toMatchObject({ missing: 0, doubled: 0, outOfOrder: 0 });
    }
    expect(browser.faults).toEqual([]);
    expect(browser.consoleErrors).toEqual([]);
  });

  test('can be used by keyboard alone, the board too', async () => {
    await using visited = await visit(demo);
    const { browser, page } = visited;
    const { keyboard } = browser.page;
    const focused = (): Promise<string> =>
      browser.page.evaluate(() => {
        const element = document.activeElement as HTMLElement;
        if (element === document.body) return '';
        const { outlineStyle } = getComputedStyle(element);
        const name =
          element.dataset['testid'] ??
          (element.getAttribute('aria-label') || element.innerText || element.id || element.tagName);
        return `${name}${outlineStyle === 'none' ? ' without a ring' : ''}`;
      });
    const walk: string[] = [];
    for (let step = 0; step < 60; step += 1) {
      await keyboard.press('Tab');
      const name = await focused();
      if (name === '' || name === walk[0]) break;
      walk.push(name);
      if (name !== 'board') continue;
      expect(await page.lane('holdfast', 'arrived')).toBe(0);
      await keyboard.press('Space');
      for (const key of ['ArrowRight', 'ArrowDown', 'ArrowRight'] as const) await keyboard.press(key);
      await keyboard.press('Space');
      await keyboard.press('ArrowLeft');
      await vi.waitUntil(async () => (await page.lane('holdfast', 'arrived')) === 3, { timeout: 10_000 });
    }
    expect(walk.filter((name) => name.endsWith('without a ring'))).toEqual([]);
    for (const name of ['inspect', 'tour-start', 'board', 'pilot', 'clear', 'cut', 'storage', 'pause', 'burst']) {
      expect(walk).toContain(name);
    }
    expect(walk.indexOf('board')).toBeLessThan(walk.indexOf('cut'));
    expect(browser.faults).toEqual([]);
  });

  test('storage that fails and a browser that says offline cost nothing that is on the page', async () => {
    await using visited = await visit(demo);
    const { browser, page } = visited;
    const run = await page.run();
    await page.press('storage');
    await page.press('offline');
    // What is confirmed before storage gets to it is never stored, and nobody is told of storage then.
    await demo.fault('freeze');
    await page.fire(100);
    await vi.waitUntil(async () => (await page.text('.queue-note')).startsWith('Storage is full: '), {
      timeout: 10_000,
    });
    await demo.fault('thaw');
    await vi.waitUntil(async () => (await page.lane('holdfast', 'arrived')) === 100, { timeout: 20_000 });
    await page.press('storage');
    await page.press('offline');
    await page.fire(100);
    await vi.waitUntil(async () => (await page.count('delivered')) === 200, { timeout: 20_000 });
    expect(await demo.tally(run)).toEqual({ received: 200, missing: 0, doubled: 0, outOfOrder: 0, highest: 200 });
    expect(browser.faults).toEqual([]);
  });
});

async function measure(browser: TestBrowser): Promise<void> {
  await browser.page.evaluateOnNewDocument(() => {
    const found: typeof measured = { shifts: [], tasks: [], interactions: [] };
    (window as unknown as { measured: typeof measured }).measured = found;
    const observe = (type: string, take: (entry: PerformanceEntry) => void, options = {}): void =>
      new PerformanceObserver((list) => list.getEntries().forEach(take)).observe({ type, buffered: true, ...options });
    interface Shift extends PerformanceEntry {
      readonly value: number;
      readonly sources: readonly { readonly node: Node | null }[];
    }
    observe('layout-shift', (entry) => {
      const { value, sources } = entry as Shift;
      const names = sources.map(({ node }) =>
        node instanceof Element ? node.className || node.outerHTML.slice(0, 60) : node?.textContent,
      );
      found.shifts.push(`${value.toFixed(5)} by ${names.join(', ')}`);
    });
    observe('longtask', ({ duration }) => found.tasks.push(Math.round(duration)));
    observe(
      'event',
      (entry) => {
        if ((entry as PerformanceEventTiming).interactionId > 0) found.interactions.push(entry.duration);
      },
      { durationThreshold: 16 },
    );
  });
}
