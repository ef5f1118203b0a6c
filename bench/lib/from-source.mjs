import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';

/** The folder of the benchmarks. */
export const bench = join(import.meta.dirname, '..');
/** The folder of the repository. */
export const repository = join(bench, '..');

const cache = join(bench, '.cache');

/** The React of the benches for all: the sources of the repository have one of their own. */
export const oneReact = {
  react: join(bench, 'node_modules/react'),
  'react-dom': join(bench, 'node_modules/react-dom'),
};

/**
 * The packages of the repository are read from their sources, by what their manifests say: what is measured is what stands there
 * now, and nothing has to be built first.
 *
 * @type {import('esbuild').Plugin}
 */
export const fromSource = {
  name: 'from source',
  setup(bundler) {
    bundler.onResolve({ filter: /^@holdfast\/(core|react|server)(\/|$)/ }, ({ path }) => {
      const [, name = '', ...rest] = path.split('/');
      const folder = join(repository, 'packages', name);
      const entry = ['.', ...rest].join('/');
      const { exports } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
      const source = exports[entry]?.source;
      const file = join(folder, source ?? '');
      return source !== undefined && existsSync(file)
        ? { path: file, sideEffects: false }
        : { errors: [{ text: `${path} is missing: no such entry in packages/${name}/package.json, or no such file` }] };
    });
  },
};

/**
 * Bundles code of the repository for this Node and imports it.
 *
 * @param {string} name of the file in the cache
 * @param {string} code what to bundle; paths are from the repository's folder
 * @returns {Promise<Record<string, any>>}
 */
export async function importSource(name, code) {
  const outfile = join(cache, `${name}.mjs`);
  mkdirSync(cache, { recursive: true });
  await build({
    stdin: { contents: code, resolveDir: repository, sourcefile: `${name}.ts`, loader: 'ts' },
    outfile,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    external: ['ws'],
    plugins: [fromSource],
    logLevel: 'error',
  });
  return import(`${pathToFileURL(outfile).href}?${Date.now()}`);
}
