import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { prepareReact, startBrowser, versionOf } from '../lib/browser.mjs';
import { bench, fromSource, oneReact, repository } from '../lib/from-source.mjs';
import { startServer } from '../lib/server-process.mjs';
import { median, randomFrom, ratioOfMedians, shuffled } from '../lib/stats.mjs';
import { ratioText, table } from '../lib/table.mjs';

const COUNT = 20_000;

/** Those that all are compared with, by their files. */
const PEERS = ['react-use-websocket-unfiltered', 'react-use-websocket'];

/** What a page has downloaded already. */
const REACT = ['react', 'react-dom'];

/** What a page imports, beside what it has. @type {readonly { name: string, library?: string, code: string, without: readonly string[] }[]} */
const imports = [
  {
    name: 'Holdfast, useSocket and useConnectionState, on top of core and zustand',
    code: `export { useConnectionState, useSocket } from '@holdfast/react'`,
    without: [...REACT, '@holdfast/core', 'zustand'],
  },
  {
    name: 'Holdfast, all hooks, on top of core and zustand',
    code: `export * from '@holdfast/react'`,
    without: [...REACT, '@holdfast/core', 'zustand'],
  },
  {
    name: 'Holdfast, useSocket and useConnectionState, with plain() and all',
    code: `export { plain } from '@holdfast/core'; export { useConnectionState, useSocket } from '@holdfast/react'`,
    without: REACT,
  },
  {
    name: 'partysocket, its class alone',
    library: 'partysocket',
    code: `export { WebSocket } from 'partysocket'`,
    without: REACT,
  },
  {
    name: 'partysocket, useWebSocket with its class',
    library: 'partysocket',
    code: `export { default } from 'partysocket/use-ws'`,
    without: REACT,
  },
  {
    name: 'react-use-websocket, useWebSocket',
    library: 'react-use-websocket',
    code: `export { default } from 'react-use-websocket'`,
    without: REACT,
  },
];

/** @typedef {{ shown: number, isInOrder: boolean, commits: number, mostInAFrame: number, frames: number, renders: number, otherRenders: number, cpuMs: number }} Run */

/**
 * 20,000 messages at full speed into one component among 50, by the hooks of each contender in turn, in a new order each round.
 *
 * @param {{ rounds: number }} options
 */
export async function run({ rounds }) {
  const all = await prepareReact();
  const server = await startServer();
  const browser = await startBrowser();
  try {
    /** @type {{ contender: (typeof all)[number], page: import('playwright-core').Page, cpuMs: () => Promise<number>, runs: Run[] }[]} */
    const entries = [];
    for (const contender of all) {
      const page = await browser.openPage(contender);
      entries.push({ contender, page, cpuMs: await browser.threadTime(page), runs: [] });
    }
    const random = randomFrom(3);
    // The first round warms up: code is compiled and caches fill.
    for (let round = -1; round < rounds; round += 1) {
      for (const { page, cpuMs, runs } of shuffled(entries, random)) {
        const measured = await measure(page, cpuMs, server);
        if (round >= 0) runs.push(measured);
      }
    }
    return report(entries, await Promise.all(imports.map(sizeOf)), browser.version, rounds);
  } finally {
    await browser.stop();
    server.stop();
  }
}

/** @param {import('playwright-core').Page} page @param {() => Promise<number>} cpuMs @param {Awaited<ReturnType<typeof startServer>>} server @returns {Promise<Run>} */
async function measure(page, cpuMs, server) {
  const connected = server.next('connected');
  await page.evaluate((host) => globalThis.bench.open(host), `127.0.0.1:${server.port}`);
  await connected;
  // What mounting leaves to be done is none of it.
  await page.waitForTimeout(200);
  await page.evaluate(() => globalThis.bench.begin());
  const before = await cpuMs();
  server.tell({ topic: 't7', count: COUNT });
  await page.evaluate((count) => globalThis.bench.whenShown(count), COUNT);
  const cpu = (await cpuMs()) - before;
  const result = await page.evaluate(() => globalThis.bench.end());
  const gone = server.next('gone');
  await page.evaluate(() => globalThis.bench.close());
  await gone;
  return { ...result, cpuMs: cpu };
}

