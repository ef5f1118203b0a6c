import { WebSocket } from 'partysocket';

/** @type {import('./contender.mjs').Contender} */
export const contender = {
  name: 'partysocket',
  settings: 'its class WebSocket, defaults',
  connect(host, on) {
    const socket = new WebSocket(`ws://${host}/text`);
    socket.onopen = () => on.open();
    socket.onmessage = ({ data }) => on.message(data);
    return { send: (text) => socket.send(text), close: () => socket.close() };
  },
};
