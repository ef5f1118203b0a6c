import { createSocket, plain } from '@holdfast/core';

/** @type {import('./contender.mjs').Contender} */
export const contender = {
  name: 'createSocket plain text',
  settings: "plain({ codec: 'text' }), outbox in memory, no receipt's promise read; else defaults",
  connect(host, on) {
    const socket = createSocket({ url: `ws://${host}/text`, protocol: plain({ codec: 'text' }) });
    socket.on('open', () => on.open());
    socket.on('message', (text) => on.message(text));
    return { send: (text) => socket.send(text), close: () => void socket.close() };
  },
};
