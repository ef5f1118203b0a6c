import { existsSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { pathToFileURL } from 'node:url';
import { buildDemo, buildPackages } from './build.mjs';
import { install } from './install.mjs';
import { root } from './run.mjs';

await install();
await buildPackages();
await buildDemo();

const main = join(root, 'demo', 'dist-server', 'main.js');
if (!existsSync(main)) {
  console.error('demo/server/main.ts is missing: there is nothing to start');
  process.exit(1);
}

// The server runs in this very process: a signal reaches it once, and nothing is left behind when this one is killed.
process.env['NODE_ENV'] ??= 'production';
process.argv.splice(1, 1, main);
await import(pathToFileURL(main).href);
for (const signal of ['SIGINT', 'SIGTERM']) {
  if (process.listenerCount(signal) === 0) process.once(signal, () => process.exit(0));
}

// `npm start` runs this under a shell. Killing npm ends that shell but not what it runs, which would keep the port.
const parent = process.ppid;
setInterval(() => {
  if (process.ppid !== parent) process.kill(process.pid, 'SIGTERM');
}, 1_000).unref();
