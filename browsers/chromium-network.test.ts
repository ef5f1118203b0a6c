import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { findBrowser } from '../scripts/find-browser.mjs';
import { whyNoNamespaces } from '../scripts/namespaces.mjs';
import { converse, expectOnce, moment, until, untilPhase } from './exactly-once.fixture.ts';
import { Held } from './held.fixture.ts';
import { NetworkNamespace } from './network-namespace.ts';
import { PuppeteerBrowser, type PuppeteerPage } from './puppeteer-browser.ts';
import { TestServer } from './test-server.ts';

// Chromium on a network of its own, whose cable is pulled and put back.

const isMissing = findBrowser('chromium').path === undefined || whyNoNamespaces() !== null;

describe.skipIf(isMissing)('Chromium behind a real link', () => {
  const held = new Held();
  let network: NetworkNamespace;
  let browser: PuppeteerBrowser;
  let page: PuppeteerPage;
  let secure: TestServer;
  let plainHttp: TestServer;

  beforeAll(async () => {
    network = held.use(new NetworkNamespace());
    const host = network.outerAddress;
    secure = held.use(await TestServer.start({ host, isSecure: true }));
    plainHttp = held.use(await TestServer.start({ host }));
    browser = held.use(await PuppeteerBrowser.launch('chromium', { namespace: network }));
  });
  afterAll(() => held.release());

  beforeEach(async () => {
    page = await browser.newPage();
    return async () => {
      network.deliver();
      network.unblock();
      network.up();
      secure.endBlackHoles();
      await page.page.close();
    };
  });

  /** Pulls the cable and puts it back when the page is told; `meanwhile` runs in between. Gives when it was put back. */
  async function flap(meanwhile: () => void | Promise<void> = () => {}): Promise<number> {
    const since = Date.now();
    network.down();
    await moment(page, 'offline', { since });
    await meanwhile();
    const upAt = Date.now();
    network.up();
    return upAt;
  }

  test.for([
    ['https', 'memory'],
    ['https', 'indexedDB'],
    ['http', 'memory'],
  ] as const)(
    'over %s, with the outbox in %s: what is sent while the cable is out arrives once it is back, once',
    async ([scheme, outbox]) => {
      const server = scheme === 'https' ? secure : plainHttp;
      const run = await converse(page, server, { protocol: 'holdfast', outbox });
      const upAt = await flap(async () => {
        await page.call('send', 11, 20);
        if (outbox === 'indexedDB') expect(await page.call('stored')).toBe('stored');
        await untilPhase(page, 'waiting');
        await page.call('send', 21, 30);
      });
      const onlineAt = await moment(page, 'online', { since: upAt });
      // Without a network it would try again only after many seconds.
      expect((await moment(page, 'connect', { since: onlineAt })) - onlineAt).toBeLessThan(500);
      await expectOnce(page, server, run, 30);
    },
  );

  test('tries again soon while a network that is back is still setting itself up', async () => {
    const run = await converse(page, secure, { protocol: 'holdfast' });
    const upAt = await flap(async () => {
      await untilPhase(page, 'waiting');
      network.block();
    });
    const { attempt } = await page.call('state');
    await until(
      async () => (await page.call('moments')).filter(({ type, at }) => type === 'connect' && at > upAt).length > 2,
    );
    // These failures say nothing of the server.
    expect((await page.call('state')).attempt).toBe(attempt);
    network.unblock();
    await expectOnce(page, secure, run, 10);
  });

  test('a flap of the link loses nothing, doubles nothing and leaves one connection', async () => {
    const run = await converse(page, secure, { protocol: 'holdfast' });
    for (const first of [11, 21, 31]) {
      const upAt = await flap(() => page.call('send', first, first + 9));
      await moment(page, 'online', { since: upAt });
    }
    await expectOnce(page, secure, run, 40);
    await until(() => secure.live === 1);
  });

  test.for(['holdfast', 'plain', 'drop-in'] as const)(
    '%s: a connection that dies in a flap is replaced',
    async (protocol) => {
      const run = await converse(page, secure, { protocol });
      const upAt = await flap(() => secure.blackHole());
      await moment(page, 'opened', { since: upAt });
      await expectOnce(page, secure, run, 10);
    },
  );

  test.for(['holdfast', 'plain', 'drop-in'] as const)(
    '%s: it is replaced, too, where the network first refuses every connection',
    async (protocol) => {
      const run = await converse(page, secure, { protocol });
      const upAt = await flap(() => {
        secure.blackHole();
        network.block();
      });
      await moment(page, 'closed 1006', { since: upAt });
      network.unblock();
      await moment(page, 'opened', { since: upAt });
      await expectOnce(page, secure, run, 10);
    },
  );

  test('a link that loses everything in silence is noticed by the heartbeat', async () => {
    const options = { heartbeat: { intervalMs: 500, timeoutMs: 500 } };
    const run = await converse(page, secure, { protocol: 'holdfast', options });
    network.drop();
    await page.call('send', 11, 20);
    await until(async () => (await page.call('phase')) !== 'open');
    network.deliver();
    await expectOnce(page, secure, run, 20);
    expect((await page.call('moments')).filter(({ type }) => type === 'offline')).toEqual([]);
  });
});
