import { type End, LOST } from '../protocol/close-codes.ts';
import type { TestNetwork } from './network.ts';
import { Pipe } from './pipe.ts';
import type { TestPeer, TestServer } from './server.ts';

/** What travels: text, or bytes of its own. */
export type Payload = string | Uint8Array<ArrayBuffer>;

/** How the page hears of the end. */
export interface ConnectionEnd extends End {
  /** It could not be made, or was reset: then there is an `error` event, too. */
  readonly hasFailed: boolean;
}

/** The page's end of a connection. */
export interface ConnectionClient {
  /** Whether the device has a network. */
  readonly isConnected: boolean;
  opened(protocol: string): void;
  received(data: Payload): void;
  /** The connection is over, or never came to be. */
  ended(end: ConnectionEnd): void;
  /** What was given to the browser and had not left it has left. */
  drained(): void;
}

type Packet =
  | { readonly type: 'connect' }
  | { readonly type: 'opened'; readonly protocol: string }
  | { readonly type: 'data'; readonly data: Payload }
  | { readonly type: 'close'; readonly code: number; readonly reason: string }
  /** The end of the TCP connection, without a close frame. */
  | { readonly type: 'end' };

/** How long a browser waits for the answer to its close frame until it tells the page. */
const CLOSE_TIMEOUT_MS = 60_000;

/** One WebSocket connection: the page's end, the server's, and two pipes between them. */
export class TestConnection {
  readonly url: string;
  /** The subprotocols that the page offered. */
  readonly protocols: readonly string[];
  readonly #network: TestNetwork;
  readonly #client: ConnectionClient;
  readonly #up: Pipe<Packet>;
  readonly #down: Pipe<Packet>;
  #peer: TestPeer | null = null;
  #isStranded = false;
  #stopWaiting: () => void = () => {};
  #clientState: 'connecting' | 'open' | 'closing' | 'closed' = 'connecting';
  #serverState: 'none' | 'open' | 'closing' | 'closed' = 'none';

  constructor(network: TestNetwork, client: ConnectionClient, url: string, protocols: readonly string[]) {
    this.#network = network;
    this.#client = client;
    this.url = url;
    this.protocols = protocols;
    const delay = (): number => network.delay();
    this.#up = new Pipe(network.clock, delay, (packet) => this.#arriveUp(packet));
    this.#down = new Pipe(network.clock, delay, (packet) => this.#arriveDown(packet));
  }

  /** The server's end; null until the server has taken the connection. */
  get peer(): TestPeer | null {
    return this.#peer;
  }

  /** Whether at least one end takes it for alive. */
  get isLive(): boolean {
    return this.#clientState !== 'closed' || this.#serverState === 'open' || this.#serverState === 'closing';
  }

  /** Resets this connection alone: see `TestNetwork.cut`. */
  cut(): void {
    this.#up.end();
    this.#down.end();
    this.#endClient(LOST, true);
    this.#endServer(1006, '');
  }

  /** From here on nothing flows, whatever is mended: the way that it took is gone. Nobody is told. */
  strand(): void {
    this.#isStranded = true;
    this.refresh();
  }

  // For the other parts of the world.

  /** Whether the page takes it for alive. */
  get isClientOpen(): boolean {
    return this.#clientState !== 'closed';
  }

  start(): void {
    if (this.#client.isConnected) {
      this.refresh();
      this.#up.push({ type: 'connect' });
    } else {
      this.#endClient(LOST, true);
    }
  }

