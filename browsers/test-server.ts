import {
  createServer as createHttpServer,
  type IncomingMessage,
  type Server as HttpServer,
  type ServerResponse,
} from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { type AddressInfo, createServer as createTcpServer, type Server as TcpServer } from 'node:net';
import { createServer as createHoldfastServer, type HoldfastServer, type ServerOptions } from '@holdfast/server';
import { WebSocketServer } from 'ws';
import { Proxy } from '../demo/server/proxy.ts';
import { bundleHarness, type PageName } from './bundle.ts';
import { makeCertificate } from './certificate.ts';
import type { Numbered } from './page/harness.ts';

export interface TestServerOptions {
  /** Where to listen. Default 127.0.0.1. */
  readonly host?: string;
  /** https and wss, with a certificate that is made now. Default false. */
  readonly isSecure?: boolean;
  /** The page that it serves. Default `harness`. */
  readonly page?: PageName;
  /** When `/socket` asks whether a page is alive. Default: as the server has it. */
  readonly heartbeat?: NonNullable<ServerOptions['heartbeat']>;
}

/**
 * The page with its two servers behind it: `/socket` is `@holdfast/server`, which answers every message, `/plain`
 * echoes. All of it lies behind a proxy that makes the faults of a wire.
 */
export class TestServer {
  /** The page. */
  readonly url: string;
  /** WebSocket connections that were asked for since the start, and those that live. */
  upgrades = 0;
  live = 0;
  readonly #received = new Map<string, number[]>();
  readonly #holdfast: HoldfastServer<Numbered>;
  #detach: (() => void) | null = null;
  readonly #inner: HttpServer;
  readonly #front: TcpServer;
  /** The last one takes new connections; those before are black holes. */
  readonly #wires: Proxy[] = [];
  #released: Promise<void> = Promise.resolve();
  #release: () => void = () => {};

  static async start(options: TestServerOptions = {}): Promise<TestServer> {
    const { host = '127.0.0.1', isSecure = false, heartbeat = {}, page = 'harness' } = options;
    const files = new Map([
      ['/', { type: 'text/html', text: PAGE }],
      ['/away', { type: 'text/html', text: '<!doctype html><title>Away</title>' }],
      ['/page.js', { type: 'text/javascript', text: await bundleHarness(page) }],
    ]);
    const answer = (request: IncomingMessage, response: ServerResponse): void => {
      const file = files.get(request.url ?? '');
      // A connection that is kept for later may end in a black hole by then.
      const headers = { 'content-type': file?.type ?? 'text/plain', connection: 'close' };
      response.writeHead(file === undefined ? 404 : 200, headers);
      response.end(file?.text);
    };
    const inner = isSecure ? createHttpsServer(makeCertificate(host), answer) : createHttpServer(answer);
    await listen(inner, '127.0.0.1');
    const front = createTcpServer({ allowHalfOpen: true }, (socket) => server.wire.accept(socket, Buffer.alloc(0)));
    await listen(front, host);
    const url = `${isSecure ? 'https' : 'http'}://${host}:${portOf(front)}/`;
    const server = new TestServer(url, inner, front, heartbeat);
    return server;
  }

  private constructor(
    url: string,
    inner: HttpServer,
    front: TcpServer,
    heartbeat: NonNullable<ServerOptions['heartbeat']>,
  ) {
    this.url = url;
    this.#inner = inner;
    this.#front = front;
    this.#wires.push(this.#newWire());
    this.#holdfast = createHoldfastServer<Numbered, Numbered>({
      onMessage: async ({ data }, session) => {
        await this.#released;
        this.received(data.run).push(data.number);
        session.send(data);
      },
      heartbeat,
    });
    this.refuse(false);
    const plain = new WebSocketServer({ noServer: true });
    inner.on('upgrade', (request, socket, head) => {
      this.upgrades += 1;
      this.live += 1;
      socket.once('close', () => (this.live -= 1));
      if (this.#detach === null) socket.destroy();
      if (this.#detach === null || request.url !== '/plain') return;
      plain.handleUpgrade(request, socket, head, (client) => {
        client.on('error', () => client.terminate());
        client.on('message', (data, isBinary) => {
          const { run, number } = JSON.parse((data as Buffer).toString()) as Numbered;
          this.received(run).push(number);
          client.send(data, { binary: isBinary });
        });
      });
    });
  }

  /** Faults below TLS and HTTP. */
  get wire(): Proxy {
    return this.#wires.at(-1) as Proxy;
  }

  /** Nothing goes through the connections that there are, and nobody is told. New ones work. */
  blackHole(): void {
    this.wire.freeze();
    this.#wires.push(this.#newWire());
  }

  /** What is left of black holes ends. */
  endBlackHoles(): void {
    for (const wire of this.#wires.splice(0, this.#wires.length - 1)) wire.cut();
  }

  /** Keeps messages without an answer, until the function given is called. */
  hold(): () => void {
    this.#released = new Promise((resolve) => (this.#release = resolve));
    return this.#release;
  }

  /** The numbers that a run's messages had, in the order in which they came. A live view. */
  received(run: string): number[] {
    const numbers = this.#received.get(run) ?? [];
    this.#received.set(run, numbers);
    return numbers;
  }

  /** A new run: its messages are counted for themselves. */
  newRun(): string {
    return `run-${this.#received.size + 1}`;
  }

  /** Sends to every session, whether a page is there to hear it or not. */
  broadcast(message: Numbered): void {
    for (const session of this.#holdfast.sessions.values()) session.send(message);
  }

  /** Refuses WebSockets, while pages are still served. */
  refuse(isRefusing: boolean): void {
    this.#detach?.();
    this.#detach = isRefusing ? null : this.#holdfast.attach(this.#inner, { path: '/socket' });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#front.close();
    for (const wire of this.#wires) wire.cut();
    this.#inner.close();
    this.#inner.closeAllConnections();
    await this.#holdfast.close({ graceMs: 0 });
  }

  #newWire(): Proxy {
    return new Proxy({ host: '127.0.0.1', targetPort: () => portOf(this.#inner) });
  }
}

const PAGE = '<!doctype html><title>Page</title><script src="/page.js"></script>';

async function listen(server: TcpServer, host: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, host, resolve);
  });
}

function portOf(server: TcpServer): number {
  return (server.address() as AddressInfo).port;
}
