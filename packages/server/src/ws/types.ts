import type { EventEmitter } from 'node:events';
import type { IncomingMessage, Server as HttpServer } from 'node:http';
import type { Server as HttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import type { AuthenticateRequest, EventRecord } from '../session/app.ts';
import type { HeartbeatLimits } from '../session/limits.ts';

/** What is sent: text, a number as text, or bytes. */
export type Data = string | number | ArrayBuffer | ArrayBufferView | readonly Uint8Array[];
/** What comes: as `binaryType` says, text always as a Buffer. */
export type RawData = Buffer | ArrayBuffer | Buffer[];

/** As in the `ws` package. */
export interface SendOptions {
  /** Default: whether the data is no string. */
  readonly binary?: boolean | undefined;
  /** Accepted, and of no use here. */
  readonly compress?: boolean | undefined;
  readonly mask?: boolean | undefined;
  /** A message in parts is not sent: only true. */
  readonly fin?: boolean | undefined;
}

/** Called when the message has left the process, with an error when the session ended before. */
export type SendCallback = (error?: Error) => void;

/** The events of a connection, as of the `ws` package. */
export interface WebSocketEvents {
  message: [data: RawData, isBinary: boolean];
  close: [code: number, reason: Buffer];
  error: [error: Error];
  ping: [data: Buffer];
  pong: [data: Buffer];
}

/** What a listener of `addEventListener` gets: the standard's names, without its class. */
export interface WebSocketEvent {
  readonly type: string;
  readonly target: WebSocket;
  readonly data?: unknown;
  readonly code?: number;
  readonly reason?: string;
  readonly wasClean?: boolean;
  readonly error?: unknown;
  readonly message?: string;
}

/** As in the DOM: a function, or an object that has one. */
export type WebSocketListener =
  | ((event: WebSocketEvent) => void)
  | { readonly handleEvent: (event: WebSocketEvent) => void };

/** A connection, with the interface of the `ws` package's; what it carries may be a session or a plain socket. */
export interface WebSocket extends EventEmitter<WebSocketEvents> {
  readonly CONNECTING: 0;
  readonly OPEN: 1;
  readonly CLOSING: 2;
  readonly CLOSED: 3;
  readonly readyState: 0 | 1 | 2 | 3;
  readonly bufferedAmount: number;
  readonly extensions: string;
  readonly protocol: string;
  readonly url: string;
  readonly isPaused: boolean;
  binaryType: 'nodebuffer' | 'arraybuffer' | 'fragments';
  onopen: ((event: WebSocketEvent) => void) | null;
  onmessage: ((event: WebSocketEvent) => void) | null;
  onclose: ((event: WebSocketEvent) => void) | null;
  onerror: ((event: WebSocketEvent) => void) | null;
  send(data: Data, callback?: SendCallback): void;
  send(data: Data, options: SendOptions, callback?: SendCallback): void;
  ping(data?: Data | SendCallback, mask?: boolean | SendCallback, callback?: SendCallback): void;
  pong(data?: Data | SendCallback, mask?: boolean | SendCallback, callback?: SendCallback): void;
  close(code?: number, reason?: string | Buffer): void;
  terminate(): void;
  pause(): void;
  resume(): void;
  addEventListener(type: string, listener: WebSocketListener, options?: { readonly once?: boolean | undefined }): void;
  removeEventListener(type: string, listener: WebSocketListener): void;
}

/** What `verifyClient` is asked about, at every upgrade: the first of a session, and each with which it comes back. */
export interface VerifyInfo {
  readonly origin: string;
  readonly secure: boolean;
  readonly req: IncomingMessage;
}

/** Lets a client in, or not: by what it returns, or by its callback with a status for the refusal. */
export type VerifyClient =
  | ((info: VerifyInfo) => boolean)
  | ((
      info: VerifyInfo,
      callback: (isAllowed: boolean, code?: number, message?: string, headers?: Record<string, string>) => void,
    ) => void);

/** What `authenticate` gets to know. */
export interface WebSocketAuthenticateRequest extends Omit<
  AuthenticateRequest,
  'upgrade' | 'url' | 'headers' | 'signal'
> {
  /** The upgrade of this connection. */
  readonly request: IncomingMessage;
}

/** The options of the `ws` package's WebSocketServer, and those of sessions. Durations are milliseconds. */
export interface WebSocketServerOptions {
  readonly server?: HttpServer | HttpsServer | null | undefined;
  readonly port?: number | null | undefined;
  readonly host?: string | null | undefined;
  readonly backlog?: number | null | undefined;
  readonly noServer?: boolean | undefined;
  readonly path?: string | null | undefined;
  readonly clientTracking?: boolean | undefined;
  /** Most bytes of a message. A session counts text as JSON, in which a quotation mark is two. Default 100 MiB. */
  readonly maxPayload?: number | undefined;
  readonly verifyClient?: VerifyClient | null | undefined;
  /** Chooses the subprotocol from those of the library, for a session with the request with which it began. */
  readonly handleProtocols?: ((protocols: Set<string>, request: IncomingMessage) => string | false) | null | undefined;
  /** For plain connections; a session is never compressed. */
  readonly perMessageDeflate?: boolean | object | undefined;
  readonly skipUTF8Validation?: boolean | undefined;
  /** How long a session waits for its client to come back; then `close` with 1006. Default 120,000. */
  readonly sessionTtlMs?: number | undefined;
  /**
   * Most bytes that are kept for one client until it has them, a character of text counted as two. Past it the session
   * fails: `close` with 1006. Default 16 MiB.
   */
  readonly maxBufferedBytes?: number | undefined;
  /** Most sessions, those included whose client is away: past it the one away for longest ends. Default 10,000. */
  readonly maxSessions?: number | undefined;
  /** How sessions watch their connections. Default `{ intervalMs: 15_000, timeoutMs: 5_000 }`. */
  readonly heartbeat?: Partial<HeartbeatLimits> | undefined;
  /**
   * Gives the identity behind a connection, 1 to 256 characters, asked at every one: a session goes on for the identity
   * and the path that it began with, and for no other. Throw `Unauthorized` or `Forbidden` to refuse. Default: all are one.
   */
  readonly authenticate?: ((request: WebSocketAuthenticateRequest) => string | Promise<string>) | undefined;
  /** One sink for structured records of the sessions. Payloads and tokens are never in them. */
  readonly onEvent?: ((record: EventRecord) => void) | undefined;
}

/** Called with the connection when the upgrade is done: for a session, once. */
export type Upgraded = (webSocket: WebSocket, request: IncomingMessage) => void;

/** The events of a server, as of the `ws` package. */
export interface WebSocketServerEvents {
  connection: [webSocket: WebSocket, request: IncomingMessage];
  error: [error: Error];
  headers: [headers: string[], request: IncomingMessage];
  close: [];
  listening: [];
  wsClientError: [error: Error, socket: Duplex, request: IncomingMessage];
}

/** Where the server listens: a port, the path of a pipe, or null where it does not. */
export type Address = AddressInfo | string | null;
