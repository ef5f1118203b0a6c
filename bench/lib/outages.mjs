import { prepare, startBrowser } from './browser.mjs';
import { startProxy } from './proxy.mjs';
import { startServer } from './server-process.mjs';

/** @typedef {{ contender: import('./browser.mjs').Prepared, page: import('playwright-core').Page }} Opened */

/** Longer than the 5 s after which libraries take a connection for a good one and start over with their delays. */
const STABLE_MS = 7_000;

/** @param {number} ms */
export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Chromium, the server, and a proxy in front of it that can fail. */
export async function startOutages() {
  const all = await prepare('outages');
  const server = await startServer();
  const browser = await startBrowser();
  const proxy = await startProxy(server.port);
  return {
    all,
    version: browser.version,
    proxy,
    /**
     * Opens pages with one connection each, and waits until all are settled. A page of its own for each connection, a new one each
     * time: Chromium delays the handshakes of a process in which many failed or wait, up to 5 s.
     *
     * @param {number} pagesEach
     * @returns {Promise<Opened[]>}
     */
    async open(pagesEach) {
      const opened = [];
      for (const contender of all) {
        if (contender.missing !== undefined) continue;
        const pages = Array.from({ length: pagesEach }, async () => {
          const page = await browser.openPage(contender);
          await page.evaluate((host) => globalThis.bench.open(host), `127.0.0.1:${proxy.port}`);
          return { contender, page };
        });
        opened.push(...(await Promise.all(pages)));
      }
      await sleep(STABLE_MS);
      return opened;
    },
    /**
     * How long after `since` each page was open again; null: not within `patienceMs`, or it has given up.
     *
     * @param {readonly Opened[]} opened @param {number} since by Date.now() @param {number} patienceMs
     * @returns {Promise<{ contender: import('./browser.mjs').Prepared, ms: number | null }[]>}
     */
    async reopened(opened, since, patienceMs) {
      const results = new Map();
      while (results.size < opened.length && Date.now() < since + patienceMs) {
        await sleep(250);
        for (const { page, contender } of opened) {
          if (results.has(page)) continue;
          const { openings, hasGivenUp } = await page.evaluate(() => globalThis.bench.history());
          const at = openings.find((opening) => opening >= since);
          if (at !== undefined) results.set(page, { contender, ms: at - since });
          else if (hasGivenUp) results.set(page, { contender, ms: null });
        }
      }
      return opened.map(({ page, contender }) => results.get(page) ?? { contender, ms: null });
    },
    /** @param {readonly Opened[]} opened */
    async close(opened) {
      for (const { page } of opened) await page.context().close();
    },
    async stop() {
      await browser.stop();
      await proxy.stop();
      server.stop();
    },
  };
}

/**
 * The median with those that never opened counted as the slowest, and how many there were.
 *
 * @param {readonly (number | null)[]} times milliseconds
 */
export function summary(times) {
  const sorted = times.map((ms) => ms ?? Number.POSITIVE_INFINITY).sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const medianMs = sorted.length % 2 === 1 ? sorted[middle] : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2;
  return { medianMs: medianMs ?? Number.NaN, worstMs: sorted.at(-1) ?? Number.NaN, count: sorted.length };
}

/** @param {number} ms @param {number} patienceMs */
export function seconds(ms, patienceMs) {
  return Number.isFinite(ms) ? `${(ms / 1_000).toFixed(2)} s` : `> ${patienceMs / 1_000} s`;
}
