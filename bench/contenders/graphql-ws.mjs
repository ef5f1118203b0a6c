import { createClient } from 'graphql-ws';

/** @type {import('./contender.mjs').Contender} */
export const contender = {
  name: 'graphql-ws',
  settings:
    'lazy: false, so that it connects at once; else defaults (no keepAlive, 5 retries, none after a try that could not connect)',
  connect(host, on) {
    const client = createClient({ url: `ws://${host}/graphql`, lazy: false, onNonLazyError: () => on.gaveUp() });
    client.on('connected', () => on.open());
    return {
      // Whatever it sends is an operation.
      send: (text) =>
        void client.subscribe(
          { query: `subscription { echo(text: "${text}") }` },
          { next() {}, error() {}, complete() {} },
        ),
      close: () => void client.dispose(),
    };
  },
};
