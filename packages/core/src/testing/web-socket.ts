import { scalars, utf8Length } from '../lib/utf8.ts';
import { checkedClose, checkedProtocols, needsOne, webSocketUrl } from '../websocket/arguments.ts';
import { closeEvent } from '../websocket/events.ts';
import { CLOSED, CLOSING, CONNECTING, OPEN } from '../websocket/base.ts';
import { asWebSocket, type EventHandlers } from '../websocket/web-idl.ts';
import type { ConnectionClient, ConnectionEnd, Payload, TestConnection } from './connection.ts';
import type { TestNetwork } from './network.ts';
import { payloadOf } from './server.ts';

/** What a socket needs of its page. */
export interface SocketHome {
  readonly network: TestNetwork;
  readonly isConnected: boolean;
  /** Runs `run` in the page: now, when it runs again, or never. */
  post(run: () => void): void;
  opened(connection: TestConnection): void;
}

/** The class WebSocket of one page: to script it is the browser's own, but its network and its servers are the world's. */
export function webSocketClass(home: SocketHome): typeof WebSocket {
  class TestWebSocket extends EventTarget {
    static {
      asWebSocket(this, (socket) => (socket as TestWebSocket).#handlers);
      Object.defineProperty(this, 'name', { value: 'WebSocket' });
    }

    readonly #handlers: EventHandlers = {};
    readonly #url: URL;
    readonly #connection: TestConnection;
    #state: number = CONNECTING;
    readonly #extensions = '';
    #protocol = '';
    #binaryType: BinaryType = 'blob';
    /** Bytes that have not left the browser. */
    #waiting = 0;
    /** Bytes that never will. */
    #lost = 0;
    /** Blobs are read in their order, and what follows waits for them; null: there are none. */
    #reading: Promise<void> | null = null;

    constructor(url: string | URL, ...[protocols = []]: [protocols?: string | string[]]) {
      super();
      needsOne(arguments.length);
      this.#url = webSocketUrl(url);
      const offered = checkedProtocols(protocols);
      const client: ConnectionClient = {
        get isConnected() {
          return home.isConnected;
        },
        opened: (protocol) => home.post(() => this.#opened(protocol)),
        received: (data) => home.post(() => this.#received(data)),
        ended: (end) => home.post(() => this.#ended(end)),
        drained: () => {
          if (this.#state !== CLOSED && this.#reading === null) this.#waiting = 0;
        },
      };
      this.#connection = home.network.connect(client, this.#url.href, offered);
      home.opened(this.#connection);
    }

    get url(): string {
      return this.#url.href;
    }

    get readyState(): number {
      return this.#state;
    }

    get bufferedAmount(): number {
      return this.#waiting + this.#lost;
    }

    get extensions(): string {
      return this.#extensions;
    }

    get protocol(): string {
      return this.#protocol;
    }

    get binaryType(): BinaryType {
      return this.#binaryType;
    }

    set binaryType(type: BinaryType) {
      const given = `${type as string}`;
      // Reads before it writes: on anything that is no WebSocket this throws.
      this.#binaryType = given === 'blob' || given === 'arraybuffer' ? given : this.#binaryType;
    }

    send(data: string | ArrayBufferLike | Blob | ArrayBufferView): void {
      needsOne(arguments.length);
      if (this.#state === CONNECTING) {
        throw new DOMException('send() on a WebSocket that is still connecting', 'InvalidStateError');
      }
      if (ArrayBuffer.isView(data) && !(data.buffer instanceof ArrayBuffer)) {
        throw new TypeError('a view of shared memory can not be sent');
      }
      const isBinary = data instanceof Blob || data instanceof ArrayBuffer || ArrayBuffer.isView(data);
      const message = data instanceof Blob ? data : payloadOf(isBinary ? data : scalars(`${data as string}`));
      if (this.#state !== OPEN) {
        this.#lost += sizeOf(message);
        return;
      }
      this.#waiting += sizeOf(message);
      if (message instanceof Blob || this.#reading !== null) this.#queue(message);
      else this.#connection.sendUp(message);
    }

    close(...given: [code?: number, reason?: string]): void {
      const { code, reason } = checkedClose(...given);
      if (this.#state >= CLOSING) return;
      this.#state = CLOSING;
      const close = (): void => this.#connection.closeByClient(code ?? 1005, reason);
      if (this.#reading === null) close();
      else void this.#reading.then(close);
    }

    #queue(message: Payload | Blob): void {
      const before = this.#reading ?? Promise.resolve();
      const mine = before.then(async () => {
        const payload = message instanceof Blob ? payloadOf(await message.arrayBuffer()) : message;
        if (this.#reading === mine) this.#reading = null;
        this.#connection.sendUp(payload);
      });
      this.#reading = mine;
    }

    #opened(protocol: string): void {
      if (this.#state !== CONNECTING) return;
      this.#state = OPEN;
      this.#protocol = protocol;
      this.dispatchEvent(new Event('open'));
    }

    #received(payload: Payload): void {
      if (this.#state !== OPEN) return;
      const data =
        typeof payload === 'string' ? payload : this.#binaryType === 'blob' ? new Blob([payload]) : payload.buffer;
      this.dispatchEvent(new MessageEvent('message', { data, origin: this.#url.origin }));
    }

    #ended(end: ConnectionEnd): void {
      if (this.#state === CLOSED) return;
      this.#state = CLOSED;
      if (!end.hasFailed) {
        this.dispatchEvent(closeEvent(end));
        return;
      }
      this.dispatchEvent(new Event('error'));
      // As in a browser, behind the promises of the listeners of `error`.
      queueMicrotask(() => this.dispatchEvent(closeEvent(end)));
    }
  }

  return TestWebSocket as unknown as typeof WebSocket;
}

function sizeOf(message: Payload | Blob): number {
  if (message instanceof Blob) return message.size;
  return typeof message === 'string' ? utf8Length(message) : message.byteLength;
}
