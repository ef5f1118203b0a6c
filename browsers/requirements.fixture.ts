import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  BROWSER_DIFFERENCES,
  type BrowserDifference,
  type ClassName,
} from '../packages/core/src/websocket/browser-differences.fixture.ts';
import { DIFFERENCES } from '../packages/core/src/websocket/differences.fixture.ts';
import { requirements } from '../packages/core/src/websocket/requirement-runner.fixture.ts';
import { startPlain } from '../packages/core/src/websocket/test-server.fixture.ts';
import { bundleHarness } from './bundle.ts';
import { openPage, type RemotePage } from './remote-page.ts';

/** A module, as apps are: what can't be written throws in strict code only. */
const PAGE = '<!doctype html><meta charset="utf-8"><title>Page</title><script type="module" src="/page.js"></script>';

const cases = requirements.flatMap(({ number, text }) =>
  (['native', 'ours'] as const).map((name) => ({ number, name, title: `${number} ${text}: ${name}` })),
);

/**
 * The table of what the standard asks of a WebSocket, which core runs in Chromium, in another browser: against its own
 * class and against the drop-in class, in the same page and with the same server. What is listed as different must
 * be so, or the list is wrong.
 */
export function testRequirements(browser: BrowserDifference['browser'], pageOf: () => RemotePage): void {
  describe('the requirements of a WebSocket', () => {
    let stop: (() => Promise<void>) | undefined;
    beforeAll(async () => {
      const files = new Map([
        ['/page', { type: 'text/html', text: PAGE }],
        ['/page.js', { type: 'text/javascript', text: await bundleHarness('requirements') }],
      ]);
      const [port, end] = await startPlain(files);
      stop = end;
      await openPage(pageOf(), `http://127.0.0.1:${port}/page`);
    });
    afterAll(() => stop?.());

    test.for(cases.map((one) => [one.title, one] as const))('%s', async ([, { number, name }]) => {
      const breach = await pageOf().call('breach', number, name);
      const expected = differs(browser, number, name);
      if (expected === null) expect(breach).toBeNull();
      else expect(breach).toMatch(expected);
    });

    test('a port that browsers block ends an attempt of createSocket at once', async () => {
      const [code, ms] = await pageOf().call('blockedPort');
      expect(code).toMatch(/^(?:CONNECT_FAILED|URL_FAILED)$/);
      // Its connectTimeoutMs is 10,000.
      expect(ms).toBeLessThan(5_000);
    });

    test('bytes that waited for a connection go before a close in its first moment', async () => {
      expect(await pageOf().call('sentEarly')).toEqual(['bytes', 'text']);
    });
  });
}

/** How a class breaks a requirement in a browser; null: not at all. */
function differs(browser: BrowserDifference['browser'], number: string, name: ClassName): RegExp | null {
  const own = BROWSER_DIFFERENCES.find(
    (one) => one.browser === browser && one.number === number && one.classes.includes(name),
  );
  if (own !== undefined) return own.fails;
  // What is different with ours is so in every browser.
  return name === 'ours' && DIFFERENCES.some((one) => one.number === number) ? /^expected / : null;
}
