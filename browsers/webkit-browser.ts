import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { Builder, Capabilities, type WebDriver, type WebElement } from 'selenium-webdriver';
import { findBrowser } from '../scripts/find-browser.mjs';
import { descendants, signal } from './processes.ts';
import type { PageFunctions, RemotePage } from './remote-page.ts';

export interface WebKitOptions {
  /** What the browser's language comes from. Default: the machine's. */
  readonly locale?: string;
}

/** WebKitGTK's own small browser on a display that nobody sees: one page, by its WebDriver. */
export class WebKitBrowser implements RemotePage {
  readonly #driver: WebDriver;
  readonly #processes: readonly ChildProcess[];

  private constructor(driver: WebDriver, processes: readonly ChildProcess[]) {
    this.#driver = driver;
    this.#processes = processes;
  }

  static async launch({ locale }: WebKitOptions = {}): Promise<WebKitBrowser> {
    const { path, reason } = findBrowser('webkit');
    if (path === undefined) throw new Error(reason);
    const processes: ChildProcess[] = [];
    try {
      const display = spawn('Xvfb', ['-displayfd', '3', '-screen', '0', '1600x1200x24', '-nolisten', 'tcp'], {
        stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
      });
      processes.push(display);
      const [number] = (await once(display.stdio[3] as Readable, 'data')) as [Buffer];
      const port = await freePort();
      const language = locale === undefined ? {} : { LC_ALL: locale };
      const env = { ...process.env, ...language, DISPLAY: `:${String(number).trim()}` };
      const driver = spawn(path, [`--port=${port}`], { stdio: 'ignore', env });
      processes.push(driver);
      const server = `http://127.0.0.1:${port}`;
      await isReady(server, driver);
      const wanted = new Capabilities({ browserName: 'MiniBrowser', acceptInsecureCerts: true });
      return new WebKitBrowser(await new Builder().usingServer(server).withCapabilities(wanted).build(), processes);
    } catch (error) {
      await end(processes);
      throw error;
    }
  }

  async open(url: string): Promise<void> {
    await this.#driver.get(url);
  }

  async reload(): Promise<void> {
    await this.#driver.navigate().refresh();
  }

  async back(): Promise<void> {
    await this.#driver.navigate().back();
  }

  async call<Name extends keyof PageFunctions>(
    name: Name,
    ...args: Parameters<PageFunctions[Name]>
  ): Promise<Awaited<ReturnType<PageFunctions[Name]>>> {
    const result: { value?: unknown; error?: string } = await this.#driver.executeAsyncScript(
      `const [name, args, done] = arguments;
       Promise.resolve().then(() => harness[name](...args)).then((value) => done({ value }), (error) => done({ error: String(error) }));`,
      name,
      args,
    );
    if (result.error !== undefined) throw new Error(`${name}: ${result.error}`);
    return result.value as Awaited<ReturnType<PageFunctions[Name]>>;
  }

  /** Runs a script in the page. It finds its arguments in `arguments`, and returns what JSON can carry, or a promise of it. */
  async run(script: string, ...args: readonly unknown[]): Promise<unknown> {
    return this.#driver.executeScript(script, ...args);
  }

  /** As a person does: what the script finds is scrolled to, and must not be covered. */
  async click(script: string, ...args: readonly unknown[]): Promise<void> {
    const element: WebElement = await this.#driver.executeScript(script, ...args);
    await element.click();
  }

  /** Makes the window as large, and its page smaller by the bar above it. It is never narrower than that bar, of 450 pixels or so. */
  async resize(width: number, height: number): Promise<void> {
    await this.#driver.manage().window().setRect({ width, height });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      await this.#driver.quit();
    } finally {
      await end(this.#processes);
    }
  }
}

async function isReady(server: string, driver: ChildProcess): Promise<void> {
  for (;;) {
    if (driver.exitCode !== null) throw new Error(`WebKitWebDriver ended with ${driver.exitCode}`);
    const isUp = await fetch(`${server}/status`).then(
      (response) => response.ok,
      () => false,
    );
    if (isUp) return;
    await sleep(50);
  }
}

/** The driver takes no port 0. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise<void>((resolve) => server.close(() => resolve()));
  return port;
}

/** The last one first: the display outlives what is on it. */
async function end(processes: readonly ChildProcess[]): Promise<void> {
  for (const child of [...processes].reverse()) {
    if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) continue;
    const exited = once(child, 'exit');
    for (const pid of descendants(child.pid)) signal(pid, 'SIGKILL');
    await exited;
  }
}
