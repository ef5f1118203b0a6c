import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findBrowser } from '../scripts/find-browser.mjs';
import { cover } from './cover.fixture.ts';
import { numbers, until } from './exactly-once.fixture.ts';
import { FastRefreshApp } from './fast-refresh-app.ts';
import { Held } from './held.fixture.ts';
import { PuppeteerBrowser } from './puppeteer-browser.ts';
import { TestServer } from './test-server.ts';

// What only Chromium can be made to do: a tab behind another one, and an app that is edited while it runs.

describe.skipIf(findBrowser('chromium').path === undefined)('React in Chromium', () => {
  const held = new Held();
  let browser: PuppeteerBrowser;
  beforeAll(async () => {
    browser = held.use(await PuppeteerBrowser.launch('chromium'));
  });
  afterAll(() => held.release());

  test('a tab behind another one shows what comes, though it has no frames', async () => {
    const server = held.use(await TestServer.start({ page: 'react' }));
    const page = await browser.newPage();
    await page.open(server.url);
    const run = server.newRun();
    await page.call('render', { run });
    await until(async () => (await page.call('text')) === 'open 0');
    const uncover = await cover(browser, page);
    const frames = page.page.evaluate(() => new Promise((resolve) => requestAnimationFrame(resolve)));
    // One that comes alone, and two of a burst: the second waits for a timer.
    for (const [index, burst] of [[1], [2, 3]].entries()) {
      for (const number of burst) server.broadcast({ run, number });
      await until(async () => (await page.call('shown')).length === 2 * index + 1);
    }
    expect(await page.call('shown')).toEqual([1, 2, 3]);
    const isPainted = await Promise.race([frames.then(() => true), page.call('shown').then(() => false)]);
    expect(isPainted).toBe(false);
    await uncover();
    await frames;
    await page.page.close();
  });

  test('an edit with Fast Refresh keeps the connection and the messages, and loses none', async () => {
    const app = held.use(await FastRefreshApp.start());
    const { page } = await browser.newPage();
    const textOf = (selector: string): Promise<string | null | undefined> =>
      page.evaluate((what) => document.querySelector(what)?.textContent, selector);
    await page.goto(app.url);
    await until(async () => (await textOf('p')) === 'open.');
    await page.evaluate(() => (document.title = 'the same document'));
    let sent = 0;
    const timer = setInterval(() => app.broadcast((sent += 1)), 2);
    try {
      await until(() => sent > 20);
      app.edit('chat.tsx', 'Before', 'After');
      await until(async () => (await textOf('h1')) === 'After');
      const kept = sent;
      await until(async () => ((await textOf('output')) ?? '').split(',').length > kept);
      expect(await textOf('output')).toMatch(new RegExp(`^${numbers(1, kept).join()}`));
      // Another initial state: Fast Refresh unmounts the component and mounts it anew, with an empty list.
      app.edit('chat.tsx', "useState('.')", "useState('!')");
      await until(async () => (await textOf('p')) === 'open!');
      await until(() => sent > kept + 100);
    } finally {
      clearInterval(timer);
    }
    await until(async () => (await textOf('output'))?.endsWith(String(sent)) === true);
    const [first = 0] = ((await textOf('output')) ?? '').split(',').map(Number);
    expect(first).toBeGreaterThan(1);
    expect(await textOf('output')).toBe(numbers(first, sent).join());
    expect([app.connects, await page.title()]).toEqual([1, 'the same document']);
    await page.close();
  });
});
