import { HoldfastWebSocket } from '@holdfast/core/websocket';

/** @type {import('./contender.mjs').Contender} */
export const contender = {
  name: 'HoldfastWebSocket + ping',
  settings: "ping: the text 'p', which the server sends back; else defaults",
  connect(host, on) {
    const socket = new HoldfastWebSocket(`ws://${host}/text`, undefined, {
      ping: { data: () => 'p', isPong: (data) => data === 'p' },
    });
    socket.onopen = () => on.open();
    socket.onmessage = ({ data }) => on.message(data);
    return { send: (text) => socket.send(text), close: () => socket.close() };
  },
};
