import { setTimeout as sleep } from 'node:timers/promises';
import type { Page } from 'puppeteer-core';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { missing, temporaryProfile, TestBrowser } from './browser.ts';
import { DemoPage, type Hands } from './demo-page.ts';
import { type Demo, startDemo } from './demo.ts';
import { visit, visitInWebKit } from './visit.ts';

let demo: Demo;

beforeEach(async () => {
  demo = await startDemo();
});

afterEach(async () => {
  expect(await demo.stop()).toBe(0);
});

describe.skipIf(missing('chromium') !== null)('in Chromium', () => {
  test('1,000 messages survive cuts, freezes, kills of the server and reloads', { timeout: 180_000 }, async () => {
    await using visited = await visit(demo);
    const { browser, page } = visited;
    const run = await page.run();
    // Slow enough that no acknowledgement is back before the fault.
    await demo.fault('delay', { delayMs: 300 });

    const faults = [
      () => demo.fault('cut'),
      () => freeze(page),
      () => demo.restartServer(),
      () => page.reload(),
      () => demo.fault('cut'),
      () => freeze(page),
      () => demo.restartServer(),
      () => page.reload(),
      () => demo.fault('cut'),
      () => demo.fault('cut'),
    ];
    let sent = 0;
    for (const fault of faults) {
      // However long the page takes to store them, none is there before the fault.
      await demo.fault('freeze');
      await page.fire(100);
      sent += 100;
      await page.untilStored();
      const { received } = await demo.tally(run);
      expect(received, 'the fault falls into open messages').toBeLessThan(sent);
      await demo.fault('thaw');
      await fault();
      await sleep(100);
    }
    await demo.fault('delay', { delayMs: 0 });

    expect(await page.run()).toBe(run);
    await vi.waitUntil(async () => (await demo.tally(run)).received >= 1_000, { timeout: 60_000, interval: 100 });
    expect(await demo.tally(run)).toEqual({ received: 1_000, missing: 0, doubled: 0, outOfOrder: 0, highest: 1_000 });
    // The page shows what the handler says.
    await vi.waitUntil(async () => (await page.lane('holdfast', 'arrived')) === 1_000, { timeout: 10_000 });
    expect(await page.laneFaults('holdfast')).toEqual({ lost: 0, doubled: 0, outOfOrder: 0 });
    expect(await page.count('failed')).toBe(0);
    expect(browser.faults).toEqual([]);
  });

  test('what was not stored when the page was reloaded is told apart from what is lost', async () => {
    await using visited = await visit(demo);
    const { browser, page } = visited;
    const run = await page.run();
    await page.fire(10);
    await vi.waitUntil(async () => (await page.lane('holdfast', 'arrived')) === 10, { timeout: 10_000 });
    await demo.fault('refuse', { refusing: true });
    await demo.fault('cut');
    await vi.waitUntil(async () => (await page.phase()) !== 'open', { timeout: 10_000 });
    await page.fire(10);
    await page.untilStored();
    await page.press('storage');
    await page.fire(10);
    expect(await page.count('waiting')).toBe(10);
    await page.reload();
    await demo.fault('refuse', { refusing: false });
    await page.untilPhase('open');
    await page.fire(10);
    await vi.waitUntil(async () => (await page.lane('holdfast', 'arrived')) === 30, { timeout: 20_000 });
    // The server says what it has; the page says what it means.
    expect(await demo.tally(run)).toMatchObject({ received: 30, missing: 10, highest: 40 });
    expect(await page.text('[data-testid="holdfast-unsaved"]')).toContain('10 not yet saved');
    expect(await page.laneFaults('holdfast')).toEqual({ lost: 0, doubled: 0, outOfOrder: 0 });
    expect(await page.lane('holdfast', 'not there yet')).toBe(0);
    // And says it as long as the run lasts.
    await page.reload();
    await vi.waitUntil(async () => (await page.lane('holdfast', 'arrived')) === 30, { timeout: 20_000 });
    expect(await page.laneFaults('holdfast')).toEqual({ lost: 0, doubled: 0, outOfOrder: 0 });
    expect(await page.text('[data-testid="holdfast-unsaved"]')).toContain('10 not yet saved');
    expect(browser.faults).toEqual([]);
  });

  test('whatever was stored survives ten kills of the browser', { timeout: 300_000 }, async () => {
    using profile = temporaryProfile();
    /** By run: the numbers whose `stored` resolved, as the page told before it went on. */
    const stored = new Map<string, Set<number>>();
    const watch = async (browser: TestBrowser): Promise<DemoPage> => {
      await browser.page.exposeFunction('onMessageStored', (run: string, number: number) => {
        const numbers = stored.get(run) ?? new Set();
        stored.set(run, numbers.add(number));
      });
      const page = new DemoPage(browser.page);
      await page.open(demo.url);
      return page;
    };

    for (let kill = 1; kill <= 10; kill += 1) {
      await using browser = await TestBrowser.launch('chromium', profile.path);
      const page = await watch(browser);
      const run = await page.run();
      // Before the connection is up, on a dead link, on a slow one.
      if (kill % 3 !== 0) await page.untilPhase('open');
      if (kill % 3 === 1) await demo.fault('freeze');
      // So slow that nothing is confirmed before the kill, however busy the machine is.
      else await demo.fault('delay', { delayMs: 3_000 });
      await page.fire(1_000);
      await sleep(Math.random() * 150);
      const unacknowledged = async (): Promise<number> =>
        (stored.get(run)?.size ?? 0) - (await demo.tally(run)).received;
      await vi.waitUntil(async () => (await unacknowledged()) >= 100, { timeout: 10_000, interval: 5 });
      await browser.kill();
      await demo.fault('thaw');
      await demo.fault('delay', { delayMs: 0 });
    }
    expect(stored.size).toBe(10);

    await using browser = await TestBrowser.launch('chromium', profile.path);
    const page = await watch(browser);
    await page.untilPhase('open');
    for (const [run, numbers] of stored) {
      const last = Math.max(...numbers);
      await vi.waitUntil(async () => (await demo.tally(run)).highest >= last, { timeout: 60_000, interval: 100 });
    }
    await vi.waitUntil(async () => !(await page.text('.queue')).includes('from before this page'), { timeout: 60_000 });
    for (const run of stored.keys()) {
      const tally = await demo.tally(run);
      expect(tally).toMatchObject({ missing: 0, doubled: 0, outOfOrder: 0, received: tally.highest });
    }
    expect(browser.faults).toEqual([]);
  });

  test('a frozen connection is noticed within the heartbeat’s deadline and replaced', async () => {
    await using visited = await visit(demo);
    const { browser, page } = visited;
    const run = await page.run();

    // Only a connection that has proved stable is replaced without a wait.
    await sleep(5_500);

    const frozenAt = Date.now();
    await demo.fault('freeze');
    await page.fire(100);
    await vi.waitUntil(async () => (await page.phase()) !== 'open', { timeout: 30_000, interval: 20 });
    const noticed = (await page.history()).find(({ phase, at }) => phase !== 'open' && at >= frozenAt);
    // A ping every 2 s and 2 s for its answer, and a second for a busy machine.
    expect(noticed!.at - frozenAt).toBeLessThanOrEqual(2_000 + 2_000 + 1_000);
    expect(noticed!.phase).toBe('connecting');

    await demo.fault('thaw');
    await page.untilPhase('open');
    await vi.waitUntil(async () => (await demo.tally(run)).received >= 100, { timeout: 20_000, interval: 50 });
    expect(await demo.tally(run)).toEqual({ received: 100, missing: 0, doubled: 0, outOfOrder: 0, highest: 100 });
    expect(browser.faults).toEqual([]);
  });

  test('kills of the server in the middle of its work double nothing', { timeout: 300_000 }, async () => {
    await using visited = await visit(demo);
    const { browser, page } = visited;
    const run = await page.run();
    await demo.fault('delay', { delayMs: 150 });
    let sent = 0;
    for (let kill = 1; kill <= 6; kill += 1) {
      // More than two of the server's windows, so that round trips are left however fast the handler is.
      await demo.fault('freeze');
      const { received } = await demo.tally(run);
      for (; sent - received < 5_000; sent += 1_000) await page.fire(1_000);
      await demo.fault('thaw');
      // The handler is at it: hundreds are in its queue and one is in its hands.
      await vi.waitUntil(async () => (await demo.tally(run)).received > received, { timeout: 60_000, interval: 1 });
      await sleep(Math.random() * 30);
      expect((await demo.tally(run)).received).toBeLessThan(sent);
      await demo.restartServer(0);
    }
    await vi.waitUntil(async () => (await demo.tally(run)).received >= sent, { timeout: 60_000, interval: 100 });
    expect(await demo.tally(run)).toEqual({ received: sent, missing: 0, doubled: 0, outOfOrder: 0, highest: sent });
    expect(browser.faults).toEqual([]);
  });

  test('a duplicated tab counts for itself, and a new start begins at 1', async () => {
    using profile = temporaryProfile();
    await using browser = await TestBrowser.launch('chromium', profile.path);
    const page = new DemoPage(browser.page);
    await page.open(demo.url);
    await page.fire(100);
    const run = await page.run();
    const opened = new Promise<Page>((resolve) => browser.page.once('popup', (popup) => resolve(popup!)));
    await browser.page.evaluate(() => void window.open(location.href));
    const other = new DemoPage(await opened);
    await other.page.waitForSelector('[data-testid="phase"]');
    // A window opened by a page starts with a copy of its sessionStorage.
    expect(await other.run()).not.toBe(run);
    await other.fire(100);
    await vi.waitUntil(async () => (await demo.tally(await other.run())).received === 100, { timeout: 20_000 });

    await page.page.bringToFront();
    await page.untilStored();
    await Promise.all([page.page.waitForNavigation(), page.page.click('[data-testid="start-over"]')]);
    await page.page.waitForSelector('[data-testid="phase"]');
    const fresh = await page.run();
    expect(fresh).not.toBe(run);
    await page.fire(10);
    for (const [name, count] of [
      [run, 100],
      [await other.run(), 100],
      [fresh, 10],
    ] as const) {
      await vi.waitUntil(async () => (await demo.tally(name)).received >= count, { timeout: 20_000 });
      expect(await demo.tally(name)).toEqual({
        received: count,
        missing: 0,
        doubled: 0,
        outOfOrder: 0,
        highest: count,
      });
    }
    expect(browser.faults).toEqual([]);
  });

  test('what is typed comes back', async () => {
    await using visited = await visit(demo);
    const { page } = visited;
    await demo.fault('cut');
    await page.say('Is anybody there?');
    await vi.waitUntil(
      () =>
        page.text('.replies').then(
          (text) => text.includes('Is anybody there?'),
          () => false,
        ),
      { timeout: 20_000 },
    );
  });
});

