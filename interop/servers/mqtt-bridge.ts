import { createServer } from 'node:http';
import { connect } from 'node:net';
import { startMosquitto } from './mosquitto.ts';
import { listen, type Server, type ServerClass } from './server.ts';

/** Mosquitto behind a server of ours: each connection is a stream of bytes to the broker's plain listener. */
export async function startMqttBridge(ServerClass: ServerClass): Promise<Server> {
  const broker = await startMosquitto();
  const http = createServer();
  const sockets = new ServerClass({ server: http, handleProtocols: (protocols) => protocols.has('mqtt') && 'mqtt' });
  sockets.on('connection', (socket) => {
    const stream = connect(broker.plainPort, '127.0.0.1');
    socket.on('message', (data) => stream.write(data as Buffer));
    socket.on('close', () => stream.destroy());
    stream.on('data', (data) => socket.send(data));
    stream.on('error', () => {});
    stream.on('close', () => socket.close());
  });
  const port = await listen(http, 0);
  return {
    port,
    said: broker.said,
    publish: (text) => broker.publish(text),
    live: () => sockets.clients.size,
    stop: () => broker.stop(),
    start: () => broker.start(),
    async [Symbol.asyncDispose]() {
      for (const client of sockets.clients) client.terminate();
      sockets.close();
      http.close();
      http.closeAllConnections();
      await broker[Symbol.asyncDispose]();
    },
  };
}
