import { createServer, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  export interface ProvidedContext {
    /** Where a real server of Holdfast answers each message, and ends every connection when it is sent `cut`. */
    inspectorServer: string;
  }
}

interface Session {
  send(data: unknown): void;
}

interface HoldfastServer {
  attach(http: Server): void;
  close(): Promise<void>;
}

interface ServerModule {
  createServer(options: {
    allowedOrigins: '*';
    onMessage: (message: { readonly data: unknown }, session: Session) => void;
  }): HoldfastServer;
}

interface ModuleRunner {
  withSources(root: string, use: (load: (file: string) => Promise<unknown>) => Promise<void>): Promise<void>;
}

/** Vitest's global set-up. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const { href } = new URL('../../../scripts/module-runner.mjs', import.meta.url);
  const { withSources } = (await import(href)) as ModuleRunner;
  const root = fileURLToPath(new URL('../../server', import.meta.url));
  return new Promise((resolve, reject) => {
    withSources(root, async (load) => {
      const module = (await load('/src/index.ts')) as ServerModule;
      const [url, stop] = await start(module);
      project.provide('inspectorServer', url);
      await new Promise<void>((release) => {
        resolve(async () => {
          await stop();
          release();
        });
      });
    }).catch(reject);
  });
}

async function start(module: ServerModule): Promise<[url: string, stop: () => Promise<void>]> {
  const http = createServer();
  const sockets = new Set<Socket>();
  http.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  const server = module.createServer({
    allowedOrigins: '*',
    onMessage({ data }, session) {
      if (data === 'cut') for (const socket of sockets) socket.destroy();
      else session.send({ answer: data });
    },
  });
  server.attach(http);
  await new Promise<void>((resolve) => {
    http.listen(0, '127.0.0.1', resolve);
  });
  const { port } = http.address() as AddressInfo;
  return [
    `ws://127.0.0.1:${port}/`,
    async () => {
      await server.close();
      await new Promise((resolve) => {
        http.close(resolve);
      });
    },
  ];
}
