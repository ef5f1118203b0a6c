import type { WebSocketLike } from '@holdfast/core';
import { bytesIn } from '@holdfast/core/protocol';
import { FaultyPipe, type PipeHost } from './faulty-pipe.ts';
import { sizeOf } from './describe-frames.ts';
import type { ConnectionRecord } from './records.ts';
import type { Wire } from './wire.ts';

/** A connection that holds back more than this is cut instead. */
const MOST_HELD_BYTES = 16_000_000;

/** The code of a connection that ended without a close frame. */
const ABNORMAL = 1006;

/** A WebSocket around another that sees what goes by, and makes the faults. */
export class TappedWebSocket implements WebSocketLike {
  onopen: WebSocketLike['onopen'] = null;
  onmessage: WebSocketLike['onmessage'] = null;
  onclose: WebSocketLike['onclose'] = null;
  onerror: WebSocketLike['onerror'] = null;
  /** Null: this connection fails, and never was. */
  readonly #real: WebSocketLike | null;
  readonly #wire: Wire;
  readonly #host: PipeHost;
  readonly #onEnd: (socket: TappedWebSocket) => void;
  readonly #up: FaultyPipe;
  readonly #down: FaultyPipe;
  /** As the page knows it: the news of the real one may be held back. */
  #isOpen = false;
  #isClosing = false;
  /** Given to `send` when it was too late: the standard counts it for ever. */
  #lostBytes = 0;
  #isOver = false;

  constructor(real: WebSocketLike | null, wire: Wire, host: PipeHost, onEnd: (socket: TappedWebSocket) => void) {
    this.#real = real;
    this.#wire = wire;
    this.#host = host;
    this.#onEnd = onEnd;
    this.#up = new FaultyPipe(host);
    this.#down = new FaultyPipe(host);
    if (real === null) {
      host.setTimer(0, () => this.cut());
      return;
    }
    real.onopen = (event: unknown) =>
      this.#down.push(0, () => {
        this.#isOpen = true;
        wire.opened(real.protocol);
        (this.onopen as ((event: unknown) => void) | null)?.(event);
      });
    real.onerror = (event: unknown) =>
      this.#down.push(0, () => (this.onerror as ((event: unknown) => void) | null)?.(event));
    real.onmessage = (event) => {
      this.#down.push(this.#down.isClear ? 0 : sizeOf(event.data), () => {
        wire.message('down', event.data);
        this.onmessage?.(event);
      });
      if (this.#down.heldBytes > MOST_HELD_BYTES) this.cut();
    };
    real.onclose = (event) =>
      this.#down.push(0, () => {
        this.#end('server or network', event.code, event.reason);
        this.onclose?.(event);
      });
  }

  get bufferedAmount(): number {
    return (this.#real?.bufferedAmount ?? 0) + this.#up.heldBytes + this.#lostBytes;
  }

  get protocol(): string {
    return this.#real?.protocol ?? '';
  }

  send(data: Parameters<WebSocketLike['send']>[0]): void {
    if (this.#isOver || this.#isClosing) {
      this.#lostBytes += sizeOf(data);
      return;
    }
    if (!this.#isOpen) throw new DOMException('the WebSocket is still connecting', 'InvalidStateError');
    const bytes = this.#wire.message('up', data);
    const held = this.#up.isClear ? data : copyOf(data);
    this.#up.push(bytes, () => this.#real?.send(held));
    if (this.#up.heldBytes > MOST_HELD_BYTES) this.cut();
  }

  close(code?: number, reason?: string): void {
    mustBeLawful(code, reason);
    if (this.#isOver || this.#isClosing) return;
    this.#isClosing = true;
    if (!this.#isOpen) {
      this.#fail('page');
      return;
    }
    this.#wire.ended('page', code ?? null, reason ?? '');
    // After what was sent before it, as the browser does.
    this.#up.push(0, () => this.#real?.close(code, reason));
  }

  /** A fault began, or is over. */
  faultsChanged(): void {
    this.#up.flush();
    this.#down.flush();
  }

  /** The connection ends without a word of either end. */
  cut(): void {
    if (!this.#isOver) this.#fail('fault');
  }

  #fail(by: 'fault' | 'page'): void {
    const real = this.#real;
    this.#end(by, ABNORMAL, '');
    if (real !== null) {
      real.onopen = real.onmessage = real.onclose = null;
      // In Node an error that nobody listens to ends the process.
      real.onerror = () => {};
      real.close();
    }
    // Not in the turn of whoever pushed the button, or opens it.
    this.#host.setTimer(0, () => {
      (this.onerror as ((event: unknown) => void) | null)?.({ type: 'error' });
      this.onclose?.({ code: ABNORMAL, reason: '', wasClean: false });
    });
  }

  #end(by: NonNullable<ConnectionRecord['endedBy']>, code: number, reason: string): void {
    this.#isOver = true;
    this.#up.clear();
    this.#down.clear();
    this.#wire.ended(by, code, reason);
    this.#onEnd(this);
  }
}

/** What the real one would refuse must be refused at once: it may be asked later. */
function mustBeLawful(code: number | undefined, reason: string | undefined): void {
  if (code !== undefined && code !== 1000 && !(code >= 3000 && code <= 4999)) {
    throw new DOMException('a close code is 1000, or from 3000 to 4999', 'InvalidAccessError');
  }
  if (sizeOf(reason ?? '') > 123) throw new DOMException('a close reason has at most 123 bytes', 'SyntaxError');
}

/** As it is in the moment of `send`: the page may write over it before it goes. */
function copyOf<Data>(data: Data): Data | Uint8Array<ArrayBuffer> {
  const bytes = bytesIn(data);
  return bytes === null ? data : new Uint8Array(bytes);
}