describe.skipIf(missing('firefox') !== null)('in Firefox', () => {
  test(
    '200 messages survive a cut, a freeze, a kill of the server, a reload and a kill of the browser',
    { timeout: 180_000 },
    async () => {
      using profile = temporaryProfile();
      await using browser = await TestBrowser.launch('firefox', profile.path);
      const page = new DemoPage(browser.page);
      await page.open(demo.url);
      await page.untilPhase('open');
      const run = await page.run();
      await demo.fault('delay', { delayMs: 300 });

      await page.fire(100);
      await page.untilStored();
      await demo.fault('cut');
      await sleep(200);
      await freeze(page);
      await demo.restartServer();
      await page.fire(100);
      await page.untilStored();
      await page.reload();
      await demo.fault('delay', { delayMs: 0 });
      await vi.waitUntil(async () => (await demo.tally(run)).received >= 200, { timeout: 60_000, interval: 100 });
      expect(await demo.tally(run)).toEqual({ received: 200, missing: 0, doubled: 0, outOfOrder: 0, highest: 200 });

      await demo.fault('freeze');
      await page.fire(100);
      await page.untilStored();
      await browser.kill();
      await demo.fault('thaw');
      await using next = await TestBrowser.launch('firefox', profile.path);
      await new DemoPage(next.page).open(demo.url);
      await vi.waitUntil(async () => (await demo.tally(run)).received >= 300, { timeout: 60_000, interval: 100 });
      expect(await demo.tally(run)).toEqual({ received: 300, missing: 0, doubled: 0, outOfOrder: 0, highest: 300 });
      expect([...browser.faults, ...next.faults]).toEqual([]);
    },
  );
});

