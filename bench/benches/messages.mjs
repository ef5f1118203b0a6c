import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { prepare, startBrowser } from '../lib/browser.mjs';
import { startServer } from '../lib/server-process.mjs';
import { median, medianOfRatios, randomFrom, ratioOfMedians, shuffled } from '../lib/stats.mjs';
import { ratioText, table } from '../lib/table.mjs';

/**
 * What is measured on one open connection. `value` gives what counts, for each the more or the less the better.
 *
 * @typedef {object} Phase
 * @property {string} key
 * @property {string} title
 * @property {string} unit
 * @property {number} [perMessage] messages of one run: the main thread's CPU is counted for each
 * @property {(page: import('playwright-core').Page) => Promise<number>} value
 */

const COUNT = 5_000;
const TRIPS = 300;
/** How many of `COUNT` are sent in one turn of the event loop where they aren't sent in one go. */
const PER_TURN = 50;
/** After each phase, so that none pays for what the one before has left to do: its CPU counts until the end of the rest. */
const REST_MS = 100;

/** @type {Record<'throughput' | 'roundtrip', readonly Phase[]>} */
const phasesOf = {
  throughput: [
    {
      key: 'burst',
      title: `Sending, ${COUNT} messages in one turn`,
      unit: 'messages/s',
      perMessage: COUNT,
      value: async (page) =>
        (COUNT / (await page.evaluate((count) => globalThis.bench.sending(count, count), COUNT))) * 1_000,
    },
    {
      key: 'stream',
      title: `Sending, ${COUNT} messages, ${PER_TURN} a turn`,
      unit: 'messages/s',
      perMessage: COUNT,
      value: async (page) =>
        (COUNT /
          (await page.evaluate(([count, perTurn]) => globalThis.bench.sending(count, perTurn), [COUNT, PER_TURN]))) *
        1_000,
    },
    {
      key: 'receive',
      title: `Receiving ${COUNT} messages`,
      unit: 'messages/s',
      perMessage: COUNT,
      value: async (page) =>
        (COUNT / (await page.evaluate((count) => globalThis.bench.receiving(count), COUNT))) * 1_000,
    },
  ],
  roundtrip: [
    {
      key: 'trip',
      title: `Round trip, median of ${TRIPS}`,
      unit: 'ms',
      perMessage: TRIPS,
      value: async (page) => median(await page.evaluate((count) => globalThis.bench.pingPong(count), TRIPS)),
    },
  ],
};

/**
 * Messages of 100 bytes on one connection, by every contender in turn, in a new order each round.
 *
 * @param {readonly ('throughput' | 'roundtrip')[]} parts
 * @param {{ rounds: number }} options
 */
export async function run(parts, { rounds }) {
  const phases = parts.flatMap((part) => phasesOf[part]);
  const all = await prepare('messages');
  const contenders = all.filter(({ missing }) => missing === undefined);
  const server = await startServer();
  const browser = await startBrowser();
  try {
    const host = `127.0.0.1:${server.port}`;
    const entries = [];
    for (const contender of contenders) entries.push(await openEntry(browser, contender, phases));
    // What is compared with another is measured right before or after it: a machine's speed changes within seconds.
    const pairs = entries
      .filter(({ contender }) => contender.besides === undefined)
      .map((entry) => [entry, ...entries.filter(({ contender }) => contender.besides === entry.contender.name)]);
    const random = randomFrom(2);
    // The first round warms up: code is compiled and caches fill.
    for (let round = -1; round < rounds; round += 1) {
      for (const pair of shuffled(pairs, random))
        for (const entry of shuffled(pair, random)) await measure(entry, host, phases, round < 0);
    }
    return report(all, entries, phases, browser.version, rounds);
  } finally {
    await browser.stop();
    server.stop();
  }
}

/** @typedef {{ values: Record<string, number[]>, cpus: Record<string, number[]>, contender: import('../lib/browser.mjs').Prepared, page: import('playwright-core').Page, cpuMs: () => Promise<number> }} Entry */

