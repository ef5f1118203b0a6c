import { io } from 'socket.io-client';

/** @type {import('./contender.mjs').Contender} */
export const contender = {
  name: 'socket.io-client',
  settings: 'defaults on both sides (polling first, then a WebSocket, on which messages are measured)',
  connect(host, on) {
    // forceNew: each connection of a bench is its own, as with the others.
    const socket = io(`http://${host}`, { forceNew: true });
    const settled = new Promise((resolve) => {
      socket.once('connect', () => {
        const { engine } = socket.io;
        if (engine.transport.name === 'websocket') resolve(undefined);
        else engine.once('upgrade', () => resolve(undefined));
      });
    });
    socket.on('connect', () => on.open());
    socket.on('message', (text) => on.message(text));
    return { send: (text) => void socket.send(text), close: () => void socket.close(), settled };
  },
};
