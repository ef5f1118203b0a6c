import ReconnectingWebSocket from 'reconnecting-websocket';

/** @type {import('./contender.mjs').Contender} */
export const contender = {
  name: 'reconnecting-websocket',
  settings: 'defaults',
  connect(host, on) {
    const socket = new ReconnectingWebSocket(`ws://${host}/text`);
    socket.onopen = () => on.open();
    socket.onmessage = ({ data }) => on.message(data);
    return { send: (text) => socket.send(text), close: () => socket.close() };
  },
};