/** @param {any} browser @param {import('../lib/browser.mjs').Prepared} contender @param {readonly Phase[]} phases @returns {Promise<Entry>} */
async function openEntry(browser, contender, phases) {
  const page = await browser.openPage(contender);
  const cpuMs = await browser.threadTime(page);
  const series = () => Object.fromEntries(phases.map(({ key }) => [key, /** @type {number[]} */ ([])]));
  return { contender, page, cpuMs, values: series(), cpus: series() };
}

/** @param {Entry} entry @param {string} host @param {readonly Phase[]} phases @param {boolean} isWarmUp */
async function measure({ contender, page, cpuMs, values, cpus }, host, phases, isWarmUp) {
  await page.evaluate((where) => globalThis.bench.open(where), host);
  for (const { key, value, title, perMessage = 1 } of phases) {
    const before = await cpuMs();
    const startAt = performance.now();
    const result = await Promise.race([
      value(page),
      new Promise((_, reject) => {
        setTimeout(() => reject(new Error(`${contender.label}: ${title}: nothing after 60 s`)), 60_000).unref();
      }),
    ]);
    await sleep(REST_MS);
    if (isWarmUp) continue;
    values[key]?.push(Number(result));
    cpus[key]?.push((((await cpuMs()) - before) / perMessage) * 1_000);
    if (performance.now() - startAt > 30_000) console.error(`${contender.label}: ${title}: slow`);
  }
  await page.evaluate(() => globalThis.bench.close());
}

/** @param {readonly import('../lib/browser.mjs').Prepared[]} all @param {readonly Entry[]} entries @param {readonly Phase[]} phases @param {string} version @param {number} rounds */
function report(all, entries, phases, version, rounds) {
  const native = entries[0];
  /** @param {string} name */
  const find = (name) => entries.find(({ contender }) => contender.name === name);
  const results = phases.map(({ key, title, unit }) => ({
    title,
    unit,
    contenders: entries.map(({ contender, values, cpus }) => ({
      name: contender.label,
      settings: contender.settings,
      median: median(values[key] ?? []),
      ratio: ratioOfMedians(values[key] ?? [], native?.values[key] ?? []),
      besides: contender.besides,
      ...(contender.besides && {
        ratioBesides: medianOfRatios(values[key] ?? [], find(contender.besides)?.values[key] ?? []),
      }),
      cpuUs: median(cpus[key] ?? []),
      cpuRatio: ratioOfMedians(cpus[key] ?? [], native?.cpus[key] ?? []),
      values: values[key],
      cpus: cpus[key],
    })),
  }));
  const missing = all.filter((contender) => contender.missing !== undefined);
  const text = [
    `Messages of 100 bytes in Chromium ${version}, medians of ${rounds} rounds, all contenders in turn in each. In brackets: the 95 %`,
    'interval of the ratio to native (bootstrap). CPU: of the page’s main thread, microseconds a message, with what it does in the',
    `${REST_MS} ms after; messages/s until the last one is confirmed, without what is cleaned up then.`,
    ...results.flatMap(({ title, unit, contenders }) => [
      '',
      table(
        [title, unit, 'to native', 'CPU', 'to native'],
        [
          ...contenders.map((row) => [
            row.name,
            row.median.toFixed(unit === 'ms' ? 3 : 0),
            ratioText(row.ratio),
            row.cpuUs.toFixed(1),
            ratioText(row.cpuRatio),
          ]),
          ...missing.map(({ label }) => [label, 'missing', '', '', '']),
        ],
      ),
      ...contenders.flatMap(({ name, besides, ratioBesides }) =>
        ratioBesides === undefined ? [] : [`${name} to ${besides}, median of the rounds: ${ratioText(ratioBesides)}`],
      ),
    ]),
    '',
    ...all.map(({ label, settings, missing: why }) => `${label}: ${why ?? settings}`),
  ].join('\n');
  return { text, results: { chromium: version, rounds, results } };
}
