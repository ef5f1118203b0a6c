import { watch } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { createServer } from 'vitepress';
import { install } from '../scripts/install.mjs';
import { root } from '../scripts/run.mjs';
import { writeApi } from './api.mjs';
import { stage, staged } from './stage.mjs';

// The site with hot reload: a page that is saved is put in its place again. The reference is written once.
await install();
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
const end = async () => {
  await server.close();
  process.exit(0);
};
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => void end());
