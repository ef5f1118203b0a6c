import StompServer from 'stomp-broker-js';
import adapters from 'stomp-broker-js/lib/adapter/index.js';
import { BEAT_MS } from '../agreed.ts';
import { serve, type Server, type ServerClass } from './server.ts';

/** stomp-broker-js, a broker for STOMP 1.1 in Node. */
export function startStompServer(ServerClass?: ServerClass): Promise<Server> {
  // The package takes its server from this list.
  if (ServerClass !== undefined) adapters['ours'] = ServerClass;
  return serve((server, said) => {
    const broker = new StompServer({
      server,
      path: '/',
      heartbeat: [BEAT_MS, 0],
      ...(ServerClass && { protocol: 'ours' }),
    });
    broker.subscribe('/said', (body) => said(body));
    return {
      publish: (text) => broker.send('/news', {}, text),
      live: () => broker.socket.clients.size,
      kill: () => {
        for (const client of broker.socket.clients) client.terminate();
      },
    };
  });
}
