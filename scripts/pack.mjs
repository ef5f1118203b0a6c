import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { packages, root, runPnpm } from './run.mjs';

/**
 * Packs the built packages as they would be published: pnpm puts publishConfig and the real versions in.
 *
 * @param {string} into a folder
 * @returns {Promise<Record<string, string>>} the tarball of each package
 */
export async function pack(into) {
  /** @type {Record<string, string>} */
  const tarballs = {};
  for (const name of packages) {
    const folder = join(into, name);
    mkdirSync(folder, { recursive: true });
    const cwd = join(root, 'packages', name);
    const { code, output } = await runPnpm(['pack', '--pack-destination', folder], { cwd, quiet: true });
    const file = readdirSync(folder).find((entry) => entry.endsWith('.tgz'));
    if (code !== 0 || file === undefined) throw new Error(`pnpm pack of ${name} ended with ${code}\n${output}`);
    tarballs[name] = join(folder, file);
  }
  return tarballs;
}
