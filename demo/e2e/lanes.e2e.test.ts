import { setTimeout as sleep } from 'node:timers/promises';
import type { Page } from 'puppeteer-core';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { missing, temporaryProfile, TestBrowser } from './browser.ts';
import { DemoPage } from './demo-page.ts';
import { type Demo, startDemo } from './demo.ts';
import { visit } from './visit.ts';

let demo: Demo;

beforeEach(async () => {
  demo = await startDemo();
});

afterEach(async () => {
  expect(await demo.stop()).toBe(0);
});

const CLEAN = { lost: 0, doubled: 0, outOfOrder: 0 };

describe.skipIf(missing('chromium') !== null)('in Chromium', () => {
  test('two tabs draw through a cut and a killed server, and both boards end equal', async () => {
    using profile = temporaryProfile();
    await using browser = await TestBrowser.launch('chromium', profile.path);
    const one = new DemoPage(browser.page);
    await one.open(demo.url);
    await one.untilPhase('open');
    const opened = new Promise<Page>((resolve) => browser.page.once('popup', (popup) => resolve(popup!)));
    await one.page.click('.intro-bar a');
    const two = new DemoPage(await opened);
    await two.page.waitForSelector('[data-testid="phase"]');
    await two.page.bringToFront();
    await two.untilPhase('open');
    await vi.waitUntil(async () => (await two.text('[data-testid="present"]')).startsWith('2'), { timeout: 10_000 });

    await two.draw([
      [0.1, 0.1],
      [0.9, 0.2],
    ]);
    await one.page.bringToFront();
    await demo.fault('refuse', { refusing: true });
    await demo.fault('cut');
    await one.untilPhase('waiting');
    // Drawn while nothing goes out: it shows at once, and as pending.
    await one.draw([
      [0.1, 0.5],
      [0.9, 0.6],
    ]);
    await vi.waitUntil(async () => (await one.board()).pending > 0, { timeout: 10_000 });
    await demo.fault('refuse', { refusing: false });
    await two.page.bringToFront();
    await two.draw([
      [0.1, 0.9],
      [0.5, 0.7],
    ]);
    await demo.restartServer(500);
    await two.draw([
      [0.5, 0.7],
      [0.9, 0.9],
    ]);

    const boards = async (): Promise<Awaited<ReturnType<DemoPage['board']>>[]> => {
      const all = [];
      for (const page of [one, two]) {
        await page.page.bringToFront();
        await page.untilPhase('open');
        await vi.waitUntil(async () => (await page.board()).pending === 0, { timeout: 20_000 });
        all.push(await page.board());
      }
      return all;
    };
    await boards();
    await sleep(500);
    const [left, right] = await boards();
    expect(left).toEqual(right);
    expect(left!.lines).toBeGreaterThan(60);
    const tallies = [await demo.tally(await one.run()), await demo.tally(await two.run())];
    for (const tally of tallies) expect(tally).toMatchObject({ missing: 0, doubled: 0, outOfOrder: 0 });
    // Every line is a message, and every message of these runs is a line.
    expect(left!.lines).toBe(tallies[0]!.received + tallies[1]!.received);

    // A page that comes later gets the same board, from a server that has been killed.
    await one.page.bringToFront();
    await one.reload();
    await vi.waitUntil(async () => (await one.board()).digest === left!.digest, { timeout: 20_000 });
    expect(browser.faults).toEqual([]);
  });

  test('what each lane loses in a black hole is what the server says', { timeout: 180_000 }, async () => {
    await using visited = await visit(demo);
    const { browser, page } = visited;
    const run = await page.run();
    await page.untilLanesOpen();
    const arrived = (lane: 'holdfast' | 'reconnecting' | 'plain') => page.lane(lane, 'arrived');

    await page.fire(100);
    for (const lane of ['holdfast', 'reconnecting', 'plain'] as const) {
      await vi.waitUntil(async () => (await arrived(lane)) === 100, { timeout: 10_000 });
      expect(await page.laneFaults(lane)).toEqual(CLEAN);
    }

    // Nobody is told that the path is gone: these hundred go into nothing in the two lanes that have no heartbeat.
    await page.press('strand');
    await page.fire(100);
    await vi.waitUntil(async () => (await arrived('holdfast')) === 200, { timeout: 30_000 });
    expect([await arrived('reconnecting'), await arrived('plain')]).toEqual([100, 100]);
    expect(await page.lane('plain', 'not there yet')).toBe(100);
    // Amber says that it takes too long, and no longer than it does.
    const late = (): Promise<string[]> =>
      browser.page.$$eval('.lane-counts .is-late dd', (cells) =>
        cells.map((cell) => cell.getAttribute('data-testid') ?? ''),
      );
    const both = ['reconnecting-not-there-yet', 'plain-not-there-yet'];
    await vi.waitUntil(async () => String(await late()) === String(both), { timeout: 10_000 });

    for (const lane of ['reconnecting', 'plain'] as const)
      expect(await page.text(`[data-lane="${lane}"]`)).toContain('open, but nothing comes through: it does not know');
    const wire = await page.text('.stage-status dl');
    expect(wire).toContain(`${(await demo.faults()).stranded} dead`);
    expect(wire).not.toContain('sound');

    await page.press('cut');
    for (const lane of ['reconnecting', 'plain'] as const) await page.untilLaneIsDown(lane);
    await page.untilLanesOpen();
    expect(await page.text('.lanes')).not.toContain('does not know');
    expect(await page.text('.stage-status dl')).toContain('sound');
    await page.fire(100);
    for (const lane of ['holdfast', 'reconnecting', 'plain'] as const) {
      await vi.waitUntil(async () => (await demo.tally(run, lane)).highest === 300, { timeout: 30_000 });
    }
    for (const [lane, count] of [
      ['holdfast', 300],
      ['reconnecting', 200],
      ['plain', 200],
    ] as const) {
      await vi.waitUntil(async () => (await arrived(lane)) === count, { timeout: 10_000 });
    }
    await vi.waitUntil(async () => (await late()).length === 0, { timeout: 10_000 });
    expect(await page.laneFaults('holdfast')).toEqual(CLEAN);
    expect(await page.laneFaults('plain')).toEqual({ ...CLEAN, lost: 100 });
    expect(await page.laneFaults('reconnecting')).toEqual({ ...CLEAN, lost: 100 });
    expect((await demo.tally(run, 'plain')).missing).toBe(100);
    // The page never says more than the server: what it calls delivered has been counted.
    expect(await page.count('delivered')).toBe(300);
    expect(browser.faults).toEqual([]);
  });

  test('a drain and a restart move the conversation, and nothing is missing', async () => {
    await using visited = await visit(demo);
    const { browser, page } = visited;
    const run = await page.run();
    await page.untilLanesOpen();
    await page.press('pilot');
    // What comes at once is never said to be late, however often the page looks.
    const late = await browser.page.evaluate(async () => {
      const until = performance.now() + 3_000;
      const seen = new Set<string>();
      while (performance.now() < until) {
        for (const cell of document.querySelectorAll('.is-late dd')) seen.add(cell.getAttribute('data-testid') ?? '');
        await new Promise((resolve) => requestAnimationFrame(resolve));
      }
      return [...seen];
    });
    expect(late).toEqual([]);
    await page.press('drain');
    await vi.waitUntil(async () => (await page.text('.history')).includes('Moved'), { timeout: 20_000 });
    const { serverPid } = await demo.faults();
    await page.press('replace');
    await vi.waitUntil(async () => ![null, serverPid].includes((await demo.faults()).serverPid), { timeout: 20_000 });
    await page.untilPhase('open');
    await page.press('pilot');
    await vi.waitUntil(async () => (await page.board()).pending === 0 && (await page.count('wire')) === 0, {
      timeout: 20_000,
    });
    expect(await demo.tally(run)).toMatchObject({ missing: 0, doubled: 0, outOfOrder: 0 });
    expect((await demo.tally(run)).received).toBe(await page.count('delivered'));
    expect(browser.faults).toEqual([]);
  });
});
