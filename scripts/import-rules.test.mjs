import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join, posix, relative, sep } from 'node:path';
import { describe, expect, test } from 'vitest';
import { packages, root } from './run.mjs';

// The floors of the house, walked without a parser: a second opinion beside the linter, which knows patterns only.

const adapters = ['environment', 'transport', 'storage', 'tabs', 'rtc', 'telemetry'];

/**
 * What a folder of core may import: values from `values`, types from `types` too. An entry point (a file right in src)
 * is free, but for protocol.ts, which the server imports and which is therefore pure.
 *
 * @type {Record<string, { values: string[], types?: string[], packages?: string[] }>}
 */
const floors = {
  lib: { values: ['lib'] },
  protocol: { values: ['lib', 'protocol'] },
  machines: { values: ['lib', 'protocol', 'machines'] },
  'protocol.ts': { values: ['lib', 'protocol', 'machines'] },
  ...Object.fromEntries(
    adapters.map((name) => [
      name,
      // The port of another adapter is a type that it may be built upon; its real thing is not.
      {
        values: ['lib', 'protocol', name],
        types: ['machines', ...adapters],
        packages: name === 'storage' ? ['idb'] : [],
      },
    ]),
  ),
  runtime: { values: ['lib', 'protocol', 'machines', ...adapters, 'runtime'] },
  socket: { values: ['lib', 'protocol', 'machines', ...adapters, 'runtime', 'socket'] },
  websocket: { values: ['lib', 'protocol', 'machines', ...adapters, 'runtime', 'websocket'] },
  resumable: { values: ['lib', 'protocol', 'machines', 'environment', 'runtime', 'socket', 'websocket', 'resumable'] },
  // For tests of apps and of this project: it may use everything, and no code that is shipped to users uses it.
  testing: { values: ['lib', 'protocol', 'machines', ...adapters, 'runtime', 'socket', 'websocket', 'testing'] },
};
const pure = /^packages\/core\/src\/(?:lib\/|protocol\/|protocol\.ts$|machines\/)/;
// A conformance suite is built only where an entry exports it: it is code for tests, like the tests.
const besideTheCode = /(?:\.(?:test|test-d|fixture)|-conformance)\.tsx?$/;

const files = packages.flatMap((name) => sources(`packages/${name}/src`));
const built = files.filter((file) => !besideTheCode.test(file));

describe('core', () => {
  test.each(built.filter((file) => file.startsWith('packages/core/src/')))('%s keeps to its floor', (file) => {
    const [place = ''] = file.slice('packages/core/src/'.length).split('/');
    const floor = floors[place];
    if (floor === undefined) {
      expect(place, 'a folder without a floor: give it one in this test and in .oxlintrc.json').toMatch(/\.ts$/);
      return;
    }
    const wrong = imports(file).filter(({ from, typeOnly }) => {
      if (!from.startsWith('.')) return !(floor.packages ?? []).includes(from);
      const [target = ''] = relative('packages/core/src', posix.join(dirname(file), from)).split(sep);
      return !floor.values.includes(target) && !(typeOnly && (floor.types ?? []).includes(target));
    });
    expect(wrong).toEqual([]);
  });
});

describe('the other packages', () => {
  test.each([
    ['react', /^(?:react|react-dom|zustand(?:\/.+)?|@holdfast\/core(?:\/.+)?)$/],
    ['inspector', /^(?:react|react-dom\/client|uplot(?:\/.+)?|@holdfast\/core(?:\/protocol)?)$/],
    ['server', /^(?:node:.+|ws|lmdb|@holdfast\/core\/protocol)$/],
  ])('%s reaches the others by their entries', (name, allowed) => {
    const wrong = built
      .filter((file) => file.startsWith(`packages/${name}/`))
      .flatMap((file) => imports(file).map(({ from }) => ({ file, from })))
      .filter(({ file, from }) =>
        from.startsWith('.')
          ? !posix.join(dirname(file), from).startsWith(`packages/${name}/src/`)
          : !allowed.test(from),
      );
    expect(wrong).toEqual([]);
  });

  test('the session engine of the server imports itself, the protocol and the types of its ports', () => {
    const folder = 'packages/server/src/session/';
    const wrong = built
      .filter((file) => file.startsWith(folder))
      .flatMap((file) => imports(file).map((found) => ({ file, ...found })))
      .filter(({ file, from, typeOnly }) => {
        if (!from.startsWith('.')) return from !== '@holdfast/core/protocol';
        const target = posix.join(dirname(file), from);
        return !target.startsWith(folder) && !(typeOnly && target.endsWith('/ports.ts'));
      });
    expect(wrong).toEqual([]);
  });
});

