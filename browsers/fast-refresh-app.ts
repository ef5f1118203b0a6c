import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import type { Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createServer as createHoldfastServer, type HoldfastServer } from '@holdfast/server';
import react from '@vitejs/plugin-react';
import { createServer, defaultClientConditions, type ViteDevServer } from 'vite';

const source = fileURLToPath(new URL('fast-refresh', import.meta.url));
const modules = fileURLToPath(new URL('node_modules', import.meta.url));

/** A copy of the app in `fast-refresh/` behind Vite's development server, with a server of `holdfast.v1` on the same port. */
export class FastRefreshApp {
  readonly url: string;
  /** WebSockets to `/socket` since the start. */
  connects = 0;
  readonly #folder: string;
  readonly #vite: ViteDevServer;
  readonly #holdfast: HoldfastServer;

  static async start(): Promise<FastRefreshApp> {
    const folder = mkdtempSync(join(tmpdir(), 'holdfast-fast-refresh-'));
    cpSync(source, folder, { recursive: true });
    symlinkSync(modules, join(folder, 'node_modules'));
    const vite = await createServer({
      root: folder,
      configFile: false,
      logLevel: 'error',
      cacheDir: join(folder, '.vite'),
      plugins: [react()],
      resolve: { conditions: ['source', ...defaultClientConditions], dedupe: ['react', 'react-dom'] },
      server: { host: '127.0.0.1', port: 0, fs: { strict: false } },
    });
    await vite.listen();
    return new FastRefreshApp(folder, vite);
  }

  private constructor(folder: string, vite: ViteDevServer) {
    this.#folder = folder;
    this.#vite = vite;
    const http = vite.httpServer as HttpServer;
    this.url = `http://127.0.0.1:${(http.address() as AddressInfo).port}/`;
    http.on('upgrade', ({ url }) => {
      if (url === '/socket') this.connects += 1;
    });
    this.#holdfast = createHoldfastServer({ onMessage: () => {} });
    this.#holdfast.attach(http, { path: '/socket' });
  }

  /** Sends to every session. */
  broadcast(data: number): void {
    for (const session of this.#holdfast.sessions.values()) session.send(data);
  }

  /** Changes a file of the app, as its developer does. */
  edit(file: string, before: string, after: string): void {
    const path = join(this.#folder, file);
    const text = readFileSync(path, 'utf8');
    if (!text.includes(before)) throw new Error(`${file} has no ${before}`);
    writeFileSync(path, text.replace(before, after));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#holdfast.close({ graceMs: 0 });
    await this.#vite.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
