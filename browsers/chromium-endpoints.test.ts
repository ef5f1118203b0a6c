import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findBrowser } from '../scripts/find-browser.mjs';
import { EndpointServer } from './endpoint-server.ts';
import { numbers, until, untilPhase } from './exactly-once.fixture.ts';
import { Held } from './held.fixture.ts';
import { PuppeteerBrowser, type PuppeteerPage } from './puppeteer-browser.ts';
import { openPage } from './remote-page.ts';
import { TestServer } from './test-server.ts';

// Two servers that share nothing. One can't be reached, is killed, and comes back.

describe.skipIf(findBrowser('chromium').path === undefined)('two endpoints in Chromium', () => {
  const held = new Held();
  let page: PuppeteerPage;
  let [first, second]: EndpointServer[] = [];
  beforeAll(async () => {
    [first, second] = [held.use(await EndpointServer.start()), held.use(await EndpointServer.start())];
    const host = held.use(await TestServer.start());
    page = await held.use(await PuppeteerBrowser.launch('chromium')).newPage();
    await openPage(page, host.url);
  });
  afterAll(() => held.release());

  test('a black hole, a kill and a return: nothing is lost, and a double says that it may be one', async () => {
    if (first === undefined || second === undefined) throw new Error('no servers');
    const [one, other] = [first, second];
    /** Sends these numbers; resolves when each of them was answered, and says by how many runs of which server. */
    const exchange = async (from: number, to: number): Promise<[one: number, other: number]> => {
      await page.call('send', from, to);
      await until(async () => (await page.call('statuses')).every((status) => status === 'delivered'));
      const count = ({ taken }: EndpointServer): number => taken.filter(({ number }) => number >= from).length;
      return [count(one), count(other)];
    };

    await page.call('start', {
      run: 'endpoints',
      protocol: 'holdfast',
      endpoints: {
        urls: [one.url, other.url],
        options: { hedgeAfterMs: 250, coolDownMs: 1_000, returnAfterMs: 1_000 },
      },
    });
    expect(await exchange(1, 10)).toEqual([10, 0]);
    expect([one.live, other.live]).toEqual([1, 0]);

    // The heartbeat finds the link dead, and the next handshake gets no answer either.
    one.blackHole();
    expect(await exchange(11, 20)).toEqual([0, 10]);
    await untilPhase(page, 'open');

    // Where it was, nobody answers now: it stays, with each return that fails.
    await one.kill();
    one.mend();
    const { since } = await page.call('state');
    await page.call('wait', 4_000);
    expect(await exchange(21, 30)).toEqual([0, 10]);
    expect([other.live, await page.call('state')]).toMatchObject([1, { phase: 'open', since }]);

    await one.start();
    await until(() => one.live === 1 && other.live === 0);
    expect(await exchange(31, 40)).toEqual([10, 0]);
    // To the app nothing has ended.
    expect(await page.call('state')).toMatchObject({ phase: 'open', since });

    await one.kill();
    expect(await exchange(41, 50)).toEqual([0, 10]);

    const taken = [...one.taken, ...other.taken];
    expect(new Set(taken.map(({ number }) => number))).toEqual(new Set(numbers(1, 50)));
    const sure = taken.filter(({ redelivered }) => !redelivered).map(({ number }) => number);
    expect(sure).toEqual([...new Set(sure)]);
    expect(await page.call('errors')).toEqual([]);
    await page.call('close');
    await until(() => one.live + other.live === 0);
  });
});
