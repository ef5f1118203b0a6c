import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import puppeteer, { type Browser, type Page } from 'puppeteer-core';
import { type BrowserName, chromiumArguments, findBrowser } from '../../scripts/find-browser.mjs';

/** Why a browser's tests can't run here; null: they can. */
export const missing = (name: BrowserName): string | null => findBrowser(name).reason ?? null;

/** A browser on a profile that outlives it. */
export class TestBrowser {
  readonly browser: Browser;
  readonly page: Page;
  /** What went wrong in the page. */
  readonly faults: string[] = [];
  /** What the console has as errors. */
  readonly consoleErrors: string[] = [];

  private constructor(browser: Browser, page: Page) {
    this.browser = browser;
    this.page = page;
    page.on('console', (message) => {
      if (message.type() === 'error') this.consoleErrors.push(message.text());
    });
    page.on('pageerror', (error) => {
      // Firefox reports among the page's errors what it says itself of a lost WebSocket.
      if (!String(error).includes('ws://')) this.faults.push(String(error));
    });
  }

  static async launch(name: BrowserName, profile: string): Promise<TestBrowser> {
    const { path, reason } = findBrowser(name);
    if (path === undefined) throw new Error(reason);
    const browser = await puppeteer.launch({
      browser: name === 'chromium' ? 'chrome' : 'firefox',
      executablePath: path,
      userDataDir: profile,
      headless: true,
      // A laptop's: what is pressed is in sight.
      defaultViewport: { width: 1_366, height: 768 },
      args: name === 'chromium' ? chromiumArguments() : [],
    });
    const [first] = await browser.pages();
    return new TestBrowser(browser, first ?? (await browser.newPage()));
  }

  async close(): Promise<void> {
    await this.browser.close();
  }

  /** Whatever became of the test: nothing is left running. */
  async [Symbol.asyncDispose](): Promise<void> {
    const child = this.browser.process();
    if (child !== null && child.exitCode === null && child.signalCode === null) await this.kill();
  }

  /** SIGKILL to the browser and to all that it has started: nothing in it gets to tidy up. */
  async kill(): Promise<void> {
    const child = this.browser.process();
    if (child?.pid === undefined) throw new Error('the browser has no process of ours');
    const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    // Started in a group of its own: the minus means that group and nothing else.
    process.kill(-child.pid, 'SIGKILL');
    await exited;
  }
}

/** A folder that goes at the end of the scope. */
export function temporaryProfile(): { path: string; [Symbol.dispose]: () => void } {
  const path = mkdtempSync(join(tmpdir(), 'holdfast-profile-'));
  return {
    path,
    [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 }),
  };
}
