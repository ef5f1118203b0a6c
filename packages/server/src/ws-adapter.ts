import { AUTH_PREFIX, SLOT_PREFIX, SUBPROTOCOL } from '@holdfast/core/protocol';
import { STATUS_CODES, type IncomingMessage, type Server as HttpServer, type ServerResponse } from 'node:http';
import type { Server as HttpsServer } from 'node:https';
import type { Duplex } from 'node:stream';
import { WebSocketServer, type PerMessageDeflateOptions, type RawData, type WebSocket } from 'ws';
import { isOriginAllowed } from './origins.ts';
import type { Session } from './session/app.ts';
import type { Engine } from './session/engine.ts';
import type { AllowedOrigins } from './types.ts';

/** What a WebSocket message may hold beyond one payload: a frame around it, or a batch of small ones. */
export const MESSAGE_ROOM = 65_536;
/** Longest reason that a close frame can carry. */
const REASON_BYTES = 123;

export interface AdapterOptions {
  readonly engine: Engine;
  /** Bytes of one payload. */
  readonly messageBytes: number;
  readonly allowedOrigins: AllowedOrigins | undefined;
  readonly clientAddress: ((request: IncomingMessage) => string | undefined) | undefined;
  readonly compression: boolean | { readonly thresholdBytes?: number };
  /** What one of the app's functions threw. */
  readonly onFault: (fault: unknown, option: 'allowedOrigins' | 'clientAddress') => void;
  /** An upgrade was refused: a browser does not tell its page why. */
  readonly onRefused: (status: number, why: string, origin: string | undefined) => void;
}

export interface Adapter {
  attach(httpServer: HttpServer | HttpsServer, path: string): () => void;
  /** Stops listening everywhere. */
  detachAll(): void;
}

/** Where the listeners of all adapters listen: one HTTP server may have several of them. */
const paths = new WeakMap<object, string>();

/** Lets the sockets of the `ws` package carry an engine's connections. */
export function createWsAdapter(options: AdapterOptions): Adapter {
  const { engine } = options;
  const webSockets = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: deflate(options.compression),
    maxPayload: options.messageBytes + MESSAGE_ROOM,
    handleProtocols: () => SUBPROTOCOL,
  });
  const detachers = new Set<() => void>();

  function upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const status = refusal(request);
    if (status !== null) {
      refuse(request, socket, status);
      return;
    }
    webSockets.handleUpgrade(request, socket, head, (webSocket) =>
      carry(webSocket, request, engine, { remoteAddress: addressOf(request) }),
    );
  }

  function addressOf(request: IncomingMessage): string | undefined {
    try {
      const address: unknown = options.clientAddress?.(request);
      // What is no text is no address: that of the socket is right at least.
      if (typeof address === 'string') return address;
    } catch (fault) {
      options.onFault(fault, 'clientAddress');
    }
    return request.socket.remoteAddress;
  }

  /** Answers an upgrade with plain HTTP, ends, and tells. */
  function refuse(request: IncomingMessage, socket: Duplex, status: RefusalStatus): void {
    const why = REASONS[status];
    end(socket, status, why);
    options.onRefused(status, why, request.headers.origin);
  }

  /** The HTTP status that refuses an upgrade; null: it may go on. */
  function refusal(request: IncomingMessage): RefusalStatus | null {
    if (engine.isClosing) return 503;
    try {
      if (!isOriginAllowed(request, options.allowedOrigins)) return 403;
    } catch (fault) {
      options.onFault(fault, 'allowedOrigins');
      return 403;
    }
    return offered(request).includes(SUBPROTOCOL) ? null : 400;
  }

  return {
    attach(httpServer, path) {
      const onUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
        const asked = pathOf(request);
        if (asked === path) {
          upgrade(request, socket, head);
          return;
        }
        const listeners = httpServer.listeners('upgrade');
        const isAnswered = listeners.some((listener) => [undefined, asked].includes(paths.get(listener)));
        // With nobody else to ask, nobody would ever answer. One of several that know this does.
        if (!isAnswered && listeners[0] === onUpgrade) refuse(request, socket, 404);
      };
      paths.set(onUpgrade, path);
      const detach = (): void => {
        httpServer.off('upgrade', onUpgrade);
        httpServer.off('request', onRequest);
        detachers.delete(detach);
      };
      // A server that has nothing else to say would leave a plain request hanging; an app that has answers itself.
      const onRequest = (request: IncomingMessage, response: ServerResponse): void => {
        const listeners = httpServer.listeners('request');
        if (listeners[0] !== onRequest || listeners.some((listener) => !paths.has(listener))) return;
        const isOurs = listeners.some((listener) => paths.get(listener) === pathOf(request));
        response.statusCode = isOurs ? 426 : 404;
        response.setHeader('upgrade', 'websocket');
        response.end();
      };
      httpServer.on('upgrade', onUpgrade);
      paths.set(onRequest, path);
      httpServer.on('request', onRequest);
      detachers.add(detach);
      return detach;
    },
    detachAll() {
      for (const detach of detachers) detach();
    },
  };
}

