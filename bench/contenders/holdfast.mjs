import { createSocket, holdfast } from '@holdfast/core';

/** @type {import('./contender.mjs').Contender} */
export const contender = {
  name: 'createSocket holdfast()',
  settings: 'holdfast() with @holdfast/server: every message acknowledged, outbox in memory; else defaults',
  connect(host, on) {
    const socket = createSocket({ url: `ws://${host}/holdfast`, protocol: holdfast() });
    socket.on('open', () => on.open());
    socket.on('message', (text) => on.message(text));
    return { send: (text) => socket.send(text), close: () => void socket.close() };
  },
};
