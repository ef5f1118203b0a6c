import { ReconnectingWebSocket } from '@nktkas/rews';

/** @type {import('./contender.mjs').Contender} */
export const contender = {
  name: 'rews',
  settings: 'defaults',
  connect(host, on) {
    const socket = new ReconnectingWebSocket(`ws://${host}/text`);
    socket.onopen = () => on.open();
    socket.onmessage = ({ data }) => on.message(data);
    return { send: (text) => socket.send(text), close: () => socket.close() };
  },
};
