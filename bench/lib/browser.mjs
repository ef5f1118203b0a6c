import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { build } from 'esbuild';
import { chromium } from 'playwright-core';
import { chromiumArguments, findBrowser } from '../../scripts/find-browser.mjs';
import { contenders } from '../contenders/contender.mjs';
import { reactContenders } from '../contenders/react/contender.mjs';
import { bench, fromSource, oneReact } from './from-source.mjs';
import { portOf } from './server-process.mjs';

/** @typedef {{ file: string, name: string, library?: string, besides?: string } & { label: string, settings: string, code: string, missing?: string }} Prepared */

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

/**
 * Bundles the contenders of the bench of React, with the production build of React.
 *
 * @returns {Promise<Prepared[]>}
 */
export async function prepareReact() {
  return Promise.all(
    reactContenders.map(async (contender) => {
      const { name, library, file } = contender;
      const label = library === undefined ? name : name.replace(library, `${library} ${versionOf(library)}`);
      const code = await bundle('page/react.mjs', `contenders/react/${file}.mjs`, {
        define: { 'process.env.NODE_ENV': '"production"' },
        alias: oneReact,
      });
      return { ...contender, label, settings: '', code };
    }),
  );
}

/** @param {string} library */
export function versionOf(library) {
  return JSON.parse(readFileSync(join(bench, 'node_modules', library, 'package.json'), 'utf8')).version;
}

/** @param {string} file */
function bundlePage(file) {
  return bundle('page/page.mjs', `contenders/${file}.mjs`, {});
}

/** @param {string} page @param {string} contender @param {Pick<import('esbuild').BuildOptions, 'define' | 'alias'>} how */
async function bundle(page, contender, { alias, ...how }) {
  const { outputFiles } = await build({
    entryPoints: [join(bench, page)],
    alias: {
      ...alias,
      contender: join(bench, contender),
      lines: join(bench, 'page/lines.mjs'),
      report: join(bench, 'page/report.mjs'),
    },
    plugins: [fromSource],
    bundle: true,
    write: false,
    format: 'esm',
    target: 'es2022',
    minify: true,
    logLevel: 'silent',
    ...how,
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
    /**
     * The time that the main thread of a page has worked so far, milliseconds: its own, not time on the clock, for others use this
     * machine, too.
     *
     * @param {import('playwright-core').Page} page @returns {Promise<() => Promise<number>>}
     */
    async threadTime(page) {
      const devtools = await page.context().newCDPSession(page);
      await devtools.send('Performance.enable', { timeDomain: 'threadTicks' });
      return async () => {
        const { metrics } = await devtools.send('Performance.getMetrics');
        return metrics.find((/** @type {{ name: string }} */ { name }) => name === 'TaskDuration').value * 1_000;
      };
    },
    async stop() {
      await browser.close();
      server.close();
    },
  };
}
