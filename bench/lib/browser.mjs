import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { build } from 'esbuild';
import { chromium } from 'playwright-core';
import { chromiumArguments, findBrowser } from '../../scripts/find-browser.mjs';
import { contenders } from '../contenders/contender.mjs';
import { bench, fromSource } from './from-source.mjs';
import { portOf } from './server-process.mjs';

/** @typedef {(typeof contenders)[number] & { label: string, settings: string, code: string, missing?: string }} Prepared */

/**
 * Bundles the contenders of one kind of bench, each with the page's code.
 *
 * @param {'messages' | 'outages'} kind
 * @returns {Promise<Prepared[]>}
 */
export async function prepare(kind) {
  const wanted = contenders.filter((contender) => contender[kind]);
  return Promise.all(
    wanted.map(async (contender) => {
      const label =
        contender.library === undefined ? contender.name : `${contender.name} ${versionOf(contender.library)}`;
      try {
        return { ...contender, label, settings: '', code: await bundlePage(contender.file) };
      } catch (error) {
        const missing =
          error.errors?.map((/** @type {{ text: string }} */ { text }) => text).join('; ') ?? String(error);
        return { ...contender, label, settings: '', code: '', missing };
      }
    }),
  );
}

/** @param {string} library */
export function versionOf(library) {
  return JSON.parse(readFileSync(join(bench, 'node_modules', library, 'package.json'), 'utf8')).version;
}

/** @param {string} file */
async function bundlePage(file) {
  const { outputFiles } = await build({
    entryPoints: [join(bench, 'page/page.mjs')],
    alias: { contender: join(bench, 'contenders', `${file}.mjs`) },
    plugins: [fromSource],
    bundle: true,
    write: false,
    format: 'esm',
    target: 'es2022',
    minify: true,
    logLevel: 'silent',
  });
  return outputFiles[0]?.text ?? '';
}

/** Starts Chromium and a server for its pages. */
export async function startBrowser() {
  const found = findBrowser('chromium');
  if (found.path === undefined) throw new Error(`no Chromium: ${found.reason}`);
  const codes = new Map();
  const server = createServer((request, response) => {
    const name = decodeURIComponent((request.url ?? '/').slice(1));
    // Isolated pages have a clock of 5 us instead of 100.
    const headers = {
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-embedder-policy': 'require-corp',
      'content-type': 'text/html; charset=utf-8',
    };
    const code = codes.get(name);
    response.writeHead(code === undefined ? 404 : 200, headers);
    response.end(
      code === undefined ? '' : `<!doctype html><title>${name}</title><script type="module">${code}</script>`,
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const port = portOf(server);
  const browser = await chromium.launch({ executablePath: found.path, args: chromiumArguments() });
  return {
    version: browser.version(),
    /**
     * A page of its own context, and so of its own process, with one contender. Its settings are told to the contender.
     *
     * @param {Prepared} contender
     */
    async openPage(contender) {
      codes.set(contender.file, contender.code.replaceAll('</script', '<\\/script'));
      const context = await browser.newContext();
      const page = await context.newPage();
      await page.goto(`http://127.0.0.1:${port}/${contender.file}`);
      contender.settings = await page.evaluate(() => globalThis.bench.settings);
      return page;
    },
    async stop() {
      await browser.close();
      server.close();
    },
  };
}
