import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { portOf } from './server-process.mjs';

/**
 * Passes TCP connections on to a port of this machine, and can fail in two ways: `down` ends all connections and refuses new
 * ones; `silence` keeps the connections that there are, and passes nothing on them any more, while new ones work.
 *
 * @param {number} target
 */
export async function startProxy(target) {
  /** @type {Set<{ near: import('node:net').Socket, far: import('node:net').Socket }>} */
  const pairs = new Set();
  let server = listener();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const port = portOf(server);

  function listener() {
    return createServer((near) => {
      const far = connect(target, '127.0.0.1');
      const pair = { near, far };
      pairs.add(pair);
      for (const [from, to] of [
        [near, far],
        [far, near],
      ]) {
        from.setNoDelay(true);
        from.pipe(to);
        // A reset is an end like any other here: 'close' follows.
        from.on('error', () => {});
        from.on('close', () => {
          to.destroy();
          pairs.delete(pair);
        });
      }
    });
  }

  function endAll() {
    for (const { near, far } of pairs) {
      near.destroy();
      far.destroy();
    }
  }

  return {
    port,
    async down() {
      const closed = once(server, 'close');
      server.close();
      endAll();
      await closed;
    },
    /** Resolves when connections are taken again. */
    async up() {
      server = listener();
      server.listen(port, '127.0.0.1');
      await once(server, 'listening');
    },
    silence() {
      for (const { near, far } of pairs) {
        near.unpipe();
        far.unpipe();
        near.pause();
        far.pause();
      }
    },
    async stop() {
      server.close();
      endAll();
    },
  };
}
