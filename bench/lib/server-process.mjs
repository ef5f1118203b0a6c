import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { bench } from './from-source.mjs';

/** Starts the server of the benches in a process of its own. */
export async function startServer() {
  const child = fork(join(bench, 'server/server.mjs'));
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`the server of the bench ended with code ${code}`);
  });
  const [{ port }] = await Promise.race([once(child, 'message'), ended]);
  ended.catch(() => {});
  return {
    port,
    /** @param {object} message */
    tell: (message) => child.send(message),
    /** Resolves at the next event of that name. @param {string} name */
    next: (name) =>
      new Promise((resolve) => {
        const hear = (/** @type {unknown} */ message) => {
          if (Object(message).event !== name) return;
          child.off('message', hear);
          resolve(undefined);
        };
        child.on('message', hear);
      }),
    stop: () => child.kill(),
  };
}

/** The port of a server that listens. @param {{ address(): unknown }} server @returns {number} */
export function portOf(server) {
  return Object(server.address()).port;
}
