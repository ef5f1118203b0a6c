import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { findBrowser } from '../scripts/find-browser.mjs';
import { cover } from './cover.fixture.ts';
import { converse, expectOnce, moment, numbers, until, untilPhase } from './exactly-once.fixture.ts';
import { Held } from './held.fixture.ts';
import { PuppeteerBrowser, type PuppeteerPage } from './puppeteer-browser.ts';
import { openPage } from './remote-page.ts';
import { TestServer } from './test-server.ts';

// What a browser does to a page: it is put away, stopped, covered, and sleeps with its device.

describe.skipIf(findBrowser('chromium').path === undefined)('a page in Chromium', () => {
  const held = new Held();
  let server: TestServer;
  let browser: PuppeteerBrowser;
  let page: PuppeteerPage;

  beforeAll(async () => {
    server = held.use(await TestServer.start({ isSecure: true, heartbeat: { intervalMs: 500, timeoutMs: 500 } }));
    browser = held.use(await PuppeteerBrowser.launch('chromium'));
  });
  afterAll(() => held.release());

  beforeEach(async () => {
    page = await browser.newPage();
    return async () => {
      await page.page.close();
      await until(() => server.live === 0);
    };
  });

  /** All that both sides have sent arrived once: 1 to `last` and the replies, and 0 from the server alone. */
  async function expectAll(run: string, last: number): Promise<void> {
    await expectOnce(page, server, run, last);
    const replies = await page.call('replies');
    expect([...replies].sort((one, other) => one - other)).toEqual([0, ...numbers(1, last + 1)]);
    expect(await page.call('errors')).toEqual([]);
  }

  test('comes back from the back/forward cache, and goes on', async () => {
    const run = await converse(page, server, { protocol: 'holdfast', outbox: 'indexedDB' });
    await page.call('send', 11, 20);
    await page.open(`${server.url}away`);
    await until(() => server.live === 0);
    server.broadcast({ run, number: 0 });
    await page.back();
    await moment(page, 'pageshow', { detail: 'persisted' });
    await untilPhase(page, 'open');
    await page.call('send', 21, 30);
    await expectAll(run, 30);
  });

  test('goes on after a freeze with what the server sent meanwhile', async () => {
    const run = await converse(page, server, { protocol: 'holdfast', outbox: 'indexedDB' });
    const session = await page.devTools();
    await session.send('Page.setWebLifecycleState', { state: 'frozen' });
    await until(() => server.live === 0);
    server.broadcast({ run, number: 0 });
    await session.send('Page.setWebLifecycleState', { state: 'active' });
    await moment(page, 'resume');
    await page.call('send', 11, 20);
    await expectAll(run, 20);
  });

  test('sleeps with its device until the server has given it up, and goes on', async () => {
    const run = await converse(page, server, { protocol: 'holdfast', outbox: 'indexedDB' });
    await page.call('send', 11, 20);
    browser.sleep();
    try {
      await until(() => server.live === 0);
      server.broadcast({ run, number: 0 });
    } finally {
      browser.wake();
    }
    await page.call('send', 21, 30);
    await expectAll(run, 30);
  });

  test.for(['keep', 'slow'] as const)('behind another tab, with hidden: %s, it sends and receives', async (hidden) => {
    const run = await converse(page, server, { protocol: 'holdfast', options: { hidden } });
    const uncover = await cover(browser, page);
    server.broadcast({ run, number: 0 });
    await page.call('send', 11, 20);
    await until(async () => (await page.call('replies')).length === 21);
    await uncover();
    await expectAll(run, 20);
  });

  test('behind another tab a worker keeps the time that the page has lost', async () => {
    await openPage(page, server.url);
    const uncover = await cover(browser, page);
    // The page's own runs once a second.
    expect(await page.call('workerRuns', 50, 3)).toBeGreaterThan(9);
    await uncover();
  });

  test('behind another tab it lets go of the connection, and is back to send, and when it is seen', async () => {
    // One that was opened behind the other tab is let go of once it is stable.
    const options = { hidden: { releaseAfterMs: 300 }, reconnect: { stableAfterMs: 300 } };
    const run = await converse(page, server, { protocol: 'holdfast', options });
    const uncover = await cover(browser, page);
    await until(() => server.live === 0);
    expect(await page.call('state')).toMatchObject({ phase: 'paused', reason: 'hidden' });
    await page.call('send', 11, 20);
    await until(() => server.received(run).length === 20);
    await until(() => server.live === 0);
    server.broadcast({ run, number: 0 });
    await uncover();
    await untilPhase(page, 'open');
    await expectAll(run, 20);
  });

  test('behind another tab it keeps the connection while a message is not answered', async () => {
    const options = { hidden: { releaseAfterMs: 200 } };
    const run = await converse(page, server, { protocol: 'holdfast', options });
    const release = server.hold();
    try {
      await page.call('send', 11, 11);
      const uncover = await cover(browser, page);
      // Many times what it would take.
      await page.call('wait', 2_000);
      expect([await page.call('phase'), server.live]).toEqual(['open', 1]);
      release();
      await until(() => server.live === 0);
      server.broadcast({ run, number: 0 });
      await uncover();
      await expectAll(run, 11);
    } finally {
      release();
    }
  });
});
