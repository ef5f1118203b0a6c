import { EventEmitter } from 'node:events';
import { createServer, STATUS_CODES, type IncomingMessage, type Server as HttpServer } from 'node:http';
import type { Server as HttpsServer } from 'node:https';
import type { Duplex } from 'node:stream';
import { WebSocketServer as PlainServer } from 'ws';
import { SUBPROTOCOL } from '@holdfast/core/protocol';
import { MESSAGE_ROOM } from '../ws-adapter.ts';
import { checkServerOptions } from './options.ts';
import { asksForSession, Sessions } from './sessions.ts';
import type { Address, Upgraded, WebSocket, WebSocketServerEvents, WebSocketServerOptions } from './types.ts';

const MAX_PAYLOAD = 104_857_600;

/**
 * The `WebSocketServer` of the `ws` package for clients with `ResumableWebSocket`: one connection for each session, which
 * survives its sockets. A client that asks for no session gets a connection of `ws` itself.
 */
export class WebSocketServer extends EventEmitter<WebSocketServerEvents> {
  readonly options: WebSocketServerOptions;
  readonly path: string | null;
  /** All connections; absent with `clientTracking: false`. */
  readonly clients?: Set<WebSocket>;
  readonly #plain: Upgrader;
  readonly #carrier: Upgrader;
  readonly #sessions: Sessions;
  #http: HttpServer | HttpsServer | null;
  #state: 'running' | 'closing' | 'closed' = 'running';
  /** Whether the HTTP server of our own is still there. */
  #isListening = false;
  #detach: () => void = () => {};

  /**
   * @throws TypeError for an option of the wrong shape, naming it, and unless just one of port, server and noServer is given
   */
  constructor(options: WebSocketServerOptions, listening?: () => void) {
    super();
    checkServerOptions(options);
    this.options = options;
    this.path = options.path ?? null;
    const { maxPayload = MAX_PAYLOAD, clientTracking = true } = options;
    if (clientTracking) this.clients = new Set();
    const shared = {
      path: options.path ?? undefined,
      verifyClient: options.verifyClient ?? undefined,
      skipUTF8Validation: options.skipUTF8Validation ?? false,
    };
    this.#plain = new Upgrader(this, {
      ...shared,
      maxPayload,
      handleProtocols: options.handleProtocols ?? undefined,
      perMessageDeflate: options.perMessageDeflate ?? false,
    });
    this.#carrier = new Upgrader(this, {
      ...shared,
      maxPayload: maxPayload === 0 ? 0 : maxPayload + MESSAGE_ROOM,
      handleProtocols: () => SUBPROTOCOL,
      perMessageDeflate: false,
    });
    this.#sessions = new Sessions({ ...options, maxPayload, opened: (webSocket) => this.#track(webSocket) });
    this.#http = options.server ?? null;
    if (typeof options.port === 'number') this.#http = this.#listen(options.port, listening);
    this.#attach();
  }

  /**
   * Where it listens; null after `close()`.
   * @throws Error with `noServer`
   */
  address(): Address {
    if (this.options.noServer === true) throw new Error('The server is operating in "noServer" mode');
    return this.#http?.address() ?? null;
  }

  /** Whether an upgrade is for this server; may be replaced. */
  shouldHandle(request: IncomingMessage): boolean | Promise<boolean> {
    return this.path === null || (request.url ?? '/').split('?', 1)[0] === this.path;
  }

  /** Answers an upgrade. `done` is called once for each connection: for a session that comes back it is not called again. */
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer, done: Upgraded): void {
    if (asksForSession(request)) {
      this.#carrier.handleUpgrade(request, socket, head, (carried) => this.#sessions.accept(carried, request, done));
      return;
    }
    this.#plain.handleUpgrade(request, socket, head, (plain) => {
      const webSocket = plain as unknown as WebSocket;
      this.#track(webSocket);
      done(webSocket, request);
    });
  }

  /**
   * Takes no new connection, and lets no session come back: one whose client is away ends now. Connections stay until they
   * close or lose their socket. `close` is fired when all are gone, as with `ws`.
   */
  close(closed?: (error?: Error) => void): void {
    if (this.#state === 'closed') {
      if (closed !== undefined) this.once('close', () => closed(new Error('The server is not running')));
      process.nextTick(() => this.emit('close'));
      return;
    }
    if (closed !== undefined) this.once('close', () => closed());
    if (this.#state === 'closing') return;
    this.#state = 'closing';
    this.#detach();
    const http = this.#http;
    this.#http = null;
    this.#plain.close();
    this.#carrier.close();
    this.#sessions.close();
    if (this.#isListening) {
      http?.close(() => {
        this.#isListening = false;
        this.#endIfEmpty();
      });
    }
    this.#endIfEmpty();
  }

  #listen(port: number, listening: (() => void) | undefined): HttpServer {
    const http = createServer((_request, response) => {
      const body = STATUS_CODES[426] as string;
      response.writeHead(426, { 'Content-Length': body.length, 'Content-Type': 'text/plain' });
      response.end(body);
    });
    const { host, backlog } = this.options;
    http.listen({ port, host: host ?? undefined, backlog: backlog ?? undefined }, listening);
    this.#isListening = true;
    return http;
  }

  #attach(): void {
    const http = this.#http;
    if (http === null) return;
    const connected: Upgraded = (webSocket, request) => this.emit('connection', webSocket, request);
    const onListening = (): boolean => this.emit('listening');
    const onError = (error: Error): boolean => this.emit('error', error);
    const onUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void =>
      this.handleUpgrade(request, socket, head, connected);
    http.on('listening', onListening).on('error', onError).on('upgrade', onUpgrade);
    this.#detach = () => void http.off('listening', onListening).off('error', onError).off('upgrade', onUpgrade);
  }

  #track(webSocket: WebSocket): void {
    const { clients } = this;
    if (clients === undefined) return;
    clients.add(webSocket);
    webSocket.on('close', () => {
      clients.delete(webSocket);
      this.#endIfEmpty();
    });
  }

  #endIfEmpty(): void {
    if (this.#state !== 'closing' || this.#isListening || (this.clients?.size ?? 0) > 0) return;
    this.#state = 'closed';
    void this.#sessions.end();
    process.nextTick(() => this.emit('close'));
  }
}

/** The server of `ws` that upgrades sockets for ours, and says what it has to say in its name. */
class Upgrader extends PlainServer {
  readonly #owner: WebSocketServer;

  constructor(owner: WebSocketServer, options: object) {
    super({ ...options, noServer: true, clientTracking: false });
    this.#owner = owner;
  }

  override shouldHandle(request: IncomingMessage): boolean | Promise<boolean> {
    return this.#owner.shouldHandle(request);
  }

  override emit(event: string, ...args: unknown[]): boolean {
    // Its own `close` is nobody's business.
    return event === 'close' ? false : (this.#owner as EventEmitter).emit(event, ...args);
  }

  override listenerCount(event: string): number {
    return (this.#owner as EventEmitter).listenerCount(event);
  }
}
