import { createServer as createHttpServer } from 'node:http';
import process from 'node:process';
import { WebSocketServer } from 'ws';
import { importSource } from '../lib/from-source.mjs';
import { portOf } from '../lib/server-process.mjs';

// A server that does nothing but its protocol, in a process of its own that tells what it costs. The argument: `holdfast`, or `ws`
// for the `ws` package alone with the ping loop of its documentation, as often as Holdfast asks.

const PING_MS = 15_000;
const http = createHttpServer();
let taken = 0;

if (process.argv[2] === 'holdfast') {
  const { createServer } = await importSource('capacity', `export { createServer } from '@holdfast/server';`);
  const limits = { sessions: 20_000 };
  createServer({ allowedOrigins: '*', limits, onMessage: () => void (taken += 1) }).attach(http);
} else {
  const server = new WebSocketServer({ server: http, perMessageDeflate: false });
  const alive = new WeakSet();
  server.on('connection', (socket) => {
    alive.add(socket);
    socket.on('error', () => socket.terminate());
    socket.on('pong', () => alive.add(socket));
    socket.on('message', () => (taken += 1));
  });
  setInterval(() => {
    for (const socket of server.clients) {
      if (!alive.delete(socket)) socket.terminate();
      else socket.ping();
    }
  }, PING_MS);
}

process.on('message', () => {
  // What is only garbage is no connection's.
  globalThis.gc?.();
  const { user, system } = process.cpuUsage();
  process.send?.({ taken, cpuMs: (user + system) / 1_000, bytes: process.memoryUsage().rss });
});
process.on('disconnect', () => process.exit());
http.listen({ port: 0, host: '127.0.0.1', backlog: 4_096 }, () => process.send?.({ port: portOf(http) }));
