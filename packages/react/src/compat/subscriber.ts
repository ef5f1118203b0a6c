import type { HoldfastWebSocket } from '@holdfast/core/websocket';
import { createStore, type StoreApi } from 'zustand/vanilla';
import { complain } from './complain.ts';
import { guarded } from './guarded-socket.ts';
import { inTurns } from './in-turns.ts';
import { ReadyState } from './ready-state.ts';
import { withQuery, type UrlSource } from './with-query.ts';
import { SharedSocket, type Member } from './shared-socket.ts';
import type { Options, SendJsonMessage, SendMessage, WebSocketMessage } from './types.ts';

const RECONNECT_INTERVAL_MS = 5_000;
const RECONNECT_ATTEMPTS = 20;
const MOST_KEPT_MESSAGES = 10_000;
const LONGEST_TIMER_MS = 2_147_483_647;

export interface Picture {
  /** UNINSTANTIATED until there is a first connection. */
  readonly readyState: ReadyState;
  readonly lastMessage: MessageEvent | null;
}

let subscribers = 0;

/** One use of the hook, outside of React: from connection to connection, with what waits to be sent. */
export class Subscriber implements Member {
  readonly id: number = (subscribers += 1);
  /** Those of the last committed render. */
  options: Options = {};
  /** Whether the component has ever looked at a message: one that has not does not render for them. */
  readsMessages = false;
  readonly store: StoreApi<Picture> = createStore<Picture>(() => ({
    readyState: ReadyState.UNINSTANTIATED,
    lastMessage: null,
  }));
  readonly #kept: WebSocketMessage[] = [];
  #place: SharedSocket | null = null;
  #socket: HoldfastWebSocket | null = null;
  /** The listeners on that socket. */
  #ears: AbortController = new AbortController();
  /** Attempts since a connection was open. */
  #attempts = 0;
  #connect: () => void = () => {};
  #cancelRetry: () => void = () => {};

  readonly sendMessage: SendMessage = (message, keep = true) => {
    if (this.#socket?.readyState === ReadyState.OPEN) {
      this.#socket.send(message as Parameters<WebSocket['send']>[0]);
    } else if (keep) {
      if (this.#kept.length >= MOST_KEPT_MESSAGES) {
        throw new DOMException(`${MOST_KEPT_MESSAGES} messages wait for a connection`, 'QuotaExceededError');
      }
      this.#kept.push(message);
    }
  };

  readonly sendJsonMessage: SendJsonMessage = (message, keep = true) => {
    this.sendMessage(JSON.stringify(message), keep);
  };

  readonly getWebSocket = (): WebSocket | null =>
    this.options.share === true && this.#socket !== null ? guarded(this.#socket) : this.#socket;

