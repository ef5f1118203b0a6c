import { join } from 'node:path';
import process from 'node:process';
import { pathToFileURL } from 'node:url';
import { install } from '../scripts/install.mjs';
import { deadLinks } from './links.mjs';
import { stage, staged } from './stage.mjs';

/** Builds the site into site/dist. Throws where a link leads nowhere, or a public export has no docstring. */
export async function buildSite() {
  // Not before they are installed, which on a fresh clone they are not.
  const [{ build }, { writeApi }] = await Promise.all([import('vitepress'), import('./api.mjs')]);
  stage();
  await writeApi(join(staged, 'api'));
  await build(import.meta.dirname);
  const dead = deadLinks(join(import.meta.dirname, 'dist'), process.env['SITE_BASE'] ?? '/');
  if (dead.length > 0) throw new Error(`links that lead nowhere:\n${dead.join('\n')}`);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  await install();
  await buildSite();
}
