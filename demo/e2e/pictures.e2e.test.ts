import { mkdirSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { missing, temporaryProfile, TestBrowser } from './browser.ts';
import { DemoPage } from './demo-page.ts';
import { type Demo, startDemo } from './demo.ts';
import { LANES } from '../src/messages.ts';

/** Where the pictures go; without it into a folder that goes with the test. `npm run screenshots` says docs/images. */
const given = process.env['PICTURES'];
const MOST_BYTES = 400_000;

let demo: Demo;

beforeAll(async () => {
  demo = await startDemo();
});

afterAll(async () => {
  expect(await demo.stop()).toBe(0);
});

describe.skipIf(missing('chromium') !== null)('the pictures of the documentation', () => {
  test('show the page in use, and are small', async () => {
    using profile = temporaryProfile();
    const folder = given ?? join(profile.path, 'pictures');
    mkdirSync(folder, { recursive: true });
    await using browser = await TestBrowser.launch('chromium', profile.path);
    await browser.page.evaluateOnNewDocument(() => sessionStorage.setItem('holdfast-demo.hue', '168'));
    const page = new DemoPage(browser.page);
    const take = async (
      name: string,
      { width, height, scheme, from = 'body' }: { width: number; height: number; scheme: string; from?: string },
    ): Promise<void> => {
      await browser.page.setViewport({ width, height });
      await browser.page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: scheme }]);
      await browser.page.$eval(from, (element) => element.scrollIntoView({ block: 'start' }));
      await browser.page.mouse.move(0, 0);
      await sleep(500);
      await browser.page.screenshot({ path: `${folder}/${name}.webp`, type: 'webp', quality: 82 });
    };
    await page.open(demo.url);
    await page.untilPhase('open');
    await page.untilLanesOpen();
    const run = await page.run();
    await page.press('pilot');
    // On a sound wire: no picture says how much another library loses.
    await sleep(6_000);
    await page.press('pilot');
    for (const lane of LANES) {
      await vi.waitUntil(async () => (await page.lane(lane, 'not there yet')) === 0, { timeout: 20_000 });
      // What the pictures say is what the server has counted.
      const { missing: lost, doubled, outOfOrder } = await demo.tally(run, lane);
      expect([lane, await page.laneFaults(lane)]).toEqual([lane, { lost, doubled, outOfOrder }]);
    }
    expect(await page.laneFaults('holdfast')).toEqual({ lost: 0, doubled: 0, outOfOrder: 0 });
    await vi.waitUntil(async () => (await page.board()).pending === 0, { timeout: 10_000 });
    await take('demo', { width: 1366, height: 768, scheme: 'light' });
    await take('demo-dark', { width: 1366, height: 768, scheme: 'dark' });
    await take('demo-phone', { width: 390, height: 844, scheme: 'dark', from: '.stage' });
    await browser.page.setViewport({ width: 1366, height: 1_240 });
    await page.press('pilot');
    await page.press('inspect');
    await sleep(3_000);
    await page.press('cut');
    await page.untilLanesOpen();
    await sleep(3_000);
    await take('demo-inspector', { width: 1366, height: 1_240, scheme: 'light' });
    await page.press('inspect');
    await page.press('pilot');

    const sizes = readdirSync(folder)
      .filter((file) => file.startsWith('demo'))
      .map((file) => statSync(join(folder, file)).size);
    expect(sizes).toHaveLength(4);
    expect(Math.min(...sizes)).toBeGreaterThan(10_000);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(MOST_BYTES);
    expect(browser.faults).toEqual([]);
  });
});
