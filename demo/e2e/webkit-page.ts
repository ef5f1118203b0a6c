import { vi } from 'vitest';
import { type WebKitOptions, WebKitBrowser } from '../../browsers/webkit-browser.ts';
import type { Hands } from './demo-page.ts';

type Run = string | ((...args: never[]) => unknown);

/** A page of WebKitGTK that is used like one of Puppeteer's. The browser keeps nothing when it ends: it has no profile. */
export class WebKitPage implements Hands {
  readonly #browser: WebKitBrowser;

  private constructor(browser: WebKitBrowser) {
    this.#browser = browser;
  }

  static async launch(options?: WebKitOptions): Promise<WebKitPage> {
    const browser = await WebKitBrowser.launch(options);
    const page = new WebKitPage(browser);
    // A laptop's, and the bar above the page.
    await page.resize(1_366, 810);
    return page;
  }

  async goto(url: string): Promise<null> {
    await this.#browser.open(url);
    await this.#watch();
    return null;
  }

  async reload(): Promise<null> {
    await this.#browser.reload();
    await this.#watch();
    return null;
  }

  resize(width: number, height: number): Promise<void> {
    return this.#browser.resize(width, height);
  }

  click(selector: string): Promise<void> {
    return this.#browser.click(`return ${FIRST}`, selector);
  }

  /** As Puppeteer does it: no list of WebKitGTK's is opened. */
  async select(selector: string, ...values: string[]): Promise<string[]> {
    await this.#browser.run(
      `const element = ${FIRST};
       element.value = arguments[1];
       for (const type of ['input', 'change']) element.dispatchEvent(new Event(type, { bubbles: true }));`,
      selector,
      values[0],
    );
    return values;
  }

  evaluate(run: Run, ...args: unknown[]): Promise<never> {
    return this.#run(`return (${String(run)})(...arguments)`, args);
  }

  $eval(selector: string, run: Run, ...args: unknown[]): Promise<never> {
    return this.#run(`return (${String(run)})(${FIRST}, ...[...arguments].slice(1))`, [selector, ...args]);
  }

  $$eval(selector: string, run: Run, ...args: unknown[]): Promise<never> {
    return this.#run(`return (${String(run)})(${ALL}, ...[...arguments].slice(1))`, [selector, ...args]);
  }

  async waitForSelector(selector: string, options: { timeout?: number } = {}): Promise<null> {
    const isThere = (): Promise<boolean> => this.#run(`return ${ALL}.length > 0`, [selector]);
    await vi.waitUntil(isThere, { timeout: options.timeout ?? 30_000, interval: 50 });
    return null;
  }

  /** What went wrong in the page since it was loaded. */
  async faults(): Promise<string[]> {
    return (await this.#browser.run('return window.faultsOfThePage')) as string[];
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#browser[Symbol.asyncDispose]();
  }

  /** The driver tells of no errors: the page is asked to keep them. */
  async #watch(): Promise<void> {
    await this.#browser.run(`
      window.faultsOfThePage = [];
      addEventListener('error', ({ message }) => faultsOfThePage.push(message));
      addEventListener('unhandledrejection', ({ reason }) => faultsOfThePage.push(String(reason)));
    `);
  }

  /** What a function of a test gives is known to that test: to Puppeteer's types it is whatever they say. */
  #run(script: string, args: readonly unknown[]): Promise<never> {
    return this.#browser.run(script, ...args) as Promise<never>;
  }
}

/** All elements for the selector that is the first argument; behind `>>> ` it looks into shadow roots, as Puppeteer does. */
const ALL = `((selector) => {
  const roots = selector.startsWith('>>> ')
    ? [...document.querySelectorAll('*')].flatMap(({ shadowRoot }) => shadowRoot ?? [])
    : [document];
  return roots.flatMap((root) => [...root.querySelectorAll(selector.replace('>>> ', ''))]);
})(arguments[0])`;

const FIRST = `(${ALL}[0] ?? (() => { throw new Error('the page has no ' + arguments[0]); })())`;
