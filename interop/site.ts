import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';
import { type Browser, chromium, type Page } from 'playwright-core';
import { bundlePage } from '../scripts/bundle-page.mjs';
import { chromiumArguments, findBrowser } from '../scripts/find-browser.mjs';
import { listen } from './servers/server.ts';

/** The page on a server of its own, and a Chromium to open it in. */
export class Site {
  readonly #browser: Browser;
  readonly #url: string;
  readonly #close: () => void;

  static async start(): Promise<Site> {
    const { path, reason } = findBrowser('chromium');
    if (path === undefined) throw new Error(reason);
    const script = await bundlePage(fileURLToPath(new URL('page/main.ts', import.meta.url)), 'interopPage');
    const server = createServer(({ url }, response) => {
      const isScript = url === '/page.js';
      response.setHeader('content-type', isScript ? 'text/javascript' : 'text/html');
      response.end(isScript ? script : '<!doctype html><title>interop</title><script src="/page.js"></script>');
    });
    const port = await listen(server, 0);
    const browser = await chromium.launch({ executablePath: path, args: chromiumArguments() });
    return new Site(browser, `http://127.0.0.1:${port}/`, () => server.close());
  }

  private constructor(browser: Browser, url: string, close: () => void) {
    this.#browser = browser;
    this.#url = url;
    this.#close = close;
  }

  /** A new page. What it throws and nobody catches is collected in `faults`. */
  async open(): Promise<{ page: Page; faults: string[] }> {
    const page = await this.#browser.newPage();
    const faults: string[] = [];
    page.on('pageerror', (error) => faults.push(String(error.stack ?? error)));
    await page.goto(this.#url);
    return { page, faults };
  }

  async stop(): Promise<void> {
    await this.#browser.close();
    this.#close();
  }
}
