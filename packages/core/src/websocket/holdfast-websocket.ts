import { connectionEnvironment } from '../environment/browser.ts';
import type { ConnectionEnvironment, WebSocketLike } from '../environment/ports.ts';
import type { Bytes } from '../lib/bytes.ts';
import type { Failure } from '../lib/errors.ts';
import type { StateName } from '../machines/connection-state.ts';
import { initialState } from '../machines/connection-steps.ts';
import type { Ping } from '../machines/ping.ts';
import { type End, LOST } from '../protocol/close-codes.ts';
import { createDriver, type Driver, type Order } from '../runtime/driver.ts';
import { createLink, type Link, type Target } from '../runtime/link.ts';
import { silence } from '../transport/websocket.ts';
import { checkCloseArguments, queueable } from './arguments.ts';
import { Base, CLOSED, CLOSING, CONNECTING, OPEN } from './base.ts';
import { closeEvent } from './events.ts';
import {
  connectionOptions,
  type HoldfastWebSocketOptions,
  type Numbers,
  numbersOf,
  type ProtocolsSource,
  type UrlSource,
} from './options.ts';
import { askForTarget, protocolList } from './target.ts';
import { asWebSocket, type EventHandlers } from './web-idl.ts';

const HEARTBEAT = { intervalMs: 15_000, timeoutMs: 5_000 } as const;
/** How long a closing handshake may stand still: a browser would wait for up to a minute. */
const CLOSE_TIMEOUT_MS = 2_000;

type NativeWebSocket = WebSocketLike & WebSocket;
/** What `getState` tells beside `readyState`. */
export interface WebSocketState {
  readonly phase: StateName;
  /** Failed attempts since a connection last proved stable. */
  readonly attempt: number;
  /** Milliseconds until the next attempt; null: none is set. */
  readonly retryInMs: number | null;
  /** What went wrong last: a browser's `error` event has no reason, and `cause` has what a url function threw. */
  readonly failure: Failure | null;
}

/**
 * A WebSocket that reconnects; with `reconnect: false`, one that only notices a dead link. It keeps the WebSockets
 * standard of WHATWG, but for the differences that docs/websocket.md lists.
 *
 * Every reopening fires `open`, every loss `close`; `readyState` is CONNECTING while it tries again and CLOSED when it does
 * not any more. What is sent meanwhile waits, and goes before `open` is fired.
 */
export class HoldfastWebSocket extends Base implements WebSocket {
  declare static readonly CONNECTING: 0;
  declare static readonly OPEN: 1;
  declare static readonly CLOSING: 2;
  declare static readonly CLOSED: 3;

  readonly #outside: ConnectionEnvironment;
  readonly #target: () => Target | Promise<Target | { readonly failure: Failure }>;
  readonly #reconnects: boolean;
  readonly #ping: Ping | undefined;
  readonly #handlers: EventHandlers = {};
  readonly #numbers: Numbers;
  /** What waits for a connection, and its bytes; text in UTF-8. */
  #queue: (string | Blob | Bytes)[] = [];
  #queuedBytes = 0;
  #binaryType: BinaryType = 'blob';
  #url = '';
  /** Of the last life: from a start to `close()` or the end of the retries. */
  #driver: Driver | undefined;
  /** The browser's socket in use; after the end of all, the last one. */
  #socket: NativeWebSocket | null = null;
  /** Set while `close()` waits for the socket's end: cancels that wait. */
  #leave: (() => void) | null = null;
  /** Pings without a pong, and when the newest went out. */
  #pings = 0;
  #pingedAt = 0;

  /**
   * @throws TypeError for an option that is no number from 0 up; all that the browser's own constructor throws
   */
  constructor(url: UrlSource, protocols: ProtocolsSource = [], options: HoldfastWebSocketOptions = {}) {
    super();
    if (arguments.length === 0) throw new TypeError('a WebSocket needs a URL');
    const { environment = connectionEnvironment(), reconnect = true, ping, startClosed = false } = options;
    this.#numbers = numbersOf(options);
    if (ping !== undefined && typeof ping.data !== 'function')
      throw new TypeError('option ping must have a data function');
    this.#outside = environment;
    this.#reconnects = reconnect;
    this.#ping = ping;
    if (typeof url === 'function' || typeof protocols === 'function') {
      this.#target = () => askForTarget(url, protocols, this.#driver?.state.attempt ?? 0);
      if (!startClosed) this.#start();
    } else {
      const target = { url: `${url}`, protocols: protocolList(protocols) };
      this.#target = () => target;
      // Made here, so that it throws here what the standard says.
      if (!startClosed) this.#start(environment.openWebSocket(target.url, target.protocols));
    }
  }

