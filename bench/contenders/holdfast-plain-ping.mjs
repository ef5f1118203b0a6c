import { createSocket, plain } from '@holdfast/core';

/** @type {import('./contender.mjs').Contender} */
export const contender = {
  name: 'createSocket plain + ping',
  settings: "plain({ codec: 'text', ping }) with the text 'p', which the server sends back; else defaults",
  connect(host, on) {
    const ping = { data: () => 'p', isPong: (/** @type {unknown} */ data) => data === 'p' };
    const socket = createSocket({ url: `ws://${host}/text`, protocol: plain({ codec: 'text', ping }) });
    socket.on('open', () => on.open());
    socket.on('message', (text) => on.message(text));
    return { send: (text) => socket.send(text), close: () => void socket.close() };
  },
};
