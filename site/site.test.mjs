import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import process from 'node:process';
import { chromium } from 'playwright';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { chromiumArguments, findBrowser } from '../scripts/find-browser.mjs';
import { must } from '../scripts/run.mjs';
import { deadLinks } from './links.mjs';
import { link } from './stage.mjs';

const site = import.meta.dirname;
const dist = join(site, 'dist');
/** Made at every run, to be looked at; in no commit. */
const screenshots = join(site, 'screenshots');
const browser = findBrowser('chromium').path;
const types = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.json': 'application/json',
};

describe('links', () => {
  test('one that leads nowhere is found, and so is a heading that is not there', () => {
    const folder = mkdtempSync(join(tmpdir(), 'holdfast-site-'));
    const page = (/** @type {string} */ body) => `<!doctype html><h2 id="one">One</h2>${body}`;
    writeFileSync(
      join(folder, 'index.html'),
      page('<a href="/other.html#one">a</a><a href="#two">b</a><a class="x" href="./gone">c</a>'),
    );
    writeFileSync(join(folder, 'other.html'), page('<a href="/#one">a</a><a href="https://example.com/gone">b</a>'));
    expect(deadLinks(folder, '/')).toEqual(['index.html: #two has no such heading', 'index.html: ./gone is no page']);
    rmSync(folder, { recursive: true });
  });

  test('between files of the repository become links between pages', () => {
    expect(link('docs/sending.md', 'errors.md#x')).toBe('/errors#x');
    expect(link('docs/sending.md', '../SECURITY.md')).toBe('/security');
    expect(link('docs/sending.md', 'https://example.com/a.md')).toBe('https://example.com/a.md');
    expect(() => link('docs/sending.md', 'no-such-page.md')).toThrow(/no page of the site/);
  });
});

describe.skipIf(browser === undefined)('the site in Chromium', { timeout: 60_000 }, () => {
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://site.test');
    const file = join(dist, decodeURIComponent(pathname.endsWith('/') ? `${pathname}index.html` : pathname));
    response.statusCode = existsSync(file) ? 200 : 404;
    response.setHeader('content-type', types[extname(file)] ?? 'application/octet-stream');
    response.end(existsSync(file) ? readFileSync(file) : '');
  });
  /** @type {import('playwright').Browser} */
  let chrome;
  let base = '';

  beforeAll(async () => {
    if (!existsSync(join(dist, 'index.html'))) await must(process.execPath, [join(site, 'build.mjs')], { quiet: true });
    mkdirSync(screenshots, { recursive: true });
    await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)));
    const address = server.address();
    base = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
    chrome = await chromium.launch({ executablePath: String(browser), args: chromiumArguments() });
  }, 180_000);

  afterAll(async () => {
    await chrome.close();
    server.close();
  });

  const pages = ['/', '/getting-started.html', '/errors.html', '/api/@holdfast/core.html'];
  const screens = [
    { colorScheme: /** @type {const} */ ('light'), width: 1280, height: 900 },
    { colorScheme: /** @type {const} */ ('dark'), width: 390, height: 844 },
  ];
  test.each(pages.flatMap((path) => screens.map((screen) => ({ path, ...screen }))))(
    '$path, $colorScheme, $width wide: no error, nothing beyond the edge, nothing that axe calls serious',
    async ({ path, colorScheme, width, height }) => {
      const tab = await chrome.newPage({ viewport: { width, height }, colorScheme, reducedMotion: 'reduce' });
      /** @type {string[]} */
      const faults = [];
      tab.on('console', (message) => message.type() === 'error' && faults.push(message.text()));
      tab.on('pageerror', (error) => faults.push(String(error)));
      await tab.goto(base + path, { waitUntil: 'networkidle' });
      const name = path === '/' ? 'home' : path.replaceAll(/\W+/g, '-').replaceAll(/^-|-html$/g, '');
      await tab.screenshot({ path: join(screenshots, `${name}-${colorScheme}-${width}.png`) });
      expect(faults).toEqual([]);
      expect(await tab.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width);
      await tab.addScriptTag({ path: createRequire(import.meta.url).resolve('axe-core') });
      const serious = await tab.evaluate(async () => {
        const { violations } = await /** @type {any} */ (globalThis).axe.run(document, {
          resultTypes: ['violations'],
          // VitePress shows the keys of the search on its button, and leaves them out of its name.
          rules: { 'label-content-name-mismatch': { enabled: false } },
        });
        return violations
          .filter(({ impact }) => impact === 'serious' || impact === 'critical')
          .map(({ id, nodes }) => `${id}: ${nodes[0].html}`);
      });
      expect(serious).toEqual([]);
      await tab.close();
    },
  );

  test('the search finds an error code', async () => {
    const tab = await chrome.newPage();
    await tab.goto(base);
    await tab.getByRole('button', { name: 'Search' }).first().click();
    await tab.getByRole('searchbox').fill('OUTCOME_UNKNOWN');
    await expect.poll(() => tab.locator('a.result').count(), { timeout: 20_000 }).toBeGreaterThan(0);
    expect(
      await tab.locator('a.result').evaluateAll((links) => links.map((each) => each.getAttribute('href')).join(' ')),
    ).toContain('/errors');
    await tab.close();
  });
});
