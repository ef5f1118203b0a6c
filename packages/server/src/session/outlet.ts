import { frameBatch, type BinaryFrame, type Bytes } from '@holdfast/core/protocol';
import type { EngineConnection, EngineEnvironment } from './environment.ts';
import type { Limits } from './limits.ts';

/** The way out of one connection: frames of a turn travel together, a slow reader is noticed, and a close comes to an end. */
export class Outlet {
  readonly #port: EngineConnection;
  readonly #environment: EngineEnvironment;
  readonly #limits: Limits;
  readonly #beforeFlush: () => void;
  readonly #onSlow: (bufferedAmount: number) => void;
  readonly #onDropped: () => void;
  readonly #batch = frameBatch((data) => this.#write(data));
  #isOpen = true;
  /** Of the newest server message among the frames. */
  #offset = 0;
  #isFlushDue = false;
  #cancelDrop: () => void = () => {};

  constructor(options: {
    port: EngineConnection;
    environment: EngineEnvironment;
    limits: Limits;
    /** May push what is only known at the end of the turn. */
    beforeFlush: () => void;
    /** The client leaves too much unread. */
    onSlow: (bufferedAmount: number) => void;
    /** Nobody answered the close: the socket was dropped. */
    onDropped: () => void;
  }) {
    this.#port = options.port;
    this.#environment = options.environment;
    this.#limits = options.limits;
    this.#beforeFlush = options.beforeFlush;
    this.#onSlow = options.onSlow;
    this.#onDropped = options.onDropped;
  }

  /** @param offset Of a server message. */
  push(frame: string | BinaryFrame, offset: number = this.#offset): void {
    if (!this.#isOpen) return;
    this.#batch.push(frame);
    // Not before: a frame that finds no room has what waits written first.
    this.#offset = offset;
    this.requestFlush();
  }

  requestFlush(): void {
    if (this.#isFlushDue || !this.#isOpen) return;
    this.#isFlushDue = true;
    this.#environment.defer(() => this.flush());
  }

  flush(): void {
    this.#isFlushDue = false;
    if (!this.#isOpen) return;
    this.#beforeFlush();
    this.#batch.flush();
  }

  /** Nothing more goes out. Starts the closing handshake, and drops the socket when nobody answers. */
  close(code: number, reason: string): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#cancelDrop = this.#environment.setTimer(this.#limits.closeTimeoutMs, () => this.drop());
    this.#port.close(code, reason);
  }

  /** Drops the socket. */
  drop(): void {
    this.gone();
    this.#port.terminate();
    this.#onDropped();
  }

  /** The socket is gone. */
  gone(): void {
    this.#isOpen = false;
    this.#cancelDrop();
  }

  #write(data: string | Bytes): void {
    if (!this.#isOpen) return;
    this.#port.send(data, this.#offset);
    const { bufferedAmount } = this.#port;
    if (bufferedAmount > this.#limits.bufferedBytes) this.#onSlow(bufferedAmount);
  }
}
