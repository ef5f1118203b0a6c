import { watch } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { install } from '../scripts/install.mjs';
import { root } from '../scripts/run.mjs';
import { stage, staged } from './stage.mjs';

// The site with hot reload: a page that is saved is put in its place again. The reference is written once.
await install();
const [{ createServer }, { writeApi }] = await Promise.all([import('vitepress'), import('./api.mjs')]);
stage();
await writeApi(join(staged, 'api'));
const server = await createServer(import.meta.dirname);
await server.listen();
server.printUrls();
for (const folder of ['docs', 'site']) {
  watch(join(root, folder), (_, name) => {
    if (name?.endsWith('.md')) stage({ keep: true });
  });
}
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(0));
