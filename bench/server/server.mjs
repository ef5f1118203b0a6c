import { createServer as createHttpServer } from 'node:http';
import { Server as SocketIo } from 'socket.io';
import { WebSocketServer } from 'ws';
import { importSource } from '../lib/from-source.mjs';
import { portOf } from '../lib/server-process.mjs';

// The server of every bench in a browser, a process of its own: one port, a path for each language. What it does with a
// message is the same everywhere:
//
// - `flood N` sends N messages of 100 bytes
// - `end` is answered with `done N`: how many others came since the last one
// - what begins with p is sent back
// - all else is counted

const MESSAGE = 'x'.repeat(100);

/** @param {(text: string) => void} send */
function conversation(send) {
  let count = 0;
  return (/** @type {string} */ text) => {
    switch (text[0]) {
      case 'p':
        send(text);
        break;
      case 'f':
        for (let left = Number(text.slice(6)); left > 0; left -= 1) send(MESSAGE);
        break;
      case 'e':
        send(`done ${count}`);
        count = 0;
        break;
      default:
        count += 1;
    }
  };
}

/** Who is sent what `process.on('message')` asks for. @type {Set<import('ws').WebSocket>} */
const topical = new Set();

/** Languages that are no more than a way to write a message. @type {Record<string, (socket: import('ws').WebSocket) => (text: string) => void>} */
const languages = {
  '/text': (socket) => conversation((text) => socket.send(text)),
  '/json': (socket) => {
    const hear = conversation((text) => socket.send(JSON.stringify(text)));
    return (text) => hear(JSON.parse(text));
  },
  // Centrifugo's client protocol, as far as connecting, pings and messages outside of channels go.
  '/centrifuge': (socket) => {
    const hear = conversation((data) => socket.send(JSON.stringify({ push: { message: { data } } })));
    const pings = setInterval(() => socket.send('{}'), 25_000);
    socket.once('close', () => clearInterval(pings));
    return (lines) => {
      for (const line of lines.split('\n')) {
        const { id, connect, send } = JSON.parse(line);
        if (connect) socket.send(JSON.stringify({ id, connect: { client: 'c', version: '0', ping: 25, pong: true } }));
        if (send) hear(send.data);
      }
    };
  },
  // Says nothing by itself, and hears nothing: the bench tells when which topic has news.
  '/topics': (socket) => {
    topical.add(socket);
    process.send?.({ event: 'connected' });
    socket.once('close', () => {
      topical.delete(socket);
      process.send?.({ event: 'gone' });
    });
    return () => {};
  },
  '/graphql': (socket) => (text) => {
    const { type } = JSON.parse(text);
    if (type === 'connection_init') socket.send('{"type":"connection_ack"}');
    if (type === 'ping') socket.send('{"type":"pong"}');
  },
};

const http = createHttpServer((_request, response) => response.writeHead(404).end());
const webSockets = new WebSocketServer({
  noServer: true,
  perMessageDeflate: false,
  handleProtocols: (offered) => (offered.has('graphql-transport-ws') ? 'graphql-transport-ws' : false),
});
http.on('upgrade', (request, socket, head) => {
  const language = languages[new URL(request.url ?? '/', 'http://localhost').pathname];
  if (language === undefined) return;
  webSockets.handleUpgrade(request, socket, head, (webSocket) => {
    const hear = language(webSocket);
    webSocket.on('error', () => webSocket.terminate());
    webSocket.on('message', (data) => hear(/** @type {Buffer} */ (data).toString()));
  });
});

const io = new SocketIo(http, { cors: { origin: '*' } });
io.on('connection', (socket) => {
  const hear = conversation((text) => socket.send(text));
  socket.on('message', hear);
});

const { createServer } = await importSource('server', `export { createServer } from '@holdfast/server';`);
/** @type {WeakMap<object, (text: string) => void>} */
const hearers = new WeakMap();
createServer({
  allowedOrigins: '*',
  onMessage: ({ data }, session) => {
    if (!hearers.has(session))
      hearers.set(
        session,
        conversation((text) => session.send(text)),
      );
    hearers.get(session)?.(data);
  },
}).attach(http, { path: '/holdfast' });

http.listen(0, '127.0.0.1', () => process.send?.({ port: portOf(http) }));
process.on('message', ({ topic, count }) => {
  for (const socket of topical) {
    for (let number = 1; number <= count; number += 1) socket.send(`${topic}:${number}:`.padEnd(MESSAGE.length, 'x'));
  }
});
process.on('disconnect', () => process.exit());
