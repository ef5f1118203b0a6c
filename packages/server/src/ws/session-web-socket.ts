import { closeControl, Deque, isCloseCode, type Control } from '@holdfast/core/protocol';
import { EventEmitter } from 'node:events';
import type { Session } from '../session/app.ts';
import { aloud } from './aloud.ts';
import { Listeners } from './listeners.ts';
import type {
  Data,
  RawData,
  SendCallback,
  SendOptions,
  WebSocket,
  WebSocketEvent,
  WebSocketEvents,
  WebSocketListener,
} from './types.ts';

const CONNECTING = 0;
const OPEN = 1;
const CLOSING = 2;
const CLOSED = 3;
/** What is told where a close frame had no code, and where there was none. */
const NO_STATUS = 1005;
const ABNORMAL = 1006;
/** As in a close frame. */
const REASON_BYTES = 123;

type PingArguments = Parameters<WebSocket['ping']>;

/** What its session tells a connection. */
export interface SessionEars {
  /** A message of the client's library: text, or bytes of their own. */
  message(data: string | Uint8Array): void;
  /** The client's library closes, or has answered our close. */
  close(control: Control & { readonly kind: 'close' }): void;
  /** All server messages up to `offset` have left this process. */
  written(offset: number): void;
  /** The session is over. */
  ended(): void;
}

export interface SessionWebSocketOptions {
  readonly session: Session;
  readonly protocol: string;
  /** How long a close may stay unanswered. */
  readonly closeTimeoutMs: number;
  readonly maxBufferedBytes: number;
  /** Runs `run` once after `ms`; the function returned cancels it. */
  readonly setTimer: (ms: number, run: () => void) => () => void;
}

interface Unwritten {
  readonly offset: number;
  readonly size: number;
  readonly callback: SendCallback | undefined;
}

interface Held {
  readonly bytes: number;
  readonly run: () => void;
}

/** One session as a connection of the `ws` package: sockets come and go under it, and it tells nobody. */
export class SessionWebSocket extends EventEmitter<WebSocketEvents> implements WebSocket {
  declare readonly CONNECTING: 0;
  declare readonly OPEN: 1;
  declare readonly CLOSING: 2;
  declare readonly CLOSED: 3;
  readonly extensions: string = '';
  readonly url: string = '';
  readonly protocol: string;
  binaryType: WebSocket['binaryType'] = 'nodebuffer';
  readonly #session: Session;
  readonly #options: SessionWebSocketOptions;
  readonly #listeners: Listeners = new Listeners(this);
  #readyState: WebSocket['readyState'] = OPEN;
  /** What has not left this process yet. */
  readonly #unwritten = new Deque<Unwritten>();
  #waiting = 0;
  /** Bytes of what was given to a connection that is not open. */
  #lost = 0;
  /** What came while it is paused. */
  #held: Held[] | null = null;
  #heldBytes = 0;
  #stopWaiting: () => void = () => {};

  /** @param listen Gets the ears of the connection, which are nobody else's business. */
  constructor(options: SessionWebSocketOptions, listen: (ears: SessionEars) => void) {
    super();
    this.#options = options;
    this.#session = options.session;
    this.protocol = options.protocol;
    listen({
      message: (data) => {
        const isBinary = typeof data !== 'string';
        const buffer = isBinary ? Buffer.from(data.buffer, data.byteOffset, data.byteLength) : Buffer.from(data);
        this.#hear(buffer.length, () => this.#tell(buffer, isBinary));
      },
      close: (control) => this.#hear(0, () => this.#closed(control)),
      written: (offset) => this.#written(offset),
      ended: () => {
        // As with `ws`, what came before the end is told before it, paused or not.
        while (this.isPaused) this.resume();
        this.#end(ABNORMAL, '');
      },
    });
  }

  get readyState(): WebSocket['readyState'] {
    return this.#readyState;
  }

  /** Bytes that have been accepted and have not left this process: it falls only when they do. */
  get bufferedAmount(): number {
    return this.#waiting + this.#lost;
  }

  get isPaused(): boolean {
    return this.#held !== null;
  }