  /** Connects, and connects again as the options say, until the function that it gives is called. */
  start(url: UrlSource): () => void {
    const life = new AbortController();
    this.#connect = () => {
      // A text at once: who mounts in place of another finds its connection while that is still there.
      if (typeof url === 'string') this.#enter(withQuery(url, this.options.queryParams));
      else void this.#ask(url, life.signal);
    };
    this.#connect();
    return () => {
      life.abort();
      this.detach();
      this.#place?.leave(this);
      this.#place = null;
      // Where others stay it is still open, and what is sent from here on is for the next one.
      this.#socket = null;
      this.store.setState({ lastMessage: null });
    };
  }

  /** No connection is wanted. */
  rest(): void {
    this.#attempts = 0;
    if (this.store.getState().readyState !== ReadyState.UNINSTANTIATED) this.#tell(ReadyState.CLOSED);
  }

  attach(socket: HoldfastWebSocket): void {
    this.#ears.abort();
    this.#ears = new AbortController();
    const { signal } = this.#ears;
    this.#socket = socket;
    let hasFailed = false;
    // The app's handlers have listeners of their own: where one throws, that is reported, and the rest goes on.
    socket.addEventListener('open', (event) => this.options.onOpen?.(event), { signal });
    socket.addEventListener('message', (event) => this.options.onMessage?.(event), { signal });
    this.hearEnd(socket, signal);
    socket.addEventListener('open', () => this.#opened(), { signal });
    socket.addEventListener('message', (event) => this.#take(event), { signal });
    socket.addEventListener('error', () => (hasFailed = true), { signal });
    socket.addEventListener('close', (event) => this.#closed(event, hasFailed), { signal });
    if (socket.readyState === ReadyState.OPEN) this.#opened();
    else this.#tell(socket.readyState);
  }

  detach(): void {
    this.#cancelRetry();
    this.#ears.abort();
  }

  fail(error: unknown): void {
    complain('there is no URL to connect to', error);
    this.#tell(ReadyState.CLOSED);
  }

  hearEnd(socket: HoldfastWebSocket, signal?: AbortSignal): void {
    // Undefined is as none to a browser.
    const options = { signal } as AddEventListenerOptions;
    socket.addEventListener('error', (event) => this.options.onError?.(event), options);
    socket.addEventListener('close', (event) => this.options.onClose?.(event), options);
  }

  async #ask(url: () => string | Promise<string>, life: AbortSignal): Promise<void> {
    try {
      // Strict Mode takes the first of two mounts back before anybody is asked.
      await Promise.resolve();
      if (life.aborted) return;
      const given: unknown = await url();
      if (typeof given !== 'string') throw new TypeError(`the url function gave no string, but ${typeof given}`);
      if (!life.aborted) this.#enter(withQuery(given, this.options.queryParams));
    } catch (error) {
      if (life.aborted) return;
      if (this.options.retryOnError === true) this.#retry();
      else this.fail(error);
    }
  }

  #enter(url: string): void {
    const place = SharedSocket.for(url, this);
    // Another URL at another attempt: a fresh token, say.
    if (place !== this.#place) this.#place?.leave(this);
    this.#place = place;
    place.enter(this);
  }

  #opened(): void {
    this.#attempts = 0;
    this.#tell(ReadyState.OPEN);
    for (const message of this.#kept.splice(0)) this.sendMessage(message);
  }

  #take(event: MessageEvent): void {
    const { filter } = this.options;
    if (filter !== undefined && (filter(event) as unknown) !== true) return;
    if (this.#place?.heartbeat?.returnMessage === event.data) return;
    if (!this.readsMessages) {
      this.store.setState({ lastMessage: event });
      return;
    }
    const { signal } = this.#ears;
    const tell = (): void => {
      if (!signal.aborted) this.store.setState({ lastMessage: event });
    };
    inTurns({ event, tell });
  }

  #closed(event: CloseEvent, hasFailed: boolean): void {
    this.#tell(ReadyState.CLOSED);
    const { shouldReconnect, retryOnError } = this.options;
    // Both may say yes: it is one attempt.
    const isWanted = shouldReconnect?.(event) ?? false;
    if (isWanted || (retryOnError === true && hasFailed)) this.#retry();
  }

  #retry(): void {
    const { reconnectAttempts = RECONNECT_ATTEMPTS, reconnectInterval = RECONNECT_INTERVAL_MS } = this.options;
    if (this.#attempts >= reconnectAttempts) {
      this.#tell(ReadyState.CLOSED);
      this.options.onReconnectStop?.(reconnectAttempts);
      return;
    }
    const ms = typeof reconnectInterval === 'function' ? reconnectInterval(this.#attempts) : reconnectInterval;
    // One that waits still: another of those who share it was quicker, and its connection has ended, too.
    this.#cancelRetry();
    const again = (): void => {
      this.#cancelRetry();
      this.#attempts += 1;
      // One of those who share it may have opened it before.
      if (this.#socket === null || this.#socket.readyState === ReadyState.CLOSED) this.#connect();
    };
    const timer = setTimeout(again, Math.min(ms ?? RECONNECT_INTERVAL_MS, LONGEST_TIMER_MS));
    const waiting = new AbortController();
    // There is no network to wait for any more. Other hosts than pages have no such event.
    globalThis.addEventListener?.('online', again, { signal: waiting.signal });
    this.#cancelRetry = () => {
      clearTimeout(timer);
      waiting.abort();
    };
  }

  #tell(readyState: ReadyState): void {
    this.store.setState({ readyState });
  }
}
