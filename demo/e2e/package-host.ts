import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createServer, type Server } from 'node:http';
import { transformWithOxc } from 'vite';
import { example } from '../../scripts/examples.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const types: { readonly [ending: string]: string } = { '.js': 'text/javascript', '.html': 'text/html' };

/** idb as the browser loads it, found where core finds it. */
const idb = join(dirname(createRequire(join(root, 'packages/core/package.json')).resolve('idb')), 'index.js');

/** The built package as a browser loads it: plain modules and an import map, no bundler in between. */
const IMPORT_MAP = JSON.stringify({
  imports: {
    '@holdfast/core': '/packages/core/index.js',
    '@holdfast/core/indexeddb': '/packages/core/indexeddb.js',
    '@holdfast/core/websocket': '/packages/core/websocket.js',
    idb: '/idb.js',
  },
});

/** Serves an empty page with the built `@holdfast/core` in its import map; `scripts` run before any module. */
export function servePage(server: Server, script = ''): void {
  server.on('request', (request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://127.0.0.1');
    if (pathname === '/') {
      response.setHeader('content-type', 'text/html');
      response.end(
        `<!doctype html><title>package</title><script>${script};globalThis.load = (name) => import(name)</script><script type="importmap">${IMPORT_MAP}</script>`,
      );
      return;
    }
    const file = pathname === '/idb.js' ? idb : fileOf(pathname);
    if (file === null) {
      response.statusCode = 404;
      response.end();
      return;
    }
    response.setHeader('content-type', types[extname(file)] ?? 'application/octet-stream');
    response.end(readFileSync(file));
  });
}

function fileOf(pathname: string): string | null {
  const match = /^\/packages\/core\/([a-z0-9/-]+\.js)$/.exec(pathname);
  return match === null ? null : join(root, 'packages/core/dist', match[1] as string);
}

/** A page's server, listening on loopback; ends with the scope. */
export async function listen(): Promise<{ server: Server; url: string; [Symbol.asyncDispose]: () => Promise<void> }> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    server,
    url: `http://127.0.0.1:${address.port}/`,
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

/** An example of the README as a browser or Node runs it: as written there, without its types. */
export async function readmeExample(name: string): Promise<string> {
  const { code } = await transformWithOxc(example('README.md', name), 'example.ts');
  return code;
}

/** Runs a module in a Node process of its own, from a folder where the packages are installed. */
export function runModule(code: string): ChildProcess {
  return spawn(process.execPath, ['--input-type=module', '--eval', code], {
    cwd: join(root, 'demo'),
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

/** What the process says first. Rejects when it ends without a word. */
export function firstLine(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    child.stdout?.once('data', (data: Buffer) => resolve(String(data).trim()));
    child.once('exit', (code) => reject(new Error(`the process ended with ${code}`)));
  });
}
