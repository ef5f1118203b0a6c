import { Centrifuge } from 'centrifuge';

/** @type {import('./contender.mjs').Contender} */
export const contender = {
  name: 'centrifuge',
  settings: 'defaults, JSON protocol, async messages; the server stands in for Centrifugo (ping every 25 s)',
  connect(host, on) {
    const client = new Centrifuge(`ws://${host}/centrifuge`);
    client.on('connected', () => on.open());
    client.on('message', ({ data }) => on.message(data));
    client.connect();
    return { send: (text) => void client.send(text), close: () => client.disconnect() };
  },
};
