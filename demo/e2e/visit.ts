import { setTimeout as sleep } from 'node:timers/promises';
import { onTestFailed } from 'vitest';
import type { BrowserName } from '../../scripts/find-browser.mjs';
import { temporaryProfile, TestBrowser } from './browser.ts';
import { DemoPage } from './demo-page.ts';
import type { Demo } from './demo.ts';

/**
 * The page, open and connected, in a browser of its own. Browser and profile go at the end of the scope; a test that
 * fails tells how page and server stood then.
 */
export interface Visit {
  readonly browser: TestBrowser;
  readonly page: DemoPage;
  [Symbol.asyncDispose](): Promise<void>;
}

export async function visit(demo: Demo, name: BrowserName = 'chromium'): Promise<Visit> {
  const profile = temporaryProfile();
  let browser: TestBrowser | undefined;
  let lastSight = 'no page';
  onTestFailed(() => console.error(lastSight));
  const end = async (): Promise<void> => {
    if (browser !== undefined) lastSight = await Promise.race([look(demo, browser), sleep(LOOK_MS, 'no answer')]);
    await browser?.[Symbol.asyncDispose]();
    profile[Symbol.dispose]();
  };
  try {
    browser = await TestBrowser.launch(name, profile.path);
    const page = new DemoPage(browser.page);
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

async function look(demo: Demo, browser: TestBrowser): Promise<string> {
  const sights = await Promise.allSettled([
    demo.faults(),
    browser.page.evaluate(async () => ({
      page: document.body.innerText,
      states: [...document.querySelectorAll('.history li')].map((item) => item.outerHTML),
      locks: await navigator.locks.query(),
    })),
  ]);
  const told = sights.map((sight) => (sight.status === 'fulfilled' ? sight.value : String(sight.reason)));
  return JSON.stringify([...told, browser.faults, browser.consoleErrors], null, 2);
}
