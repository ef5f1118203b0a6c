import { HoldfastWebSocket } from '@holdfast/core/websocket';

/** @type {import('./contender.mjs').Contender} */
export const contender = {
  name: 'HoldfastWebSocket',
  settings: 'defaults',
  connect(host, on) {
    const socket = new HoldfastWebSocket(`ws://${host}/text`);
    socket.onopen = () => on.open();
    socket.onmessage = ({ data }) => on.message(data);
    return { send: (text) => socket.send(text), close: () => socket.close() };
  },
};
