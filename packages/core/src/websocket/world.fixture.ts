import type { ConnectionEnvironment, WebSocketLike } from '../environment/ports.ts';
import { FakeEnvironment } from '../testing-fakes/fake-environment.fixture.ts';
import { HoldfastWebSocket } from './holdfast-websocket.ts';
import type { HoldfastWebSocketOptions, ProtocolsSource, UrlSource } from './options.ts';

/** The browser's own WebSocket, whose network and server are the test. */
export class FakeNative extends EventTarget {
  readonly url: string;
  readonly protocols: readonly string[];
  protocol = '';
  extensions = '';
  binaryType: BinaryType = 'blob';
  bufferedAmount = 0;
  readonly CLOSED = 3;
  readyState = 0;
  onopen: ((event: Event) => void) | null = null;
  onmessage: ((event: MessageEvent) => void) | null = null;
  onclose: ((event: { code: number; reason: string; wasClean: boolean }) => void) | null = null;
  onerror: ((event: Event) => void) | null = null;
  readonly sent: unknown[] = [];
  readonly closes: unknown[][] = [];

  constructor(url: string, protocols: readonly string[]) {
    super();
    this.url = url;
    this.protocols = protocols;
    this.addEventListener('close', (event) => this.onclose?.(event as CloseEvent));
  }

  send(data: unknown): void {
    this.sent.push(data);
  }

  close(...given: unknown[]): void {
    if (this.readyState < 2) {
      this.closes.push(given);
      this.readyState = 2;
    }
  }

  // What the test does as network and server.

  open(): this {
    this.readyState = 1;
    this.onopen?.(new Event('open'));
    return this;
  }

  receive(data: unknown): void {
    this.onmessage?.(new MessageEvent('message', { data, origin: 'wss://server' }));
  }

  closeBy(code = 1006, reason = ''): void {
    const isUnopened = this.readyState === 0;
    this.readyState = 3;
    if (isUnopened) this.dispatchEvent(new Event('error'));
    this.onclose?.({ code, reason, wasClean: code !== 1006 });
  }
}

/** A drop-in in a fake world. */
export class World {
  readonly environment = new FakeEnvironment();
  readonly natives: FakeNative[] = [];
  readonly socket: HoldfastWebSocket;
  /** Every event in order, with the `readyState` that its listener saw: `close 1006 0`. */
  readonly told: string[] = [];

  constructor(options: HoldfastWebSocketOptions = {}, url: UrlSource = 'wss://server/', protocols?: ProtocolsSource) {
    const { now, random, setTimer, observe, isOnline } = this.environment;
    const openWebSocket = (address: string, offered: readonly string[]): WebSocketLike => {
      const { refusal } = this.environment;
      this.environment.refusal = null;
      if (refusal !== null) throw refusal;
      const native = new FakeNative(address, offered);
      this.natives.push(native);
      return native as unknown as WebSocketLike;
    };
    const environment: ConnectionEnvironment = { now, random, setTimer, observe, isOnline, openWebSocket };
    this.socket = new HoldfastWebSocket(url, protocols, { ...options, environment });
    for (const type of ['open', 'error', 'close', 'message'] as const) {
      this.socket.addEventListener(type, (event) => {
        const { code, data } = event as unknown as { code?: number; data?: string };
        const detail = code ?? data;
        this.told.push(`${type}${detail === undefined ? '' : ` ${detail}`} ${this.socket.readyState}`);
      });
    }
  }

  /** The newest socket of the browser. */
  get native(): FakeNative {
    const native = this.natives.at(-1);
    if (native === undefined) throw new Error('no socket was opened');
    return native;
  }

  /** What was told since the last call. */
  news(): string[] {
    return this.told.splice(0);
  }

  /** Lets time pass. */
  async pass(ms: number): Promise<this> {
    await this.environment.advance(ms);
    return this;
  }
}
