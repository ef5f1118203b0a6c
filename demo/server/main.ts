import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { networkInterfaces, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { type Arguments, parseArguments, USAGE } from './arguments.ts';
import { Controls, sendJson } from './controls.ts';
import { type Access, isOwnRequest, LOOPBACK, mayOpenSocket } from './loopback.ts';
import { loadPage, type Page } from './page.ts';
import { Proxy } from './proxy.ts';
import { WorkerProcess } from './worker-process.ts';

/** What goes through the faulty wire. */
const SOCKET_PATHS: ReadonlySet<string> = new Set(['/socket', '/live', '/lanes/plain', '/lanes/reconnecting']);

const nextTo = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

await main();

async function main(): Promise<void> {
  const args = readArguments();
  let page: Page;
  try {
    page = loadPage(nextTo('../dist'));
  } catch {
    fail('The page is not built yet: run `npm run build` first.');
  }
  const server = createServer();
  const port = await listen(server, args);
  const access: Access = { port, isPublic: args.host !== LOOPBACK, origins: args.origins };

  const isTemporary = args.dataFolder === null;
  const dataFolder = isTemporary ? mkdtempSync(join(tmpdir(), 'holdfast-demo-')) : resolve(args.dataFolder);
  const worker = new WorkerProcess({
    file: nextTo('./worker.js'),
    dataFolder,
    access,
  });
  const proxy = new Proxy({ host: LOOPBACK, targetPort: () => worker.port });
  const controls = new Controls(proxy, worker);

  server.on('request', (request, response) => {
    if (!isOwnRequest(request, access)) return sendJson(response, 403, { error: 'This page is only for itself' });
    const { pathname } = new URL(request.url ?? '/', `http://${LOOPBACK}`);
    if (pathname === '/faults' || pathname.startsWith('/faults/')) {
      return void controls.answer(pathname.slice('/faults/'.length), request, response);
    }
    if (pathname === '/tally') return askWorker(worker, request, response);
    if (request.method !== 'GET' && request.method !== 'HEAD') return sendJson(response, 405, { error: 'Use GET' });
    return page(request, response);
  });
  server.on('upgrade', (request, socket: Socket, head) => {
    const path = request.url?.split('?', 1)[0] ?? '';
    if (!mayOpenSocket(request, access) || !SOCKET_PATHS.has(path)) {
      socket.end('HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
      return;
    }
    proxy.accept(socket, Buffer.concat([rawHead(request), head]));
  });

  let stopping = false;
  const stop = async (): Promise<void> => {
    // Whoever asks twice doesn't want to wait.
    if (stopping) process.exit(1);
    stopping = true;
    server.close();
    server.closeAllConnections();
    proxy.cut();
    await worker.stop();
    if (isTemporary) rmSync(dataFolder, { recursive: true, force: true, maxRetries: 5 });
    process.exit(0);
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => void stop());

  try {
    mkdirSync(dataFolder, { recursive: true });
    await worker.start();
  } catch (error) {
    if (stopping) return;
    if (isTemporary) rmSync(dataFolder, { recursive: true, force: true });
    fail(`The demo could not start: ${error instanceof Error ? error.message : String(error)}`);
  }
  const names = args.host === '0.0.0.0' || args.host === '::' ? [LOOPBACK, ...ownAddresses()] : [args.host];
  for (const name of names) console.log(`Holdfast demo: http://${name.includes(':') ? `[${name}]` : name}:${port}/`);
}

function readArguments(): Arguments {
  let args: Arguments | 'help';
  try {
    args = parseArguments(process.argv.slice(2));
  } catch (error) {
    fail(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`, 2);
  }
  if (args !== 'help') return args;
  process.stdout.write(USAGE);
  process.exit(0);
}

async function listen(server: ReturnType<typeof createServer>, { port, host }: Arguments): Promise<number> {
  try {
    await new Promise<void>((done, reject) => {
      server.once('error', reject);
      server.listen(port, host, () => {
        server.off('error', reject);
        done();
      });
    });
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'EADDRINUSE') {
      fail(`Port ${port} is taken. Choose another with --port N, or any free one with --port 0.`);
    }
    if (code === 'EADDRNOTAVAIL')
      fail(`This machine has no address ${host}. Choose one of its own with --host ADDRESS.`);
    if (code === 'EACCES') fail(`Port ${port} needs rights that this user lacks. Choose one above 1023 with --port N.`);
    throw error;
  }
  return (server.address() as AddressInfo).port;
}

/** Where other machines of the network find this one. */
function ownAddresses(): string[] {
  return Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .flatMap(({ family, internal, address }) => (family === 'IPv4' && !internal ? [address] : []));
}

/** The request as it came in, so that the server behind sees what the browser sent. */
function rawHead(request: IncomingMessage): Buffer {
  const lines = [`${request.method} ${request.url} HTTP/${request.httpVersion}`];
  for (let index = 0; index < request.rawHeaders.length; index += 2) {
    lines.push(`${request.rawHeaders[index]}: ${request.rawHeaders[index + 1]}`);
  }
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
}

/** Passes a request for the tally on. It goes past the faulty wire: it is how one looks behind it. */
function askWorker(worker: WorkerProcess, request: IncomingMessage, response: ServerResponse): void {
  const down = (): void => {
    if (response.headersSent) response.destroy();
    else sendJson(response, 503, { error: 'The server is down' });
  };
  if (worker.port === null) return down();
  const { host } = request.headers;
  const onward = httpRequest(
    { host: LOOPBACK, port: worker.port, path: request.url, headers: { ...(host === undefined ? {} : { host }) } },
    (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
      answer.on('error', down);
    },
  );
  onward.on('error', down);
  onward.end();
}

function fail(message: string, code = 1): never {
  console.error(message);
  process.exit(code);
}