/** @param {readonly any[]} entries @param {readonly any[]} sizes @param {string} version @param {number} rounds */
function report(entries, sizes, version, rounds) {
  const peers = PEERS.map((file) => entries.find(({ contender }) => contender.file === file));
  /** @param {{ runs: readonly Run[] }} entry @param {(run: Run) => number} pick */
  const series = ({ runs }, pick) => runs.map(pick);
  const results = entries.map((entry) => {
    const { contender, runs } = entry;
    const cpus = series(entry, (one) => one.cpuMs);
    return {
      name: contender.label,
      settings: contender.settings,
      missed: median(series(entry, ({ shown }) => COUNT - shown)),
      isInOrder: runs.every(({ isInOrder }) => isInOrder),
      commits: median(series(entry, ({ commits }) => commits)),
      mostInAFrame: Math.max(...series(entry, ({ mostInAFrame }) => mostInAFrame)),
      otherRenders: Math.max(...series(entry, ({ otherRenders }) => otherRenders)),
      cpuUs: (median(cpus) / COUNT) * 1_000,
      cpuRatios: peers.map((peer) => ratioOfMedians(cpus, peer?.runs.map((one) => one.cpuMs) ?? [])),
      runs,
    };
  });
  const text = [
    `${COUNT} messages of 100 bytes at full speed into one component among 50, in Chromium ${version} with the production build of React`,
    `${versionOf('react')}, medians of ${rounds} rounds, all contenders in turn in each. Missed: never on the screen. Renders of the other 49 and`,
    'commits in one frame: the most of any round. CPU: of the page’s main thread, microseconds a message; in brackets the 95 % interval.',
    '',
    table(
      ['', 'missed', 'commits', 'most in a frame', 'renders of others', 'CPU', 'to unfiltered', 'to filtered'],
      results.map((row) => [
        row.name,
        String(row.missed),
        String(row.commits),
        String(row.mostInAFrame),
        String(row.otherRenders),
        row.cpuUs.toFixed(1),
        ...row.cpuRatios.map(ratioText),
      ]),
    ),
    '',
    'Size in bytes: bundled for ES2022 and minified by esbuild, gzip -9; without React.',
    '',
    table(
      ['', 'minified', 'gzip'],
      sizes.map(({ name, minified, gzip }) => [name, String(minified), String(gzip)]),
    ),
    '',
    ...results.map(({ name, settings }) => `${name}: ${settings}`),
    ...sizes.map(({ name, code }) => `${name}: ${code}`),
  ].join('\n');
  return { text, results: { chromium: version, react: versionOf('react'), rounds, messages: COUNT, results, sizes } };
}

/**
 * Packages that are not part of the bundle.
 *
 * @param {readonly string[]} names @returns {import('esbuild').Plugin}
 */
function leaveOut(names) {
  return {
    name: 'leave out',
    setup(bundler) {
      bundler.onResolve({ filter: /^[^.]/ }, ({ path }) =>
        names.some((name) => path === name || path.startsWith(`${name}/`)) ? { path, external: true } : undefined,
      );
    },
  };
}

/** @param {(typeof imports)[number]} entry */
async function sizeOf({ name, library, code, without }) {
  const { outputFiles } = await build({
    absWorkingDir: repository,
    stdin: { contents: code, resolveDir: bench },
    plugins: [leaveOut(without), fromSource],
    alias: oneReact,
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    minify: true,
    define: { 'process.env.NODE_ENV': '"production"' },
    logLevel: 'silent',
  });
  const bytes = outputFiles[0]?.contents ?? new Uint8Array();
  const label = library === undefined ? name : name.replace(library, `${library} ${versionOf(library)}`);
  return { name: label, code, minified: bytes.length, gzip: gzipSync(bytes, { level: 9 }).length };
}
