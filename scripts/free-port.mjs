import { once } from 'node:events';
import { createServer } from 'node:net';

/** A port on loopback that nobody listens on: for what takes no port 0, such as a configuration. */
export async function freePort() {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
