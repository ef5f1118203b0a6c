import { createServer, type IncomingMessage } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { fileURLToPath } from 'node:url';
import type { TestProject } from 'vitest/node';
import type { Seen } from './requirement.fixture.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** `host:port` of the server for the tests of the drop-in class. */
    webSocketServer: string;
    /** The same behaviour on the server of the resumable class. */
    resumableServer: string;
  }
}

interface Peer {
  send(data: unknown, options?: { binary: boolean }): void;
  close(code?: number, reason?: string): void;
  terminate(): void;
  pause(): void;
  on(event: 'message', listener: (data: Uint8Array, isBinary: boolean) => void): void;
  on(event: 'close', listener: (code: number, reason: Uint8Array) => void): void;
  on(event: 'error', listener: (error: Error) => void): void;
}

interface PeerServer {
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Uint8Array, done: (peer: Peer) => void): void;
}

type ServerClass = new (options: object) => PeerServer;

/** Vitest's global set-up: real WebSocket servers on free ports, whose behaviour is named by the path. */
export async function setup(project: TestProject): Promise<() => Promise<unknown>> {
  const [port, stop] = await startPlain();
  const [Resumable, release] = await loadServer();
  const [resumablePort, stopResumable] = await start(Resumable, ({ peer }) => peer.terminate());
  project.provide('webSocketServer', `127.0.0.1:${port}`);
  project.provide('resumableServer', `127.0.0.1:${resumablePort}`);
  return () => Promise.all([stop(), stopResumable().then(release)]);
}

/** Files that the server has beside its WebSockets, by their paths. */
export type Files = ReadonlyMap<string, { readonly type: string; readonly text: string }>;

/** The server for the tests of the drop-in class, on a free port of 127.0.0.1. */
export function startPlain(files?: Files): Promise<[port: number, stop: () => Promise<void>]> {
  // The package `ws` is the server's dependency, not core's.
  const require = createRequire(new URL('../../../server/package.json', import.meta.url));
  const { WebSocketServer: Plain } = require('ws') as { WebSocketServer: ServerClass };
  return start(Plain, ({ socket }) => socket.destroy(), files);
}

interface ModuleRunner {
  withSources(root: string, use: (load: (file: string) => Promise<unknown>) => Promise<void>): Promise<void>;
}

/** Our own server's class from its sources, and what lets go of them. */
async function loadServer(): Promise<[server: ServerClass, release: () => void]> {
  const { href } = new URL('../../../../scripts/module-runner.mjs', import.meta.url);
  const { withSources } = (await import(href)) as ModuleRunner;
  const root = fileURLToPath(new URL('../../../server', import.meta.url));
  return new Promise((resolve, reject) => {
    withSources(root, async (load) => {
      const { WebSocketServer } = (await load('/src/ws.ts')) as { WebSocketServer: ServerClass };
      await new Promise<void>((release) => resolve([WebSocketServer, release]));
    }).catch(reject);
  });
}

/** @param cut How a connection is reset. */
async function start(
  Server: ServerClass,
  cut: (connection: { readonly peer: Peer; readonly socket: Duplex }) => void,
  files: Files = new Map(),
): Promise<[port: number, stop: () => Promise<void>]> {
  const simple = new Server({ noServer: true, maxPayload: 100_000_000 });
  const deflating = new Server({ noServer: true, perMessageDeflate: { threshold: 0 } });
  const seen = new Map<string, Seen>();
  const sockets = new Set<Duplex>();

  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://server');
    const file = files.get(pathname);
    if (file !== undefined) {
      response.setHeader('content-type', file.type);
      response.end(file.text);
      return;
    }
    response.setHeader('access-control-allow-origin', '*');
    response.end(JSON.stringify(seen.get(searchParams.get('id') ?? '') ?? null));
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  server.on('upgrade', (request, socket, head) => {
    socket.on('error', () => socket.destroy());
    const url = new URL(request.url ?? '/', 'http://server');
    const path = url.pathname;
    if (path === '/mute') return;
    if (path === '/refuse') {
      socket.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n');
      return;
    }
    (path === '/deflate' ? deflating : simple).handleUpgrade(request, socket, head, (peer) => {
      const record: Seen = { texts: [], code: null, reason: null };
      const id = url.searchParams.get('id');
      if (id !== null) seen.set(id, record);
      peer.on('error', () => {});
      peer.on('close', (code, reason) => {
        record.code = code;
        record.reason = String(reason);
      });
      peer.on('message', (data, isBinary) => {
        record.texts.push(String(data));
        if (path === '/cut') cut({ peer, socket });
        else if (path === '/flood') for (let n = 0; n < 50; n += 1) peer.send(String(n));
        else if (path === '/count') peer.send(String(data.length));
        else peer.send(data, { binary: isBinary });
      });
      behave(path, url.searchParams, peer, socket);
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const stop = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve());
      for (const socket of sockets) socket.destroy();
    });
  return [(server.address() as AddressInfo).port, stop];
}

/** What a path does as soon as the connection is open. */
function behave(path: string, query: URLSearchParams, peer: Peer, socket: Duplex): void {
  switch (path) {
    case '/close':
      peer.close(Number(query.get('code') ?? 1000), query.get('reason') ?? '');
      break;
    case '/greet':
      peer.send('hello');
      peer.send(new Uint8Array([1, 2, 3]), { binary: true });
      break;
    case '/greet-and-close':
      peer.send('hello');
      peer.close(4000, 'done');
      break;
    case '/deaf':
      // It reads nothing any more: no message arrives, and no closing handshake is answered.
      peer.pause();
      break;
    case '/garbage':
      // Reserved bits set and an opcode that does not exist.
      socket.write(new Uint8Array([0xf3, 0x00]));
      break;
  }
}
