import { openDiskPage } from '../lib/disk-page.mjs';
import { startServer } from '../lib/server-process.mjs';
import { median, quantile, randomFrom, ratioOfMedians, shuffled } from '../lib/stats.mjs';
import { ratioText, table } from '../lib/table.mjs';

const COUNT = 10_000;
/** Awaited one by one they are slow: fewer of them tell the same. */
const PUTS = 300;
/** A stream goes on while storage writes. */
const STREAM = 50_000;
const PER_TURN = 250;

/** @typedef {{ name: string, count: number, call: (page: import('playwright-core').Page) => Promise<number> }} Way */

/** @type {readonly Way[]} */
const ways = [
  ...['relaxed', 'strict'].map((durability) => ({
    name: `an awaited put each, ${durability}`,
    count: PUTS,
    call: (/** @type {import('playwright-core').Page} */ page) =>
      page.evaluate(([count, how]) => globalThis.bench.puts(count, how), [PUTS, durability]),
  })),
  ...['relaxed', 'strict'].map((durability) => ({
    name: `one transaction, a record each, ${durability}`,
    count: COUNT,
    call: (/** @type {import('playwright-core').Page} */ page) =>
      page.evaluate(([count, how]) => globalThis.bench.transaction(count, how), [COUNT, durability]),
  })),
  ...[
    { perTurn: COUNT, count: COUNT, durability: 'relaxed' },
    { perTurn: COUNT, count: COUNT, durability: 'strict' },
    { perTurn: COUNT, count: COUNT, durability: 'relaxed', isEncrypted: true },
    { perTurn: PER_TURN, count: STREAM, durability: 'relaxed' },
    { perTurn: PER_TURN, count: STREAM, durability: 'strict' },
    { perTurn: PER_TURN, count: STREAM, durability: 'relaxed', isEncrypted: true },
  ].map(({ perTurn, count, durability, isEncrypted = false }) => ({
    name: `indexedDB(), ${perTurn === count ? 'one turn' : 'a stream'}, ${durability}${isEncrypted ? ', encrypted' : ''}`,
    count,
    call: (/** @type {import('playwright-core').Page} */ page) =>
      page.evaluate(
        ([many, some, how, isSealed]) => globalThis.bench.outbox(many, some, how, isSealed),
        [count, perTurn, durability, isEncrypted],
      ),
  })),
];

/** Storing messages of 200 bytes while offline. @param {{ rounds: number }} options */
export async function runStore({ rounds }) {
  const { page, version, stop } = await openDiskPage('storage.mjs');
  try {
    const values = ways.map(() => /** @type {number[]} */ ([]));
    const random = randomFrom(3);
    for (let round = -1; round < rounds; round += 1) {
      for (const place of shuffled([...ways.keys()], random)) {
        const { count, call } = ways[place];
        const ms = await call(page);
        if (round >= 0) values[place]?.push((count / ms) * 1_000);
      }
    }
    const to = (/** @type {number} */ place, /** @type {number} */ base) =>
      ratioText(ratioOfMedians(values[place] ?? [], values[base] ?? []));
    const text = [
      `Storing messages of 200 bytes in Chromium ${version}, profile on the disk, medians of ${rounds} rounds, all ways in turn in each.`,
      `In brackets: the 95 % interval of the ratio (bootstrap). One turn: ${COUNT} messages at once; a stream: ${STREAM}, ${PER_TURN} a turn; ${PUTS} awaited puts.`,
      '',
      table(
        ['', 'messages/s', 'to awaited puts', 'to one transaction', 'to the same, relaxed'],
        ways.map(({ name }, place) => [
          name,
          median(values[place] ?? []).toFixed(0),
          to(place, 0),
          to(place, 2),
          to(place, place < 4 ? place - (place % 2) : place < 7 ? 4 : 7),
        ]),
      ),
    ].join('\n');
    return { text, results: ways.map(({ name }, place) => ({ name, values: values[place] })) };
  } finally {
    await stop();
  }
}

const BACKLOG = 100_000;

/** A page that opens with 100,000 messages waiting in storage. @param {{ rounds: number }} options */
export async function runBacklog({ rounds }) {
  const server = await startServer();
  const { page, version, load, stop } = await openDiskPage('storage.mjs');
  try {
    const host = `127.0.0.1:${server.port}`;
    const results = [];
    for (const isEncrypted of [false, true]) {
      const runs = [];
      for (let round = -1; round < rounds; round += 1) {
        await page.evaluate(([count, how]) => globalThis.bench.leave(count, how), [BACKLOG, isEncrypted]);
        await load();
        const run = await page.evaluate(([where, how]) => globalThis.bench.drain(where, how), [host, isEncrypted]);
        if (run.answer !== `done ${BACKLOG}`) throw new Error(`the server says '${run.answer}'`);
        if (round >= 0) runs.push(run);
        await load();
      }
      results.push({ name: isEncrypted ? 'encrypted' : 'in clear', runs });
    }
    const rows = results.map(({ name, runs }) => {
      const cell = (/** @type {string} */ key, digits = 0) => {
        const values = runs.map((run) => run[key]);
        return `${median(values).toFixed(digits)} (${quantile(values, 1).toFixed(digits)})`;
      };
      return [
        name,
        cell('firstMs'),
        cell('firstAfterOpenMs'),
        cell('heapMb', 1),
        runs.some((run) => run.longestTaskMs > 0) ? cell('longestTaskMs') : 'below 50',
        cell('drainMs'),
      ];
    });
    const text = [
      `${BACKLOG} messages of 200 bytes waiting in storage, Chromium ${version}, profile on the disk, medians of ${rounds} rounds (in brackets: the worst).`,
      'First on the wire from createSocket(), and from the open WebSocket; heap with garbage, over what it was before; longest task.',
      '',
      table(['', 'first, ms', 'after open, ms', 'heap, MB', 'longest task, ms', 'all taken, ms'], rows),
    ].join('\n');
    return { text, results };
  } finally {
    await stop();
    server.stop();
  }
}
