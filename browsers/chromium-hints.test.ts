import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { findBrowser } from '../scripts/find-browser.mjs';
import { converse, expectOnce, moment } from './exactly-once.fixture.ts';
import { Held } from './held.fixture.ts';
import { PuppeteerBrowser, type PuppeteerPage } from './puppeteer-browser.ts';
import { TestServer } from './test-server.ts';

// A connection has become a black hole: no packet comes back, and nobody is told. The heartbeat would ask after minutes,
// so that only what the browser hints at can bring the page back.

const PROTOCOLS = ['holdfast', 'plain', 'drop-in'] as const;
const PATIENT = { intervalMs: 600_000, timeoutMs: 5_000 };
/** Longer than any timer of a page that runs is late. */
const SLEEP_MS = 11_000;

/** Each makes the browser tell the page something. */
const hints: { readonly [what: string]: (page: PuppeteerPage, browser: PuppeteerBrowser) => Promise<void> } = {
  async 'comes to the front'(page, browser) {
    const other = await browser.newPage();
    await moment(page, 'hidden');
    await page.page.bringToFront();
    await moment(page, 'visible');
    await other.page.close();
  },
  async 'gets the focus'(page) {
    await page.call('refocus');
    await moment(page, 'focus');
  },
  'is on another kind of network': (page) => page.pretendRoundTrip(3_000),
};

describe.skipIf(findBrowser('chromium').path === undefined)(
  'Chromium tells a page whose connection is dead that it',
  () => {
    const held = new Held();
    let server: TestServer;
    let browser: PuppeteerBrowser;

    beforeAll(async () => {
      server = held.use(await TestServer.start({ isSecure: true, heartbeat: PATIENT }));
      browser = held.use(await PuppeteerBrowser.launch('chromium'));
    });
    afterAll(() => held.release());

    /** Nothing is sent before the page has another connection: that would be a hint, too. */
    async function expectReplaced(page: PuppeteerPage, run: string, since: number): Promise<void> {
      await moment(page, 'opened', { since });
      await expectOnce(page, server, run, 10);
      await page.page.close();
    }

    const cases = Object.keys(hints).flatMap((what) => PROTOCOLS.map((protocol) => [what, protocol] as const));
    test.for(cases)('%s: %s replaces it', async ([what, protocol]) => {
      const page = await browser.newPage();
      const run = await converse(page, server, given(protocol));
      const since = Date.now();
      server.blackHole();
      await hints[what]?.(page, browser);
      await expectReplaced(page, run, since);
    });

    test('has slept: holdfast and plain replace it', async () => {
      // Two windows, so that both are seen: in a hidden page late timers prove little.
      const [first, second] = [await browser.newPage(), await browser.newWindow()];
      const runs = [
        await converse(first, server, given('holdfast')),
        await converse(second, server, given('plain')),
      ] as const;
      server.blackHole();
      browser.sleep();
      try {
        await sleep(SLEEP_MS);
      } finally {
        browser.wake();
      }
      const since = Date.now();
      await expectReplaced(first, runs[0], since - 100);
      await expectReplaced(second, runs[1], since - 100);
    });

    test('sends without an answer: holdfast replaces it', async () => {
      const page = await browser.newPage();
      const run = await converse(page, server, given('holdfast'));
      server.blackHole();
      await page.call('send', 11, 20);
      await expectOnce(page, server, run, 20);
      await page.page.close();
    });
  },
);

function given(protocol: (typeof PROTOCOLS)[number]): Parameters<typeof converse>[2] {
  return { protocol, ...(protocol === 'holdfast' && { options: { heartbeat: PATIENT } }) };
}
