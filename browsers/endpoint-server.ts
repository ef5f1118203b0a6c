import { createServer as createHttpServer, type Server as HttpServer } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Server as TcpServer } from 'node:net';
import { createServer, type HoldfastServer } from '@holdfast/server';
import { Proxy } from '../demo/server/proxy.ts';
import type { Numbered } from './page/harness.ts';

/** A run of the handler. */
export interface Taken {
  readonly number: number;
  readonly redelivered: boolean;
}

/** A server of the tests at an address that stays, whether it runs, is killed or can't be reached. */
export class EndpointServer {
  /** For pages of any origin. */
  readonly url: string;
  readonly taken: Taken[] = [];
  readonly #front: TcpServer;
  readonly #wire: Proxy;
  #running: { readonly http: HttpServer; readonly holdfast: HoldfastServer<Numbered> } | null = null;

  static async start(): Promise<EndpointServer> {
    const front = createTcpServer({ allowHalfOpen: true }, (socket) => server.#wire.accept(socket, Buffer.alloc(0)));
    await listen(front);
    const server = new EndpointServer(front);
    await server.start();
    return server;
  }

  private constructor(front: TcpServer) {
    this.#front = front;
    this.url = `ws://127.0.0.1:${portOf(front)}/socket`;
    this.#wire = new Proxy({
      host: '127.0.0.1',
      targetPort: () => (this.#running === null ? null : portOf(this.#running.http)),
    });
  }

  /** Connections that the server holds. */
  get live(): number {
    return this.#running?.holdfast.metrics().connections ?? 0;
  }

  /** Another process, that remembers nothing. */
  async start(): Promise<void> {
    const http = createHttpServer();
    const holdfast = createServer<Numbered, Numbered>({
      onMessage: ({ data, redelivered }, session) => {
        this.taken.push({ number: data.number, redelivered });
        session.send(data);
      },
      heartbeat: { intervalMs: 500, timeoutMs: 500 },
      allowedOrigins: '*',
    });
    holdfast.attach(http, { path: '/socket' });
    await listen(http);
    this.#running = { http, holdfast };
  }

  /** All connections are reset, and new ones fail. */
  async kill(): Promise<void> {
    const running = this.#running;
    this.#running = null;
    this.#wire.cut();
    running?.http.close();
    running?.http.closeAllConnections();
    await running?.holdfast.close({ graceMs: 0 });
  }

  /** Nothing goes through, on old connections and on new ones, and nobody is told. */
  blackHole(): void {
    this.#wire.freeze();
  }

  mend(): void {
    this.#wire.thaw();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#front.close();
    await this.kill();
  }
}

async function listen(server: TcpServer): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
}

function portOf(server: TcpServer): number {
  return (server.address() as AddressInfo).port;
}
