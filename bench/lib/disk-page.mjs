import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { chromium } from 'playwright-core';
import { chromiumArguments, findBrowser } from '../../scripts/find-browser.mjs';
import { bench, fromSource } from './from-source.mjs';
import { portOf } from './server-process.mjs';

/**
 * A page in a Chromium whose profile lies on the disk: in the contexts of `startBrowser` storage is in memory, where a
 * durable write costs no more than another.
 *
 * @param {string} file of the folder `page`
 */
export async function openDiskPage(file) {
  const found = findBrowser('chromium');
  if (found.path === undefined) throw new Error(`no Chromium: ${found.reason}`);
  const { outputFiles } = await build({
    entryPoints: [join(bench, 'page', file)],
    plugins: [fromSource],
    bundle: true,
    write: false,
    format: 'esm',
    target: 'es2022',
    minify: true,
    logLevel: 'silent',
  });
  const code = (outputFiles[0]?.text ?? '').replaceAll('</script', '<\\/script');
  const server = createServer((_request, response) => {
    const headers = {
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-embedder-policy': 'require-corp',
      'content-type': 'text/html; charset=utf-8',
    };
    response.writeHead(200, headers);
    response.end(`<!doctype html><title>bench</title><script type="module">${code}</script>`);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const profile = mkdtempSync(join(tmpdir(), 'holdfast-bench-'));
  const args = [...chromiumArguments(), '--enable-precise-memory-info'];
  const context = await chromium.launchPersistentContext(profile, { executablePath: found.path, args });
  const page = await context.newPage();
  const devtools = await context.newCDPSession(page);
  const load = async () => {
    await page.goto(`http://127.0.0.1:${portOf(server)}/`);
    // What the page before has left is in the same heap.
    for (let time = 0; time < 3; time += 1) await devtools.send('HeapProfiler.collectGarbage');
  };
  await load();
  return {
    page,
    version: context.browser()?.version() ?? '',
    /** Loads the page anew, as a user does. */
    load,
    stop: async () => {
      await context.close();
      server.close();
      rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}
