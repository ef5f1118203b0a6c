import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright';
import { createServer, transformWithOxc } from 'vite';
import { afterEach, describe, expect, test } from 'vitest';
import { example } from '../../scripts/examples.mjs';
import { chromiumArguments, findBrowser } from '../../scripts/find-browser.mjs';
import { freePort } from '../../scripts/free-port.mjs';

// docs/getting-started.md as a reader follows it: its files, Vite's development server, a browser.

const page = 'docs/getting-started.md';
const here = fileURLToPath(new URL('.', import.meta.url));
const app = join(here, '.app');
const browser = findBrowser('chromium').path;
/** @type {(() => unknown)[]} */
const cleanUps = [];

afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

describe('getting started', { timeout: 60_000 }, () => {
  test.skipIf(browser === undefined)('what was typed while the server was away arrives once and in order', async () => {
    const port = await freePort();
    write('src/messages.ts', example(page, 'chat messages'));
    write('src/main.ts', example(page, 'chat page'));
    write('vite.config.ts', example(page, 'chat vite').replace('8080', String(port)));
    write('server.mjs', (await withoutTypes('chat server')).replace('8080', String(port)));
    write('index.html', '<!doctype html><body><script type="module" src="/src/main.ts"></script></body>');
    cleanUps.push(() => rmSync(app, { recursive: true, force: true }));

    let stop = await startServer(port);
    const vite = await createServer({
      root: app,
      configFile: join(app, 'vite.config.ts'),
      logLevel: 'silent',
      server: { port: 0, host: '127.0.0.1' },
    });
    cleanUps.push(() => vite.close());
    await vite.listen();
    const [url = ''] = vite.resolvedUrls?.local ?? [];

    const chrome = await chromium.launch({ executablePath: String(browser), args: chromiumArguments() });
    cleanUps.push(() => chrome.close());
    const tab = await chrome.newPage();
    /** @type {string[]} */
    const faults = [];
    tab.on('pageerror', (error) => faults.push(String(error)));
    const says = async (/** @type {string} */ text) => {
      await tab.getByRole('textbox').fill(text);
      await tab.getByRole('textbox').press('Enter');
    };
    const lines = () => tab.locator('#lines li').allTextContents();
    await tab.goto(url);
    await says('hello');
    await expect.poll(lines, { timeout: 20_000 }).toEqual([expect.stringMatching(/^.{4}: hello$/)]);

    await stop();
    for (const text of ['one', 'two', 'three']) await says(text);
    await expect.poll(() => tab.locator('#phase').textContent()).toMatch(/, 3 waiting$/);
    // Each write takes its moment; the page shows nothing of it.
    await tab.waitForTimeout(500);
    await tab.reload();
    stop = await startServer(port);
    const texts = async () => (await lines()).map((line) => line.slice(6));
    await expect.poll(texts, { timeout: 30_000 }).toEqual(['one', 'two', 'three']);
    await says('four');
    await expect.poll(texts).toEqual(['one', 'two', 'three', 'four']);
    expect(faults).toEqual([]);
    await stop();
  });

  test('the example for Node delivers and ends', async () => {
    const port = await freePort();
    write('server.mjs', (await withoutTypes('chat server')).replace('8080', String(port)));
    write('client.mjs', (await withoutTypes('in node')).replace('8080', String(port)));
    cleanUps.push(() => rmSync(app, { recursive: true, force: true }));
    const stop = await startServer(port);
    const client = spawn(process.execPath, [join(app, 'client.mjs')], { stdio: 'inherit' });
    const [code] = await once(client, 'exit');
    expect(code).toBe(0);
    await stop();
  });
});

/**
 * @param {string} name
 * @param {string} code
 */
function write(name, code) {
  mkdirSync(dirname(join(app, name)), { recursive: true });
  writeFileSync(join(app, name), code);
}

/** @param {string} name */
async function withoutTypes(name) {
  const { code } = await transformWithOxc(example(page, name), 'example.ts');
  return code;
}

/** @param {number} port */
async function startServer(port) {
  const child = spawn(process.execPath, [join(app, 'server.mjs')], { stdio: 'inherit' });
  const exited = once(child, 'exit');
  const stop = async () => {
    child.kill('SIGKILL');
    await exited;
  };
  cleanUps.push(stop);
  await expect
    .poll(
      () =>
        fetch(`http://127.0.0.1:${port}/`, { signal: AbortSignal.timeout(500) }).then(
          () => true,
          (/** @type {unknown} */ error) => error instanceof Error && error.name === 'TimeoutError',
        ),
      { timeout: 10_000 },
    )
    .toBe(true);
  return stop;
}
