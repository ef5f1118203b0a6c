import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { bench } from '../lib/from-source.mjs';
import { median, quantile } from '../lib/stats.mjs';
import { table } from '../lib/table.mjs';

// What one process of the server can do: messages it takes and acknowledges, by CPU time of the process, and what connections
// cost that do nothing.

const CLIENTS = 4;
const MESSAGES = 200_000;
const CONNECTIONS = 10_000;
/** Two pauses between pings. */
const IDLE_MS = 30_000;

/** @param {{ rounds: number }} options */
export async function run({ rounds }) {
  const rates = await throughput(rounds);
  const idle = { holdfast: await idling('holdfast'), ws: await idling('ws') };
  const text = [
    `One server process. ${MESSAGES} messages of 100 bytes in each of ${rounds} rounds from ${CLIENTS} clients that pack 128 into a WebSocket message`,
    `and have at most 256 unacknowledged. ${CONNECTIONS} idle connections for ${IDLE_MS / 1_000} s, a ping each every 15 s at most; memory is the process's, after a collection.`,
    '',
    table(
      ['Taken and acknowledged', 'median', 'lowest', 'highest'],
      [
        ['messages a second of the server’s CPU', ...spread(rates.perCore, 0)],
        ['messages a second of the clock', ...spread(rates.perSecond, 0)],
      ],
    ),
    '',
    table(
      ['Idle connections', 'KiB each', 'CPU µs each a second'],
      Object.entries(idle).map(([name, { bytes, cpuUs }]) => [
        name === 'ws' ? 'ws alone, with its ping loop' : '@holdfast/server, sessions welcomed',
        (bytes / 1_024).toFixed(1),
        cpuUs.toFixed(1),
      ]),
    ),
  ].join('\n');
  return { text, results: { rates, idle } };
}

/** @param {readonly number[]} values @param {number} digits */
function spread(values, digits) {
  return [0.5, 0, 1].map((share) => quantile(values, share).toFixed(digits));
}

/** @param {number} rounds */
async function throughput(rounds) {
  return withServer('holdfast', async (measure, clients) => {
    const perCore = [];
    const perSecond = [];
    for (let round = -1; round < rounds; round += 1) {
      const before = await measure();
      const startAt = performance.now();
      await clients({ clients: CLIENTS, messages: MESSAGES });
      const seconds = (performance.now() - startAt) / 1_000;
      const after = await measure();
      if (after.taken - before.taken !== MESSAGES) throw new Error(`${after.taken - before.taken} messages were taken`);
      // The first round warms up.
      if (round < 0) continue;
      perSecond.push(MESSAGES / seconds);
      perCore.push(MESSAGES / ((after.cpuMs - before.cpuMs) / 1_000));
    }
    return { perCore, perSecond };
  });
}

/** @param {'holdfast' | 'ws'} language */
async function idling(language) {
  return withServer(language, async (measure, clients) => {
    // What the first connections make a process load is no cost of the others.
    await clients({ connections: 100 });
    const before = await measure();
    await clients({ connections: 100 + CONNECTIONS });
    await sleep(2_000);
    const full = await measure();
    await sleep(IDLE_MS);
    const after = await measure();
    return {
      bytes: (median([full.bytes, after.bytes]) - before.bytes) / CONNECTIONS,
      cpuUs: ((after.cpuMs - full.cpuMs) * 1_000) / CONNECTIONS / (IDLE_MS / 1_000),
    };
  });
}

/**
 * @template T
 * @param {'holdfast' | 'ws'} language
 * @param {(measure: () => Promise<{ taken: number, cpuMs: number, bytes: number }>, clients: (task: object) => Promise<unknown>) => Promise<T>} work
 * @returns {Promise<T>}
 */
async function withServer(language, work) {
  const server = fork(join(bench, 'server/capacity-server.mjs'), [language], { execArgv: ['--expose-gc'] });
  const [{ port }] = await once(server, 'message');
  const clients = fork(join(bench, 'server/capacity-clients.mjs'), [port, language]);
  try {
    await once(clients, 'message');
    return await work(
      async () => {
        server.send('measure');
        const [measured] = await once(server, 'message');
        return measured;
      },
      async (task) => {
        clients.send(task);
        await once(clients, 'message');
      },
    );
  } finally {
    clients.kill();
    server.kill();
  }
}