  get url(): string {
    return this.#url;
  }

  get readyState(): WebSocket['readyState'] {
    const native = this.#socket?.readyState ?? CONNECTING;
    if (this.#leave !== null) return native > CLOSING ? native : CLOSING;
    if (this.#isOver) return CLOSED;
    // An open one that has just been lost is on its way to the next.
    const isNative = !this.#reconnects || (this.#driver?.state.name === 'open' && native < CLOSED);
    return isNative ? native : CONNECTING;
  }

  /** Bytes that the network has not got yet, those of the queue included. */
  get bufferedAmount(): number {
    return (this.#socket?.bufferedAmount ?? 0) + this.#queuedBytes;
  }

  get extensions(): string {
    return this.#socket?.extensions ?? '';
  }

  get protocol(): string {
    return this.#socket?.protocol ?? '';
  }

  get binaryType(): BinaryType {
    return this.#binaryType;
  }

  set binaryType(value: BinaryType) {
    const type = `${value}` as const;
    if (type !== 'blob' && type !== 'arraybuffer') return;
    this.#binaryType = type;
    if (this.#socket !== null) this.#socket.binaryType = type;
  }

  /**
   * Sends, or keeps the message until a connection is open; with `reconnect: false` only where a url function is still
   * being asked.
   * @throws DOMException QuotaExceededError where too much waits: nothing that was taken is dropped; what the browser throws
   */
  send(data: string | Blob | BufferSource): void {
    if (arguments.length === 0) throw new TypeError('send needs a message');
    const socket = this.#socket;
    if (socket !== null && (!this.#reconnects || this.readyState === OPEN)) {
      socket.send(data);
      this.#driver?.wrote();
      return;
    }
    const [message, size] = queueable(data);
    const bytes = this.#queuedBytes + size;
    const { maxEnqueuedMessages, maxEnqueuedBytes } = this.#numbers;
    if (this.#queue.length >= maxEnqueuedMessages || bytes > maxEnqueuedBytes) {
      throw new DOMException('too much waits: see maxEnqueuedMessages and maxEnqueuedBytes', 'QuotaExceededError');
    }
    this.#queue.push(message);
    this.#queuedBytes = bytes;
  }

  /**
   * Ends the connection and the retries. Where the closing handshake stands still for 2 s, `close` is fired with 1006.
   * @throws DOMException InvalidAccessError for a code that is not allowed, SyntaxError for a reason above 123 bytes
   */
  close(...given: [code?: number, reason?: string]): void {
    // The browser's own checks and conversions, where there is a socket that makes them.
    if (this.#socket === null) checkCloseArguments(...given);
    else this.#socket.close(...given);
    if (this.#leave !== null || this.#isOver) return;
    this.#awaitEnd(Infinity);
    this.#driver?.dispatch({ type: 'user/close', flushMs: 0, failure: null });
  }

  /** Opens a connection at once: in place of the one that is open, of a retry that waits, or after any end. */
  reconnect(): void {
    const isLeaving = this.#stopLeaving();
    // Told last: a listener may call this again, and must find one life, not none.
    if (isLeaving || this.#isOver) this.#start();
    else this.#driver?.dispatch({ type: 'user/reconnect' });
    if (isLeaving) this.#fire(closeEvent(LOST));
  }

  getState(): WebSocketState {
    const { name, attempt, retryAt, failure } = this.#driver?.state ?? initialState(0, false);
    return { phase: name, attempt, retryInMs: retryAt === null ? null : retryAt - this.#outside.now(), failure };
  }

  /** Whether nothing happens any more, until `reconnect()`. */
  get #isOver(): boolean {
    return isOver(this.#driver?.state.name ?? 'closed');
  }

  #start(first?: WebSocketLike): void {
    const outside = this.#outside;
    const page = new AbortController();
    let made = first;
    this.#socket = null;
    const environment: ConnectionEnvironment = {
      ...outside,
      openWebSocket: (url, protocols) => {
        const socket = (made ?? outside.openWebSocket(url, protocols)) as NativeWebSocket;
        made = undefined;
        this.#url = socket.url;
        socket.binaryType = this.#binaryType;
        if (link.socket === null) this.#socket = socket;
        socket.addEventListener('error', () => {
          // Not that of a socket that was let go of: it may come a minute later.
          const isLeaving = socket === this.#socket && this.#leave !== null;
          if (socket === link.socket || isLeaving) this.#fire(new Event('error'));
        });
        return socket;
      },
    };
    const link = createLink({
      environment,
      target: this.#target,
      dispatch: (fact) => driver.dispatch(fact),
      onMessage: (event) => this.#receive(event as MessageEvent),
    });
    const driver = createDriver({
      environment,
      connection: connectionOptions(this.#numbers, this.#reconnects),
      onState: ({ name }) => {
        if (isOver(name)) page.abort();
      },
      run: (effect) => this.#run(effect, link, driver),
    });
    this.#driver = driver;
    // To a class that never reconnects, whatever happens is a reason to ask whether its link is alive, and no more.
    outside.observe(
      (fact) => driver.dispatch({ type: this.#reconnects ? `page/${fact}` : 'page/network' }),
      page.signal,
    );
    driver.dispatch({ type: 'user/connect', reason: 'start' });
  }

  #receive({ data, origin }: MessageEvent): void {
    this.#driver?.heard();
    if (this.#pings === 0 || this.#ping?.isPong?.(data) !== true) {
      this.#fire(new MessageEvent('message', { data: data as unknown, origin }));
      return;
    }
    this.#pings -= 1;
    if (this.#pings === 0) this.#driver?.tell({ type: 'link/answered', ms: this.#outside.now() - this.#pingedAt });
  }

  #run(effect: Order, link: Link, driver: Driver): void {
    const ping = this.#ping;
    link.run(effect);
    switch (effect.type) {
      case 'link/greet':
        driver.tell({
          type: 'link/welcomed',
          heartbeat: ping === undefined ? null : { ...HEARTBEAT, answerMs: ping.answerMs },
        });
        driver.tell({ type: 'link/prepared' });
        break;
      case 'link/promote':
        this.#socket = link.socket as NativeWebSocket | null;
        // To the users of this class a new connection is a new conversation.
        if (driver.state.failure === null) this.#fire(closeEvent(LOST));
        break;
      case 'link/detach':
        // After `close()` the browser's own end is the one to tell.
        if (this.#leave !== null && this.#socket !== null) {
          this.#socket.onclose = (end: End) => {
            this.#stopLeaving();
            this.#fire(closeEvent(end));
          };
        }
        break;
      case 'link/ping':
        this.#pings += 1;
        this.#pingedAt = this.#outside.now();
        try {
          if (ping !== undefined) link.socket?.send(ping.data());
        } catch (error) {
          // The app's fault must not end the heartbeat: it is reported as a listener's is.
          queueMicrotask(() => {
            throw error;
          });
        }
        break;
      case 'flow/start':
        this.#pings = 0;
        for (const message of this.#queue) this.#socket?.send(message);
        this.#queue = [];
        this.#queuedBytes = 0;
        this.#fire(new Event('open'));
        break;
      case 'tell/close': {
        // `close()` waits for the browser's own end; `reconnect()` right after it has begun another life.
        if (this.#leave !== null || driver !== this.#driver) break;
        if (!this.#isOver) this.#socket = link.socket as NativeWebSocket | null;
        const { failure } = effect;
        // The browser knew of it, and has fired what comes before.
        const isTold = failure?.details?.['closeCode'] !== undefined;
        if (failure !== null && !isTold && failure.code !== 'HEARTBEAT_MISSED') this.#fire(new Event('error'));
        this.#fire(closeEvent(isTold ? effect : LOST));
        break;
      }
      default: // The link's alone; of an error the last `close` told.
    }
  }

  /** Waits for the socket's end, as long as what it was given still flows. */
  #awaitEnd(buffered: number): void {
    const socket = this.#socket;
    this.#leave = this.#outside.setTimer(socket === null ? 0 : CLOSE_TIMEOUT_MS, () => {
      const left = socket?.bufferedAmount ?? 0;
      if (left > 0 && left < buffered) {
        this.#awaitEnd(left);
        return;
      }
      this.#stopLeaving();
      if (socket === null) this.#fire(new Event('error'));
      this.#fire(closeEvent(LOST));
    });
  }

  /** Whether `close()` was waiting for the socket's end. */
  #stopLeaving(): boolean {
    const leave = this.#leave;
    this.#leave = null;
    if (leave === null) return false;
    leave();
    if (this.#socket !== null) silence(this.#socket);
    return true;
  }

  #fire(event: Event): void {
    super.dispatchEvent(event);
  }

  static {
    asWebSocket(this, (socket) => (socket as HoldfastWebSocket).#handlers);
  }
}

function isOver(name: StateName): boolean {
  return name === 'suspended' || name === 'closed';
}
