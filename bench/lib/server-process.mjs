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
  return { port, stop: () => child.kill() };
}

/** The port of a server that listens. @param {{ address(): unknown }} server @returns {number} */
export function portOf(server) {
  return Object(server.address()).port;
}
