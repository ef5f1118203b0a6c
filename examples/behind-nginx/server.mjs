import { createServer as createHttpServer } from 'node:http';
import process from 'node:process';
import { createServer } from '@holdfast/server';
import { lmdbStore } from '@holdfast/server/lmdb';

// One of several processes behind nginx, all on one database.
const store = lmdbStore({ path: process.env['DATA'] ?? './data' });
/** @type {import('@holdfast/server/lmdb').LmdbTable<unknown, number>} */
const orders = store.database.openDB({ name: 'orders' });
const http = createHttpServer();
const server = createServer({
  store,
  positions: store.positions,
  heartbeat: { intervalMs: Number(process.env['PING_MS'] ?? 15_000) },
  // nginx sets the header; nobody else can reach this port.
  clientAddress: (request) => String(request.headers['x-forwarded-for']),
  onSession: (session) => {
    session.send({ process: process.pid });
  },
  onMessage: (message) =>
    store.database.childTransaction(() => {
      void orders.put(orders.getCount() + 1, message.data);
      message.commit();
    }),
});
server.attach(http, { path: '/socket' });
http.listen(Number(process.env['PORT'] ?? 8081), '127.0.0.1', () => {
  const address = http.address();
  if (address !== null && typeof address === 'object') console.log(`listening on ${address.port}`);
});

// A rolling restart: take this process out of the upstream, reload nginx, then send SIGTERM.
const end = async () => {
  await server.drain({ withinMs: 30_000 });
  await server.close();
  http.close();
};
process.once('SIGTERM', () => void end());
