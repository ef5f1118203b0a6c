import { SocketBook } from './sockets.ts';

/** What the browser itself holds, whatever class is on top of it. Put in place before any library is loaded. */
export const native = new SocketBook();

globalThis.WebSocket = native.watch(WebSocket);
