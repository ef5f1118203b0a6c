import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { buildDemo } from './build.mjs';
import { install } from './install.mjs';
import { root, tool } from './run.mjs';

// The page with hot reload from vite, which hands the paths of the server on to it; the server is rebuilt and started
// again when one of its files changes.
await install();
await buildDemo();

const demo = join(root, 'demo');
const vite = tool('vite', 'vite', demo);
const main = join(demo, 'dist-server', 'main.js');
if (!existsSync(main)) {
  console.error('demo/server/main.ts is missing: there is nothing to start');
  process.exit(1);
}
const port = process.env['HOLDFAST_DEV_PORT'] ?? '8790';
const children = [
  // What was built above stays until it is written anew: the server has started on it.
  [vite, 'build', '--ssr', '--watch', '--no-emptyOutDir', '--logLevel', 'warn'],
  ['--watch', main, '--port', port],
  [vite, ...process.argv.slice(2)],
].map((args) =>
  spawn(process.execPath, args, {
    cwd: demo,
    env: { ...process.env, HOLDFAST_DEV_PORT: port },
    stdio: ['ignore', 'inherit', 'inherit'],
  }),
);

/** @param {number} code */
const end = (code) => {
  for (const child of children) child.kill('SIGTERM');
  process.exit(code);
};
for (const child of children) child.once('exit', (code) => end(code ?? 0));
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => end(0));