  /** Holes were made or mended. */
  refresh(): void {
    const isConnecting = this.#clientState === 'connecting';
    const block = (pipe: Pipe<Packet>, direction: 'up' | 'down'): void => {
      if (this.#isStranded || !this.#client.isConnected || this.#network.hasHole(direction, isConnecting)) pipe.block();
      else pipe.heal();
    };
    block(this.#up, 'up');
    block(this.#down, 'down');
    if (!this.#up.isBlocked) this.#drainSoon();
  }

  sendUp(data: Payload): void {
    this.#up.push({ type: 'data', data });
    this.#drainSoon();
  }

  closeByClient(code: number, reason: string): void {
    if (this.#clientState === 'connecting') {
      this.#up.push({ type: 'end' });
      this.#endClient(LOST, true);
      return;
    }
    this.#clientState = 'closing';
    this.#up.push({ type: 'close', code, reason });
    this.#stopWaiting = this.#network.clock.after(CLOSE_TIMEOUT_MS, () => this.#endClient(LOST, false));
  }

  /** The page is gone and hears nothing any more; the server is told what a browser tells it. */
  abandon(way: 'going away' | 'reset'): void {
    if (this.#clientState === 'closed') return;
    if (way === 'going away' && this.#clientState === 'open') this.#up.push({ type: 'close', code: 1001, reason: '' });
    this.#up.push({ type: 'end' });
    this.#clientState = 'closed';
    this.#stopWaiting();
    this.#down.end();
  }

  sendDown(data: Payload): void {
    if (this.#serverState === 'open') this.#down.push({ type: 'data', data });
  }

  closeByServer(code: number, reason: string): void {
    if (this.#serverState !== 'open') return;
    this.#serverState = 'closing';
    this.#down.push({ type: 'close', code, reason });
  }

  /** Without a close frame. */
  terminateByServer(): void {
    if (this.#serverState === 'closed') return;
    this.#down.push({ type: 'end' });
    this.#endServer(1006, '');
  }

  #arriveUp(packet: Packet): void {
    if (packet.type === 'connect') {
      this.#accept(this.#network.serverAt(this.url));
    } else if (this.#serverState === 'open' || this.#serverState === 'closing') {
      if (packet.type === 'data') this.#peer?.received(packet.data);
      if (packet.type === 'close') {
        if (this.#serverState === 'open') this.#down.push(packet);
        this.#endServer(packet.code, packet.reason);
      }
      if (packet.type === 'end') this.#endServer(1006, '');
    }
  }

  #accept(server: TestServer | null): void {
    const peer = server?.accept(this) ?? null;
    if (peer === null) {
      this.#down.push({ type: 'end' });
      return;
    }
    this.#peer = peer;
    this.#serverState = 'open';
    this.#down.push({ type: 'opened', protocol: peer.protocol });
    peer.opened();
  }

  #arriveDown(packet: Packet): void {
    if (packet.type === 'opened') {
      this.#opened(packet.protocol);
    } else if (packet.type === 'data') {
      this.#client.received(packet.data);
    } else if (packet.type === 'close') {
      if (this.#clientState === 'open') this.#up.push(packet);
      this.#endClient({ code: packet.code, reason: packet.reason, wasClean: true }, false);
    } else {
      this.#endClient(LOST, this.#clientState === 'connecting');
    }
  }

  #opened(protocol: string): void {
    if (this.#clientState !== 'connecting') return;
    // A browser takes no connection whose server has not chosen from what the page offered.
    if (protocol === '' ? this.protocols.length > 0 : !this.protocols.includes(protocol)) {
      this.#up.push({ type: 'end' });
      this.#endClient(LOST, true);
      return;
    }
    this.#clientState = 'open';
    this.refresh();
    this.#client.opened(protocol);
  }

  #endClient(end: End, hasFailed: boolean): void {
    if (this.#clientState === 'closed') return;
    this.#clientState = 'closed';
    this.#stopWaiting();
    this.#down.end();
    this.#network.clock.after(0, () => this.#client.ended({ ...end, hasFailed }));
  }

  #endServer(code: number, reason: string): void {
    if (this.#serverState === 'none' || this.#serverState === 'closed') return;
    this.#serverState = 'closed';
    this.#up.end();
    this.#network.clock.after(0, () => this.#peer?.ended(code, reason));
  }

  #drainSoon(): void {
    this.#network.clock.after(0, () => {
      if (!this.#up.isBlocked) this.#client.drained();
    });
  }
}