describe('all sources', () => {
  test('the pure floor waits for nothing', () => {
    expect(built.filter((file) => pure.test(file) && /\b(?:async|await|Promise)\b/.test(code(file)))).toEqual([]);
  });

  test('files are kebab-case', () => {
    const wrong = files.filter(
      (file) => !/^(?:[a-z0-9]+(?:-[a-z0-9]+)*\/)*[a-z0-9]+(?:[-.][a-z0-9]+)*\.tsx?$/.test(file),
    );
    expect(wrong).toEqual([]);
  });

  test('exports are named', () => {
    // What a bundler makes of a style sheet is its default export, as the declaration says; react-use-websocket has one, too.
    const ours = files.filter((file) => !file.endsWith('.d.ts') && file !== 'packages/react/src/compat.ts');
    expect(ours.filter((file) => /^\s*export\s+(?:default\b|\{[^}]*\bas\s+default\b)/m.test(code(file)))).toEqual([]);
  });

  test('imports name the file with its ending', () => {
    const wrong = files.flatMap((file) =>
      imports(file)
        .filter(({ from }) => from.startsWith('.') && !existsSync(join(root, dirname(file), from.replace(/\?.*/, ''))))
        .map(({ from }) => `${file}: ${from}`),
    );
    expect(wrong).toEqual([]);
  });

  test('the walk sees every form of import', () => {
    // A pattern that misses imports would pass every rule above.
    const found = importsOf(`
      import { a } from './a.ts';
      import type { B } from './b.ts';
      import {
        type C,
        c,
      } from './c.ts';
      import { type D, type E } from './d.ts';
      import './e.ts';
      export { f } from './f.ts';
      export type { G } from './g.ts';
      export * from './h.ts';
      const i = await import('./i.ts');
      type J = import('./j.ts').J;
      // import { k } from './k.ts';
      /* import { l } from './l.ts'; */
    `);
    expect(found.map(({ from, typeOnly }) => from + (typeOnly ? ' type' : ''))).toEqual([
      './a.ts',
      './b.ts type',
      './c.ts',
      './d.ts type',
      './e.ts',
      './f.ts',
      './g.ts type',
      './h.ts',
      './i.ts',
      './j.ts',
    ]);
  });
});

/** @param {string} folder */
function sources(folder) {
  if (!existsSync(join(root, folder))) return [];
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.tsx?$/.test(file))
    .map((file) => `${folder}/${file.split(sep).join('/')}`)
    .sort();
}

/** @param {string} file */
function code(file) {
  return withoutComments(readFileSync(join(root, file), 'utf8'));
}

/** @param {string} file */
function imports(file) {
  return importsOf(readFileSync(join(root, file), 'utf8'));
}

/** @param {string} text */
function withoutComments(text) {
  return text.replaceAll(/\/\*[\s\S]*?\*\//g, '').replaceAll(/(^|[\s;{}])\/\/.*$/gm, '$1');
}

/**
 * @param {string} text
 * @returns {{ from: string, typeOnly: boolean }[]}
 */
function importsOf(text) {
  const pattern =
    /\b(?:import|export)\s+(type\s+)?(\*(?:\s+as\s+\w+)?|\w+|(?:\w+\s*,\s*)?\{[^}]*\})\s*from\s*['"]([^'"]+)['"]|\bimport\s*\(?\s*['"]([^'"]+)['"]/g;
  return [...withoutComments(text).matchAll(pattern)].map(([, type, names = '', from, bare]) => {
    const list = names.startsWith('{')
      ? names
          .slice(1, -1)
          .split(',')
          .map((name) => name.trim())
          .filter(Boolean)
      : [];
    const typeOnly = type !== undefined || (list.length > 0 && list.every((name) => name.startsWith('type ')));
    return { from: from ?? bare ?? '', typeOnly };
  });
}
