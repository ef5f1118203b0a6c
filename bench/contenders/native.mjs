/** @type {import('./contender.mjs').Contender} */
export const contender = {
  name: 'native WebSocket',
  settings: 'the browser’s own',
  reconnects: false,
  connect(host, on) {
    const socket = new WebSocket(`ws://${host}/text`);
    socket.onopen = () => on.open();
    socket.onmessage = ({ data }) => on.message(data);
    return { send: (text) => socket.send(text), close: () => socket.close() };
  },
};
