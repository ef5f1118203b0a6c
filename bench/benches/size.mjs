import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { bench, fromSource, repository } from '../lib/from-source.mjs';
import { table } from '../lib/table.mjs';
import { versionOf } from '../lib/browser.mjs';

/** What a page imports. @type {readonly { name: string, library?: string, code: string }[]} */
const imports = [
  { name: 'HoldfastWebSocket', code: `export { HoldfastWebSocket } from '@holdfast/core/websocket'` },
  { name: 'createSocket, plain()', code: `export { createSocket, plain } from '@holdfast/core'` },
  { name: 'createSocket, holdfast()', code: `export { createSocket, holdfast } from '@holdfast/core'` },
  {
    name: 'createSocket, holdfast(), indexedDB()',
    code: `export { createSocket, holdfast } from '@holdfast/core'; export { indexedDB } from '@holdfast/core/indexeddb'`,
  },
  {
    name: 'all of core with indexedDB()',
    code: `export * from '@holdfast/core'; export * from '@holdfast/core/indexeddb'`,
  },
  {
    name: 'reconnecting-websocket',
    library: 'reconnecting-websocket',
    code: `export { default } from 'reconnecting-websocket'`,
  },
  { name: 'partysocket, WebSocket', library: 'partysocket', code: `export { WebSocket } from 'partysocket'` },
  { name: 'rews', library: '@nktkas/rews', code: `export { ReconnectingWebSocket } from '@nktkas/rews'` },
  { name: 'socket.io-client', library: 'socket.io-client', code: `export { io } from 'socket.io-client'` },
  { name: 'centrifuge', library: 'centrifuge', code: `export { Centrifuge } from 'centrifuge'` },
  { name: 'graphql-ws', library: 'graphql-ws', code: `export { createClient } from 'graphql-ws'` },
];

/** What a page downloads for each: bundled and minified by esbuild, then compressed. */
export async function run() {
  const results = await Promise.all(imports.map(measure));
  const text = [
    'Size in bytes: bundled for ES2022 and minified by esbuild, with all dependencies; gzip -9, brotli -11.',
    '',
    table(
      ['', 'minified', 'gzip', 'brotli'],
      results.map((result) =>
        'missing' in result
          ? [result.name, 'missing', '', '']
          : [result.name, String(result.minified), String(result.gzip), String(result.brotli)],
      ),
    ),
    '',
    ...results.map((result) => `${result.name}: ${'missing' in result ? result.missing : result.code}`),
  ].join('\n');
  return { text, results };
}

/** @param {(typeof imports)[number]} entry */
async function measure({ name, library, code }) {
  const label = library === undefined ? name : `${name} ${versionOf(library)}`;
  try {
    const { outputFiles, metafile } = await build({
      metafile: true,
      absWorkingDir: repository,
      stdin: { contents: code, resolveDir: bench },
      plugins: [fromSource],
      bundle: true,
      write: false,
      format: 'esm',
      platform: 'browser',
      target: 'es2022',
      minify: true,
      // What a bundler sets for a page that goes out.
      define: { 'process.env.NODE_ENV': '"production"' },
      logLevel: 'silent',
    });
    const bytes = outputFiles[0]?.contents ?? new Uint8Array();
    return {
      name: label,
      code,
      minified: bytes.length,
      gzip: gzipSync(bytes, { level: 9 }).length,
      brotli: brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }).length,
      /** What each file has in it, minified: where to look first. */
      files: Object.entries(Object.values(metafile.outputs)[0]?.inputs ?? {})
        .map(([file, { bytesInOutput }]) => ({ file, bytes: bytesInOutput }))
        .sort((a, b) => b.bytes - a.bytes),
    };
  } catch (error) {
    const why = error.errors?.map((/** @type {{ text: string }} */ { text }) => text).join('; ');
    return { name: label, missing: why ?? String(error) };
  }
}
