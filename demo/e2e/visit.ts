import { setTimeout as sleep } from 'node:timers/promises';
import { onTestFailed } from 'vitest';
import type { WebKitOptions } from '../../browsers/webkit-browser.ts';
import type { BrowserName } from '../../scripts/find-browser.mjs';
import { temporaryProfile, TestBrowser } from './browser.ts';
import { DemoPage, type Hands } from './demo-page.ts';
import type { Demo } from './demo.ts';
import { WebKitPage } from './webkit-page.ts';

/**
 * The page, open and connected, in a browser of its own. Browser and profile go at the end of the scope; a test that
 * fails tells how page and server stood then.
 */
export interface Visit {
  readonly browser: TestBrowser;
  readonly page: DemoPage;
  [Symbol.asyncDispose](): Promise<void>;
}

export async function visit(demo: Demo, name: Exclude<BrowserName, 'webkit'> = 'chromium'): Promise<Visit> {
  const profile = temporaryProfile();
  let browser: TestBrowser | undefined;
  const end = async (): Promise<void> => {
    await browser?.[Symbol.asyncDispose]();
    profile[Symbol.dispose]();
  };
  const told = (): string[] => [...(browser?.faults ?? []), ...(browser?.consoleErrors ?? [])];
  const lookAndEnd = lookBefore(end, () => browser?.page, demo, told);
  try {
    browser = await TestBrowser.launch(name, profile.path);
    const page = new DemoPage(browser.page);
    await page.open(demo.url);
    await page.untilPhase('open');
    return { browser, page, [Symbol.asyncDispose]: lookAndEnd };
  } catch (error) {
    await lookAndEnd();
    throw error;
  }
}

/** The same in WebKitGTK. */
export interface WebKitVisit {
  readonly browser: WebKitPage;
  readonly page: DemoPage<Hands>;
  [Symbol.asyncDispose](): Promise<void>;
}

export async function visitInWebKit(demo: Demo, options?: WebKitOptions): Promise<WebKitVisit> {
  const browser = await WebKitPage.launch(options);
  const end = lookBefore(
    () => browser[Symbol.asyncDispose](),
    () => browser,
    demo,
    () => browser.faults(),
  );
  try {
    const page = new DemoPage<Hands>(browser);
    await page.open(demo.url);
    await page.untilPhase('open');
    return { browser, page, [Symbol.asyncDispose]: end };
  } catch (error) {
    await end();
    throw error;
  }
}

/** A page that hangs has nothing to tell. */
const LOOK_MS = 3_000;

/** Looks at page and server before the end, and tells of it if the test has failed. */
function lookBefore(
  end: () => Promise<void>,
  page: () => Hands | undefined,
  demo: Demo,
  told: () => string[] | Promise<string[]>,
): () => Promise<void> {
  let lastSight = 'no page';
  onTestFailed(() => console.error(lastSight));
  return async () => {
    const inside = page();
    if (inside !== undefined) {
      lastSight = await Promise.race([look(demo, inside, told), sleep(LOOK_MS, 'no answer')]);
    }
    await end();
  };
}

async function look(demo: Demo, page: Hands, told: () => string[] | Promise<string[]>): Promise<string> {
  const sights = await Promise.allSettled([
    demo.faults(),
    page.evaluate(async () => ({
      page: document.body.innerText,
      states: [...document.querySelectorAll('.history li')].map((item) => item.outerHTML),
      locks: await navigator.locks.query(),
    })),
    told(),
  ]);
  const seen = sights.map((sight) => (sight.status === 'fulfilled' ? sight.value : String(sight.reason)));
  return JSON.stringify(seen, null, 2);
}