  send(data: Data, options?: SendOptions | SendCallback, callback?: SendCallback): void {
    const given = typeof options === 'function' ? {} : (options ?? {});
    const done = typeof options === 'function' ? options : callback;
    const isBinary = given.binary ?? (typeof data !== 'string' && typeof data !== 'number');
    if (given.fin === false) throw new TypeError('a message in parts (fin: false) cannot be sent on a session');
    // As UTF-8, in which no lone surrogate travels.
    const bytes = typeof data === 'string' || typeof data === 'number' ? Buffer.from(`${data}`) : bytesOf(data);
    this.#send(isBinary ? bytes : bytes.toString(), bytes.length, done);
  }

  /** The answer comes from the session, as long as it lives: between two sockets, too. */
  ping(...given: PingArguments): void {
    const [body, done] = bodyOf(given);
    if (this.#refuses(body.length, done)) return;
    setImmediate(() => {
      done?.();
      if (this.#readyState !== CLOSED) this.emit('pong', body);
    });
  }

  /** Does nothing: nobody asks. */
  pong(...given: PingArguments): void {
    const [body, done] = bodyOf(given);
    if (!this.#refuses(body.length, done) && done !== undefined) setImmediate(done);
  }

  /**
   * Ends the session behind all that was sent; `close` comes with the client's answer, or with 1006 when the client does
   * not come back.
   * @throws TypeError for a code that is not allowed, RangeError for a reason above 123 bytes
   */
  close(code?: number, reason?: string | Buffer): void {
    if (code !== undefined && !(typeof code === 'number' && isCloseCode(code))) {
      throw new TypeError('First argument must be a valid error code number');
    }
    const words = Buffer.from(reason ?? '');
    if (words.length > REASON_BYTES) throw new RangeError('The message must not be greater than 123 bytes');
    if (this.#readyState >= CLOSING) return;
    this.#readyState = CLOSING;
    this.#session.send(closeControl(code ?? null, code === undefined ? '' : words.toString()));
    this.#awaitAnswer();
  }

  /** Ends the session at once: both ends hear 1006. */
  terminate(): void {
    if (this.#readyState === CLOSED) return;
    this.#readyState = CLOSING;
    this.#session.close();
  }

  /** Nothing is told until `resume()`; what comes meanwhile is kept within `maxBufferedBytes`. */
  pause(): void {
    if (this.#readyState !== CLOSED) this.#held ??= [];
  }

  resume(): void {
    const held = this.#held;
    if (held === null) return;
    this.#held = null;
    for (let next = held.shift(); next !== undefined; next = held.shift()) {
      this.#heldBytes -= next.bytes;
      next.run();
      // A listener has paused it again: what is left goes before what comes.
      if (this.isPaused) {
        this.#held = held;
        return;
      }
    }
  }

  addEventListener(
    type: string,
    listener: WebSocketListener,
    options: { readonly once?: boolean | undefined } = {},
  ): void {
    this.#listeners.add(type, listener, options.once === true);
  }

  removeEventListener(type: string, listener: WebSocketListener): void {
    this.#listeners.remove(type, listener);
  }

  get onopen(): ((event: WebSocketEvent) => void) | null {
    return this.#listeners.get('open');
  }

  set onopen(listener: ((event: WebSocketEvent) => void) | null) {
    this.#listeners.set('open', listener);
  }

  get onmessage(): ((event: WebSocketEvent) => void) | null {
    return this.#listeners.get('message');
  }

  set onmessage(listener: ((event: WebSocketEvent) => void) | null) {
    this.#listeners.set('message', listener);
  }

  get onclose(): ((event: WebSocketEvent) => void) | null {
    return this.#listeners.get('close');
  }

  set onclose(listener: ((event: WebSocketEvent) => void) | null) {
    this.#listeners.set('close', listener);
  }

  get onerror(): ((event: WebSocketEvent) => void) | null {
    return this.#listeners.get('error');
  }

  set onerror(listener: ((event: WebSocketEvent) => void) | null) {
    this.#listeners.set('error', listener);
  }

  #send(payload: string | Buffer, size: number, callback: SendCallback | undefined): void {
    if (this.#refuses(size, callback)) return;
    const { maxBufferedBytes } = this.#options;
    if (this.#session.keptBytes + size > maxBufferedBytes) {
      this.#lost += size;
      if (callback !== undefined) process.nextTick(callback, new Error('the client is too far behind'));
      this.terminate();
      return;
    }
    const offset = this.#session.send(payload);
    this.#waiting += size;
    this.#unwritten.push({ offset, size, callback });
  }

  /** Whether the connection takes nothing any more: as with `ws`, what is given to it counts for ever. */
  #refuses(size: number, callback: SendCallback | undefined): boolean {
    if (this.#readyState === OPEN) return false;
    this.#lost += size;
    const state = this.#readyState === CLOSING ? '2 (CLOSING)' : '3 (CLOSED)';
    if (callback !== undefined) {
      process.nextTick(callback, new Error(`WebSocket is not open: readyState ${state}`));
    }
    return true;
  }

  #written(offset: number): void {
    for (
      let first = this.#unwritten.at(0);
      first !== undefined && first.offset <= offset;
      first = this.#unwritten.at(0)
    ) {
      this.#unwritten.shift();
      this.#waiting -= first.size;
      tell(first);
    }
  }

  /** Runs what has come, now or when it is not paused any more. */
  #hear(bytes: number, run: () => void): void {
    if (this.#held === null) {
      run();
      return;
    }
    this.#heldBytes += bytes;
    if (this.#heldBytes > this.#options.maxBufferedBytes) this.terminate();
    else this.#held.push({ bytes, run });
  }

  #closed({ code, reason }: Control & { readonly kind: 'close' }): void {
    if (this.#readyState === CLOSED) return;
    if (this.#readyState === OPEN) {
      this.#readyState = CLOSING;
      this.#session.send(closeControl(code, reason));
    }
    this.#end(code ?? NO_STATUS, reason);
    // The client fetches our answer and ends the session. It has as long for that as for coming back.
    this.#awaitAnswer();
  }

  #awaitAnswer(kept: number = this.#session.keptBytes): void {
    this.#stopWaiting = this.#options.setTimer(this.#options.closeTimeoutMs, () => {
      const left = this.#session.keptBytes;
      // It is still reading what was sent before.
      if (left < kept) this.#awaitAnswer(left);
      else this.#session.close();
    });
  }

  #end(code: number, reason: string): void {
    this.#stopWaiting();
    if (this.#readyState === CLOSED) return;
    this.#readyState = CLOSED;
    const unsent = new Error('the session ended before this was sent');
    for (let first = this.#unwritten.shift(); first !== undefined; first = this.#unwritten.shift()) {
      tell(first, unsent);
    }
    // As with `ws`, never inside of a call of the app.
    process.nextTick(() => this.emit('close', code, Buffer.from(reason)));
  }

  #tell(data: Buffer, isBinary: boolean): void {
    aloud(() => this.emit('message', isBinary ? as(this.binaryType, data) : data, isBinary));
  }

  static {
    Object.assign(this.prototype, { CONNECTING, OPEN, CLOSING, CLOSED });
  }
}

function tell({ callback }: Unwritten, fault?: Error): void {
  if (callback !== undefined) aloud(() => callback(fault));
}

function as(binaryType: WebSocket['binaryType'], data: Buffer): RawData {
  if (binaryType === 'fragments') return [data];
  return binaryType === 'nodebuffer' ? data : new Uint8Array(data).buffer;
}

function bytesOf(data: Exclude<Data, string | number>): Buffer {
  if (Array.isArray(data)) return Buffer.concat(data as readonly Uint8Array[]);
  if (data instanceof ArrayBuffer) return Buffer.from(data);
  const { buffer, byteOffset, byteLength } = data as ArrayBufferView;
  return Buffer.from(buffer, byteOffset, byteLength);
}

/** What `ping` and `pong` are about; every argument may be left out. */
function bodyOf(given: PingArguments): readonly [Buffer, SendCallback | undefined] {
  const [data] = given;
  const done = given.find((one) => typeof one === 'function');
  if (data === undefined || typeof data === 'function') return [Buffer.alloc(0), done];
  return [typeof data === 'object' ? bytesOf(data) : Buffer.from(`${data}`), done];
}