/** What else may be done with a socket that carries a connection. */
export interface CarryOptions {
  /** Whose it is, where that is not the socket's other end. */
  readonly remoteAddress?: string | undefined;
  /** What `authenticate` is told of the upgrade. */
  readonly upgrade?: unknown;
  /** Which session it carries. */
  readonly welcomed?: (session: Session) => void;
  /** All server messages up to `offset` have left this process. */
  readonly written?: (offset: number) => void;
  readonly closed?: () => void;
}

/** Lets a socket carry a connection of the engine. */
export function carry(webSocket: WebSocket, request: IncomingMessage, engine: Engine, more: CarryOptions = {}): void {
  const { upgrade, welcomed, written } = more;
  const connection = engine.accept(
    {
      send: (data, offset) =>
        webSocket.send(data, (error) => {
          // Absent or null, as the version of ws wants it.
          if (!error) written?.(offset);
        }),
      ...(welcomed !== undefined && { welcomed }),
      close: (code, reason) => webSocket.close(code, truncated(reason)),
      terminate: () => webSocket.terminate(),
      get bufferedAmount() {
        return webSocket.bufferedAmount;
      },
    },
    {
      origin: request.headers.origin,
      remoteAddress: more.remoteAddress ?? request.socket.remoteAddress,
      upgrade,
      url: request.url,
      headers: request.headers,
      slot: offer(request, SLOT_PREFIX),
      token: tokenOf(offer(request, AUTH_PREFIX)),
    },
  );
  webSocket.on('message', (data: RawData, isBinary: boolean) => {
    // Text comes as one Buffer, since `binaryType` is left as it is; ws has checked that it is UTF-8.
    connection.message(isBinary ? data : (data as Buffer).toString('utf8'));
  });
  webSocket.on('close', (code) => {
    connection.closed(code);
    more.closed?.();
  });
  // A fault of the peer or the network: `ws` closes the socket by itself and says so in 'close'.
  webSocket.on('error', (error: Error & { readonly code?: unknown }) => {
    if (error.code === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH') engine.limited('messageBytes');
  });
}

/**
 * Each message by itself, without the memory of those before it: neither does one tell about another, nor does an idle
 * socket keep a window. `maxPayload` bounds what comes out.
 */
function deflate(compression: AdapterOptions['compression']): PerMessageDeflateOptions | false {
  if (compression === false) return false;
  const { thresholdBytes = 1_024 } = compression === true ? {} : compression;
  return {
    threshold: thresholdBytes,
    serverNoContextTakeover: true,
    clientNoContextTakeover: true,
    concurrencyLimit: 10,
    zlibDeflateOptions: { level: 3, memLevel: 7 },
  };
}

/** The subprotocols that the client offers. */
export function offered(request: IncomingMessage): readonly string[] {
  return (request.headers['sec-websocket-protocol'] ?? '').split(',').map((name) => name.trim());
}

/** What the client offers behind this prefix. */
function offer(request: IncomingMessage, prefix: string): string | undefined {
  return offered(request)
    .find((name) => name.startsWith(prefix))
    ?.slice(prefix.length);
}

function tokenOf(encoded: string | undefined): string | undefined {
  try {
    return encoded === undefined ? undefined : decodeURIComponent(encoded);
  } catch {
    return undefined; // No encoding of ours: no token.
  }
}

function pathOf(request: IncomingMessage): string {
  return (request.url ?? '/').split(/[?#]/, 1)[0] as string;
}

function end(socket: Duplex, status: RefusalStatus, body: string): void {
  socket.on('error', () => socket.destroy());
  socket.once('finish', () => socket.destroy());
  const head = `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\nContent-Type: text/plain`;
  socket.end(`${head}\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
}

/** For whoever looks into the network panel, or the server's log. */
const REASONS = {
  400: 'This server speaks holdfast.v1: make the client with protocol: holdfast().',
  403: 'Pages of this origin may not connect: name it in the option allowedOrigins of createServer.',
  404: 'Nobody answers upgrades on this path: see the option path of server.attach.',
  503: 'The server is closing.',
} as const;

type RefusalStatus = keyof typeof REASONS;

/** A close frame has little room, and a character must not be cut in two. */
function truncated(reason: string): string {
  let text = reason.slice(0, REASON_BYTES);
  while (Buffer.byteLength(text) > REASON_BYTES) text = text.slice(0, -1);
  return text;
}