describe.skipIf(missing('webkit') !== null)('in WebKitGTK', () => {
  test('400 messages survive a cut, a freeze, a kill of the server and a reload', { timeout: 180_000 }, async () => {
    await using visited = await visitInWebKit(demo);
    const { browser, page } = visited;
    const run = await page.run();
    const faults = [
      () => demo.fault('cut'),
      () => freeze(page),
      () => demo.restartServer(),
      async () => {
        expect(await browser.faults()).toEqual([]);
        await page.reload();
      },
    ];
    let sent = 0;
    for (const fault of faults) {
      await page.untilPhase('open');
      // What is sent is still on its way when the fault comes.
      await demo.fault('delay', { delayMs: 700 });
      await page.fire(100);
      sent += 100;
      await page.untilStored();
      await fault();
      await demo.fault('delay', { delayMs: 0 });
    }

    expect(await page.run()).toBe(run);
    await vi.waitUntil(async () => (await demo.tally(run)).received >= sent, { timeout: 60_000, interval: 100 });
    expect(await demo.tally(run)).toEqual({ received: sent, missing: 0, doubled: 0, outOfOrder: 0, highest: sent });
    // The page shows what the handler says.
    await vi.waitUntil(async () => (await page.lane('holdfast', 'arrived')) === sent, { timeout: 10_000 });
    expect(await page.laneFaults('holdfast')).toEqual({ lost: 0, doubled: 0, outOfOrder: 0 });
    expect(await page.count('failed')).toBe(0);
    expect(await browser.faults()).toEqual([]);
  });
});

/** Freezes the wire until the page has noticed. */
async function freeze(page: DemoPage<Hands>): Promise<void> {
  await page.untilPhase('open');
  await demo.fault('freeze');
  await vi.waitUntil(async () => (await page.phase()) !== 'open', { timeout: 20_000, interval: 50 });
  await demo.fault('thaw');
}
