import { createServer, type Server as HttpServer } from 'node:http';
import type { AddressInfo, Server as TcpServer } from 'node:net';
import type { WebSocketServer } from 'ws';

/** The class under a library's server: that of the ws package, or ours in its place. */
export type ServerClass = typeof WebSocketServer;

/** One library's server, with the same subject for all: news for its subscribers, and an ear for what they say. */
export interface Server extends AsyncDisposable {
  /** The same over all restarts. */
  readonly port: number;
  /** What clients have said, in order. A live view. */
  readonly said: readonly string[];
  /** Tells every subscriber. */
  publish(text: string): void;
  /** Connections that the server holds at this moment. */
  live(): number;
  /** Ends as a killed process does: no word to anybody, and nothing is remembered. */
  stop(): Promise<void>;
  /** Starts again where it listened before. */
  start(): Promise<void>;
}

/** Starts listening; port 0 takes any. Resolves with the port. */
export async function listen(server: TcpServer, port: number): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  return (server.address() as AddressInfo).port;
}

/** What serves one library on an HTTP server that is about to listen. */
export interface Service {
  readonly publish: (text: string) => void;
  readonly live: () => number;
  /** Resets every connection and forgets. */
  readonly kill: () => void;
}

/** A server inside this process: what the machine of a restart does to its clients is done to the sockets. */
export async function serve(attach: (http: HttpServer, said: (text: string) => void) => Service): Promise<Server> {
  const said: string[] = [];
  let port = 0;
  let http: HttpServer;
  let service: Service;
  const start = async (): Promise<void> => {
    http = createServer();
    service = attach(http, (text) => said.push(text));
    port = await listen(http, port);
  };
  const stop = async (): Promise<void> => {
    const closed = new Promise((resolve) => http.once('close', resolve));
    http.close();
    service.kill();
    http.closeAllConnections();
    await closed;
  };
  await start();
  return {
    said,
    get port() {
      return port;
    },
    publish: (text) => service.publish(text),
    live: () => service.live(),
    stop,
    start,
    [Symbol.asyncDispose]: stop,
  };
}
