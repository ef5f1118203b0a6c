import StompServer from 'stomp-broker-js';
import { BEAT_MS } from '../agreed.ts';
import { serve, type Server } from './server.ts';

/** stomp-broker-js, a broker for STOMP 1.1 in Node. */
export function startStompServer(): Promise<Server> {
  return serve((server, said) => {
    const broker = new StompServer({ server, path: '/', heartbeat: [BEAT_MS, 0] });
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
