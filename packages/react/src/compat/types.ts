import type { ReadyState } from './ready-state.ts';

/** Appended to the URL. In a value only `&`, `#` and `+` are escaped. */
export interface QueryParams {
  [name: string]: string | number;
}

/** Durations are milliseconds. */
export interface HeartbeatOptions {
  /** What is sent; a function is called for each ping. Default `'ping'`. */
  message?: string | (() => string) | undefined;
  /** The server's answer, which does not become `lastMessage`. Default: none. */
  returnMessage?: string | undefined;
  /** After so long a silence, with a ping that had its time, the connection is closed. Default 60,000. */
  timeout?: number | undefined;
  /** A ping goes out after so long a silence. Default 25,000. */
  interval?: number | undefined;
}

/** Those of the last committed render count; a change of `queryParams` alone opens another connection. */
export interface Options {
  /** Appended to the URL. Default: none. */
  queryParams?: QueryParams | undefined;
  /** Subprotocols to offer. Default: none. */
  protocols?: string | string[] | undefined;
  /** Uses one connection together with all components that share the same URL and protocols. Default false. */
  share?: boolean | undefined;
  onOpen?: ((event: WebSocketEventMap['open']) => void) | undefined;
  /** Called at every end, also at that which unmounting brings about. */
  onClose?: ((event: WebSocketEventMap['close']) => void) | undefined;
  /** Called with every message, also those that `filter` holds back. */
  onMessage?: ((event: WebSocketEventMap['message']) => void) | undefined;
  onError?: ((event: WebSocketEventMap['error']) => void) | undefined;
  /** Called when `reconnectAttempts` are used up, with their number. */
  onReconnectStop?: ((numAttempts: number) => void) | undefined;
  /** Whether to connect again after this end. Default: never. */
  shouldReconnect?: ((event: WebSocketEventMap['close']) => boolean) | undefined;
  /** How long to wait before the next attempt; a function gets the number of attempts before it. Default 5,000. */
  reconnectInterval?: number | ((lastAttemptNumber: number) => number) | undefined;
  /** Attempts in a row that may fail. Default 20. */
  reconnectAttempts?: number | undefined;
  /** Whether a message becomes `lastMessage`. Default: each does. */
  filter?: ((message: WebSocketEventMap['message']) => boolean) | undefined;
  /** Connects again after an error, and asks a URL function again that has failed. Default false. */
  retryOnError?: boolean | undefined;
  /** Pings the server, and closes a connection on which nothing is heard any more. True: with the defaults. Default false. */
  heartbeat?: boolean | HeartbeatOptions | undefined;
  /** Leaves `lastJsonMessage` null. Default false. */
  disableJson?: boolean | undefined;
  /** Taken, and without effect: there is no assertion to skip. */
  skipAssert?: boolean | undefined;
}

/** What a WebSocket can send. */
export type WebSocketMessage = string | ArrayBufferLike | Blob | ArrayBufferView;

/** `keep` false: dropped while no connection is open. */
export type SendMessage = (message: WebSocketMessage, keep?: boolean) => void;
/** As `SendMessage`, after `JSON.stringify`. */
export type SendJsonMessage = <T = unknown>(jsonMessage: T, keep?: boolean) => void;

/** What the hook gives. */
export interface WebSocketHook<T = unknown, P = WebSocketEventMap['message'] | null> {
  /** Never changes. What is sent while no connection is open is kept, 10,000 messages at most. */
  readonly sendMessage: SendMessage;
  readonly sendJsonMessage: SendJsonMessage;
  /** Each message in its turn; null at first. Only a component that reads this or `lastJsonMessage` renders for messages. */
  readonly lastMessage: P;
  /** The data of `lastMessage`, parsed: null before the first message, and `{}` for what is no JSON. */
  readonly lastJsonMessage: T;
  readonly readyState: ReadyState;
  /** The connection, null before the first one. A shared one can't be closed or written to. */
  readonly getWebSocket: () => WebSocket | null;
}
