import { createSocket, plain } from '@holdfast/core';

/** @type {import('./contender.mjs').Contender} */
export const contender = {
  name: 'createSocket plain JSON',
  settings: "plain(), outbox in memory, no receipt's promise read: all defaults; every message is parsed",
  connect(host, on) {
    const socket = createSocket({ url: `ws://${host}/json`, protocol: plain() });
    socket.on('open', () => on.open());
    socket.on('message', (text) => on.message(text));
    return { send: (text) => socket.send(text), close: () => void socket.close() };
  },
};
