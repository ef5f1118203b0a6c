import { once } from 'node:events';
import puppeteer, { type Browser, type CDPSession, type Page } from 'puppeteer-core';
import { type BrowserName, chromiumArguments, findBrowser } from '../scripts/find-browser.mjs';
import type { NetworkNamespace } from './network-namespace.ts';
import { descendants, signal } from './processes.ts';
import type { PageFunctions, RemotePage } from './remote-page.ts';

/** Puppeteer's defaults that keep a hidden page as lively as a visible one: a person's browser has none of them. */
const UNREAL = [
  '--disable-background-timer-throttling',
  '--disable-backgrounding-occluded-windows',
  '--disable-renderer-backgrounding',
];

export interface LaunchOptions {
  readonly namespace?: NetworkNamespace;
  /** A folder that outlives the browser. Default: one that goes with it. */
  readonly profile?: string;
  /** Firefox only. */
  readonly preferences?: { readonly [name: string]: number };
}

/** Chromium or Firefox, outside or inside of a network namespace. */
export class PuppeteerBrowser {
  readonly #browser: Browser;

  private constructor(browser: Browser) {
    this.#browser = browser;
  }

  static async launch(
    name: BrowserName,
    { namespace, profile, preferences = {} }: LaunchOptions = {},
  ): Promise<PuppeteerBrowser> {
    const { path, reason } = findBrowser(name);
    if (path === undefined) throw new Error(reason);
    const browser = await puppeteer.launch({
      browser: name === 'chromium' ? 'chrome' : 'firefox',
      executablePath: namespace === undefined ? path : namespace.wrap(path),
      headless: true,
      acceptInsecureCerts: true,
      ...(profile !== undefined && { userDataDir: profile }),
      extraPrefsFirefox: preferences,
      ...(name === 'chromium' && { pipe: true, args: chromiumArguments(), ignoreDefaultArgs: UNREAL }),
    });
    return new PuppeteerBrowser(browser);
  }

  /** A tab in front of the others. */
  async newPage(): Promise<PuppeteerPage> {
    return new PuppeteerPage(await this.#browser.newPage());
  }

  /** A window of its own, which covers no tab. Chromium only. */
  async newWindow(): Promise<PuppeteerPage> {
    return new PuppeteerPage(await this.#browser.newPage({ type: 'window' }));
  }

  /** Stops every process of the browser, as a device that sleeps does. */
  sleep(): void {
    for (const pid of this.#processes()) signal(pid, 'SIGSTOP');
  }

  wake(): void {
    for (const pid of this.#processes()) signal(pid, 'SIGCONT');
  }

  /** Ends every process of the browser at once. Resolves when it is gone. */
  async kill(): Promise<void> {
    const process = this.#browser.process();
    if (process === null || process.exitCode !== null || process.signalCode !== null) return;
    const gone = once(process, 'exit');
    for (const pid of this.#processes()) signal(pid, 'SIGKILL');
    await gone;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.wake();
    await this.#browser.close();
  }

  #processes(): number[] {
    const pid = this.#browser.process()?.pid;
    if (pid === undefined) throw new Error('the browser has no process of ours');
    return descendants(pid);
  }
}

export class PuppeteerPage implements RemotePage {
  readonly page: Page;

  constructor(page: Page) {
    this.page = page;
  }

  async open(url: string): Promise<void> {
    await this.page.goto(url);
  }

  async reload(): Promise<void> {
    await this.page.reload();
  }

  async back(): Promise<void> {
    await this.page.goBack();
  }

  /** Chromium's own protocol. */
  devTools(): Promise<CDPSession> {
    return this.page.createCDPSession();
  }

  /** What the page's `navigator.connection` says of the network's quality. Chromium only. */
  async pretendRoundTrip(latency: number): Promise<void> {
    const session = await this.devTools();
    await session.send('Network.enable');
    const throughput = { downloadThroughput: -1, uploadThroughput: -1 };
    await session.send('Network.overrideNetworkState', { offline: false, latency, ...throughput });
  }

  async call<Name extends keyof PageFunctions>(
    name: Name,
    ...args: Parameters<PageFunctions[Name]>
  ): Promise<Awaited<ReturnType<PageFunctions[Name]>>> {
    return (await this.page.evaluate(
      (method, given) =>
        (harness as unknown as { [name: string]: (...values: unknown[]) => unknown })[method]?.(...given),
      name,
      args,
    )) as Awaited<ReturnType<PageFunctions[Name]>>;
  }
}
