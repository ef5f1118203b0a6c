import { createServer as createHttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import process from 'node:process';
import { createServer, Refuse } from '@holdfast/server';
import { lmdbStore } from '@holdfast/server/lmdb';
import {
  MAX_NUMBER,
  MAX_TEXT_LENGTH,
  type NumberedMessage,
  RUN_PATTERN,
  type ServerMessage,
  type Tally,
} from '../src/messages.ts';
import { sendJson } from './controls.ts';
import { isOwnRequest, LOOPBACK } from './loopback.ts';
import { Runs } from './runs.ts';
import { TallyAnnouncer } from './tally-announcer.ts';
import type { WorkerReady } from './worker-process.ts';

const [, , dataFolder = '', publicPort = ''] = process.argv;

const store = lmdbStore({ path: join(dataFolder, 'messages') });
const runs = new Runs(store.database);
const announcer = new TallyAnnouncer();

const conversations = createServer<unknown, ServerMessage>({
  store,
  positions: store.positions,
  // Far shorter than an app would take: the page shows what a frozen wire does while one looks on.
  heartbeat: { intervalMs: 2_000, timeoutMs: 2_000 },
  onMessage: async (message, session) => {
    const { run, number, text, sentAt } = check(message.data);
    // One transaction counts the message and marks it as taken: a kill at any moment leaves both or neither.
    const tally = await store.database.childTransaction((): Tally | null => {
      const counted = runs.count(run, number);
      if (counted !== null) message.commit(null);
      return counted;
    });
    if (tally === null) throw new Refuse('this run has too many holes');
    announcer.tell(session, run, tally);
    if (text !== undefined) session.send({ kind: 'echo', number, text, sentAt });
  },
});

const http = createHttpServer((request, response) => {
  if (!isOwnRequest(request, Number(publicPort)))
    return sendJson(response, 403, { error: 'This is only for the page' });
  const { pathname, searchParams } = new URL(request.url ?? '/', `http://${LOOPBACK}`);
  const run = searchParams.get('run') ?? '';
  if (pathname !== '/tally') return sendJson(response, 404, { error: 'There is only /tally' });
  if (!RUN_PATTERN.test(run)) return sendJson(response, 400, { error: 'run is missing or no name of a run' });
  return sendJson(response, 200, runs.tally(run));
});
conversations.attach(http, { path: '/socket' });
http.listen(0, LOOPBACK, () => {
  const ready: WorkerReady = { kind: 'ready', port: (http.address() as AddressInfo).port };
  process.send?.(ready);
});

// Ctrl-C reaches the whole group; when to end is the parent's business, and the channel tells when it has gone.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => {});
process.once('disconnect', () => {
  http.close();
  http.closeAllConnections();
  void conversations.close({ graceMs: 500 }).then(() => process.exit(0));
});

/** @throws Refuse for what no page of ours sends */
function check(data: unknown): NumberedMessage {
  const { run, number, text, sentAt } = (data ?? {}) as { readonly [name: string]: unknown };
  if (typeof run !== 'string' || !RUN_PATTERN.test(run)) throw new Refuse('run is no name of a run');
  if (!isWithin(number, 1, MAX_NUMBER)) throw new Refuse(`number is no whole number from 1 to ${MAX_NUMBER}`);
  if (!isWithin(sentAt, 0, Number.MAX_SAFE_INTEGER)) throw new Refuse('sentAt is no time');
  if (text === undefined) return { run, number, sentAt };
  if (typeof text !== 'string' || text.length > MAX_TEXT_LENGTH) throw new Refuse('text is no text, or too long');
  return { run, number, text, sentAt };
}

function isWithin(value: unknown, least: number, most: number): value is number {
  return Number.isSafeInteger(value) && (value as number) >= least && (value as number) <= most;
}
