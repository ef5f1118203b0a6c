import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildPackages } from './build.mjs';
import { pack } from './pack.mjs';
import { packages, root, run, tool } from './run.mjs';

// The packages as an app gets them: packed, installed by npm in a folder of its own, type-checked and run.

const app = mkdtempSync(join(tmpdir(), 'holdfast-consumer-'));
const manifestOf = (/** @type {string} */ name) =>
  JSON.parse(readFileSync(join(root, 'packages', name, 'package.json'), 'utf8'));
const entries = packages.flatMap((name) =>
  Object.keys(manifestOf(name).exports)
    .filter((entry) => entry !== './package.json')
    .map((entry) => ({ name, entry: `@holdfast/${name}${entry.slice(1)}` })),
);
const installed = (/** @type {string} */ name) => join(app, 'node_modules', '@holdfast', name);

beforeAll(async () => {
  if (packages.some((name) => !existsSync(join(root, 'packages', name, 'dist', 'index.js')))) await buildPackages();
  const tarballs = await pack(join(app, 'tarballs'));
  const version = (/** @type {string} */ name, /** @type {string} */ dependency) => {
    const { dependencies, devDependencies, peerDependencies } = manifestOf(name);
    return { ...peerDependencies, ...dependencies, ...devDependencies }[dependency];
  };
  const manifest = {
    name: 'consumer',
    private: true,
    type: 'module',
    dependencies: {
      ...Object.fromEntries(Object.entries(tarballs).map(([name, file]) => [`@holdfast/${name}`, `file:${file}`])),
      react: version('react', 'react'),
      'react-dom': version('inspector', 'react-dom'),
      '@types/react': version('react', '@types/react'),
      lmdb: version('server', 'lmdb'),
      '@types/node': version('server', '@types/node'),
    },
  };
  writeFileSync(join(app, 'package.json'), JSON.stringify(manifest, null, 2));
  const { code, output } = await run(
    'npm',
    ['install', '--no-audit', '--no-fund', '--prefer-offline', '--ignore-scripts'],
    { cwd: app, quiet: true },
  );
  if (code !== 0) throw new Error(`npm install ended with ${code}\n${output}`);
});

afterAll(() => {
  rmSync(app, { recursive: true, force: true });
});

describe.each(packages)('@holdfast/%s as published', (name) => {
  test('carries what it says and nothing else', () => {
    const manifest = JSON.parse(readFileSync(join(installed(name), 'package.json'), 'utf8'));
    expect(JSON.stringify(manifest)).not.toMatch(/workspace:|"source"|\.\/src/);
    const targets = Object.values(manifest.exports).flatMap((target) =>
      typeof target === 'string' ? [target] : Object.values(target),
    );
    for (const target of targets) expect(existsSync(join(installed(name), target)), target).toBe(true);

    const files = readdirSync(installed(name), { recursive: true, encoding: 'utf8' });
    expect(files).toEqual(expect.arrayContaining(['LICENSE', 'README.md']));
    expect(files.filter((file) => /\.test\b|\.test-d\b|\.fixture\b|(^|[\\/])src([\\/]|$)|tsconfig/.test(file))).toEqual(
      [],
    );
  });

  test('is not packed by npm, which would leave workspace ranges in', async () => {
    const cwd = join(root, 'packages', name);
    const pack = promisify(execFile)('npm', ['pack', '--dry-run'], { cwd, shell: process.platform === 'win32' });
    await expect(pack).rejects.toMatchObject({ stderr: expect.stringContaining('with pnpm') });
  });

  test('is there once', () => {
    const nested = readdirSync(installed(name), { recursive: true, encoding: 'utf8' });
    expect(nested.filter((file) => /node_modules[\\/]@holdfast/.test(file))).toEqual([]);
  });
});

test('@holdfast/inspector is for the client, and loads its panel when that is shown', () => {
  const entry = readFileSync(join(installed('inspector'), 'dist', 'index.js'), 'utf8');
  expect(entry).toMatch(/^['"]use client['"]/);
  expect(entry).toMatch(/\bimport\(["']\.\/mount\.js["']\)/);
  expect(entry).not.toMatch(/\bfrom ["'](?:\.\/mount\.js|uplot)["']/);
  expect(entry).not.toMatch(/\bimport ["']/);
});

test.each(['index.js', 'compat.js'])('@holdfast/react marks %s for the client', (file) => {
  expect(readFileSync(join(installed('react'), 'dist', file), 'utf8')).toMatch(/^'use client';\n/);
});

test.each(entries)('$entry type-checks in a strict app that checks libraries too', async ({ name, entry }) => {
  const id = entry.replaceAll(/\W/g, '_');
  writeFileSync(
    join(app, `${id}.ts`),
    `import * as entry from '${entry}';\nexport const names: string[] = Object.keys(entry);\n`,
  );
  const compilerOptions = {
    strict: true,
    noEmit: true,
    skipLibCheck: false,
    target: 'ES2022',
    // An app in the browser has no Node types, and a server has no DOM.
    lib: name === 'server' ? ['ES2022'] : ['ES2022', 'DOM'],
    types: name === 'server' ? ['node'] : [],
    module: name === 'server' ? 'NodeNext' : 'ESNext',
    moduleResolution: name === 'server' ? 'NodeNext' : 'Bundler',
    exactOptionalPropertyTypes: true,
  };
  const project = join(app, `tsconfig.${id}.json`);
  writeFileSync(project, JSON.stringify({ compilerOptions, files: [`${id}.ts`] }));
  const { code, output } = await run(process.execPath, [tool('typescript', 'tsc'), '-p', project], {
    cwd: app,
    quiet: true,
  });
  expect(output).toBe('');
  expect(code).toBe(0);
});

test.each(entries)('$entry is imported under Node and does nothing by itself', async ({ entry }) => {
  // A timer, a socket or a listener left by the import would keep the process from ending.
  const program = `const entry = await import('${entry}'); console.log(Object.keys(entry).length > 0 ? 'ok' : 'empty')`;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', program], {
    cwd: app,
    timeout: 20_000,
  });
  expect(stdout.trim()).toBe('ok');
});
