import { createServer as createHttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import process from 'node:process';
import { createServer, Refuse } from '@holdfast/server';
import { lmdbStore } from '@holdfast/server/lmdb';
import { authorOf, LANES, RUN_PATTERN, type ServerMessage } from '../src/messages.ts';
import { Board } from './board.ts';
import { BoardRelay } from './board-relay.ts';
import { check } from './check.ts';
import { sendJson } from './controls.ts';
import { openDatabase } from './database.ts';
import { Live } from './live.ts';
import { type Access, isOwnRequest, LOOPBACK, mayOpenSocket } from './loopback.ts';
import { PlainLane } from './plain-lane.ts';
import { RecordAnnouncer } from './record-announcer.ts';
import { Runs } from './runs.ts';
import type { WorkerCommand, WorkerNews } from './worker-process.ts';

const [, , dataFolder = '', settings = ''] = process.argv;
const access = JSON.parse(settings) as Access;

const database = openDatabase(join(dataFolder, 'messages'));
const store = lmdbStore({ database });
const runs = new Runs(database);
const board = new Board(database);
const records = new RecordAnnouncer(runs);

const conversations = createServer<unknown, ServerMessage>({
  store,
  positions: store.positions,
  allowedOrigins: (_, request) => mayOpenSocket(request, access),
  // Far shorter than an app would take: the page shows what a frozen wire does while one looks on.
  heartbeat: { intervalMs: 2_000, timeoutMs: 2_000 },
  onSession: (session) => relay.show(session),
  onSessionEnd: (session) => records.unwatch(session),
  onMessage: async (message, session) => {
    const data = check(message.data);
    if ('watch' in data) {
      await database.childTransaction(() => message.commit(null));
      return records.watch(data.watch, session);
    }
    const { run, number, text, line, hue = 0, clear, sentAt } = data;
    // One transaction counts the message, draws it and marks it as taken: a kill at any moment leaves all or nothing.
    const done = await database.childTransaction(() => {
      if (!runs.count('holdfast', run, number)) return null;
      const drawn = line === undefined ? null : board.write(line, hue, authorOf(run), number);
      const wiped = clear === true ? board.wipe() : null;
      message.commit(null);
      return { drawn, wiped };
    });
    if (done === null) throw new Refuse('this run has too many holes');
    if (done.drawn !== null) relay.drawn(done.drawn);
    if (done.wiped !== null) relay.cleared(done.wiped);
    records.brought(run, session);
    if (text !== undefined) session.send({ kind: 'echo', number, text, sentAt });
  },
});
const relay = new BoardRelay(board, () => conversations.sessions.values());

const onCounted = (run: string): void => records.changed(run);
const plain = new PlainLane({ lane: 'plain', database, runs, onCounted });
const reconnecting = new PlainLane({ lane: 'reconnecting', database, runs, onCounted });
const live = new Live();

const http = createHttpServer((request, response) => {
  if (!isOwnRequest(request, access)) return sendJson(response, 403, { error: 'This is only for the page' });
  const { pathname, searchParams } = new URL(request.url ?? '/', `http://${LOOPBACK}`);
  const run = searchParams.get('run') ?? '';
  const lane = LANES.find((name) => name === (searchParams.get('lane') ?? 'holdfast'));
  if (pathname !== '/tally') return sendJson(response, 404, { error: 'There is only /tally' });
  if (!RUN_PATTERN.test(run)) return sendJson(response, 400, { error: 'run is missing or no name of a run' });
  if (lane === undefined) return sendJson(response, 400, { error: `lane is one of ${LANES.join(', ')}` });
  return sendJson(response, 200, runs.tally(lane, run));
});
conversations.attach(http, { path: '/socket' });
http.on('upgrade', (request, socket, head) => {
  switch (request.url?.split('?', 1)[0]) {
    case '/lanes/plain':
      return plain.accept(request, socket, head);
    case '/lanes/reconnecting':
      return reconnecting.accept(request, socket, head);
    case '/live':
      return live.accept(request, socket, head);
    default:
      return undefined;
  }
});
http.listen(0, LOOPBACK, () => tell({ kind: 'ready', port: (http.address() as AddressInfo).port }));

process.on('message', (command: WorkerCommand) => {
  if (command.kind === 'close') return void close(command.retryAfterMs);
  void conversations.drain({ withinMs: command.withinMs }).then(() => tell({ kind: 'drained' }));
});
// Ctrl-C reaches the whole group; when to end is the parent's business, and the channel tells when it has gone.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => {});
process.once('disconnect', () => void close(0));

async function close(retryAfterMs: number): Promise<never> {
  http.close();
  live.close();
  await Promise.all([plain.close(), reconnecting.close()]);
  await conversations.close({ graceMs: 500, retryAfterMs });
  await database.close();
  http.closeAllConnections();
  process.exit(0);
}

function tell(news: WorkerNews): void {
  process.send?.(news);
}
