import { createServer as createHttpServer } from 'node:http';
import process from 'node:process';
import { createServer } from '@holdfast/server';
import { WebSocketServer } from '@holdfast/server/ws';
import next from 'next';

const port = Number(process.env.PORT ?? 3000);
const app = next({ dev: process.argv.includes('--dev') });
await app.prepare();
const handle = app.getRequestHandler();
const http = createHttpServer((request, response) => void handle(request, response));

// The conversation of the chat. What its clients send arrives once and in order, whatever happens to their connections.
createServer({
  onMessage: (message, session) => {
    session.send({ text: `The server has “${message.data.text}”` });
  },
}).attach(http, { path: '/socket' });

// A plain WebSocket, for the page that has only changed its import so far.
const ticks = new WebSocketServer({ noServer: true });
ticks.on('connection', (socket) => {
  socket.on('message', (data) => {
    const wish = JSON.parse(String(data));
    for (let tick = 1; tick <= wish.ticks; tick += 1) socket.send(JSON.stringify({ tick }));
  });
});
http.on('upgrade', (request, socket, head) => {
  if (request.url !== '/ticks') return;
  ticks.handleUpgrade(request, socket, head, (client) => ticks.emit('connection', client, request));
});

http.listen(port, '127.0.0.1', () => console.log(`http://localhost:${http.address().port}`));
