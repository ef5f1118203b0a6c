import { createSocket, holdfast } from '@holdfast/core';
import { indexedDB } from '@holdfast/core/indexeddb';

/** @type {import('./contender.mjs').Contender} */
export const contender = {
  name: 'createSocket holdfast(), indexedDB()',
  settings: 'as createSocket holdfast(), outbox in IndexedDB; else defaults',
  connect(host, on) {
    const outbox = indexedDB({ name: 'bench', identity: 'bench' });
    const socket = createSocket({ url: `ws://${host}/holdfast`, protocol: holdfast(), outbox });
    socket.on('open', () => on.open());
    socket.on('message', (text) => on.message(text));
    return { send: (text) => socket.send(text), close: () => void socket.close() };
  },
};
