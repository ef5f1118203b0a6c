import { docs, getYDoc, setupWSConnection } from '@y/websocket-server/utils';
import { WebSocketServer } from 'ws';
import { insertedTexts, ROOM } from '../agreed.ts';
import { serve, type Server, type ServerClass } from './server.ts';

/** @y/websocket-server, the counterpart of y-websocket; it keeps its documents in memory. */
export function startYjsServer(ServerClass: ServerClass = WebSocketServer): Promise<Server> {
  return serve((http, said) => {
    const sockets = new ServerClass({ server: http });
    sockets.on('connection', (socket, request) => setupWSConnection(socket, request));
    const doc = getYDoc(ROOM);
    doc.getArray<string>('said').observe((event) => insertedTexts(event).forEach(said));
    return {
      publish: (text) => doc.getArray<string>('news').push([text]),
      live: () => sockets.clients.size,
      kill: () => {
        for (const client of sockets.clients) client.terminate();
        for (const document of docs.values()) document.destroy();
        docs.clear();
      },
    };
  });
}
