import { moment } from './exactly-once.fixture.ts';
import type { PuppeteerBrowser, PuppeteerPage } from './puppeteer-browser.ts';

/** Covers a page by another tab until the function given is called. */
export async function cover(browser: PuppeteerBrowser, page: PuppeteerPage): Promise<() => Promise<void>> {
  const since = Date.now();
  const other = await browser.newPage();
  await other.page.bringToFront();
  await moment(page, 'hidden', { since });
  return async () => {
    await page.page.bringToFront();
    await moment(page, 'visible', { since });
    await other.page.close();
  };
}
