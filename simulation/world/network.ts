import type { WebSocketLike } from '../../packages/core/src/environment/ports.ts';
import { Pipe } from '../../packages/core/src/testing/pipe.ts';
import type { Chance } from './prng.ts';
import type { Clock } from './clock.ts';
import type { Data } from './payloads.ts';

/** How a connect goes. `burst`: the server accepts and closes in one turn, so the page sees open and close at once. */
export type ConnectWeather = 'good' | 'refuse' | 'hang' | 'slow' | 'burst';

/** What a link needs of the page that opened it. */
export interface LinkOwner {
  readonly name: string;
  /** Runs `run` in the page: at once, later if it is frozen, or never if it is dead. */
  post(run: () => void, link: number): void;
}

/** The server's end of a link, as a server process sees it. */
export interface ServerEnd {
  readonly link: Link;
  send(data: Data): void;
  close(code: number, reason: string): void;
  /** Ends it at once, without a close frame. */
  terminate(): void;
}

/** What a server process does with its end. */
export interface ServerSide {
  message(data: Data): void;
  closed(code: number, reason: string): void;
}

/** Who listens at the address. Null: nobody, the connect is refused. */
export interface Listener {
  readonly isFrozen: boolean;
  accept(end: ServerEnd): ServerSide;
  /** Runs `run` in the server process: at once, later if its event loop stands still, or never if it is dead. */
  post(run: () => void): void;
}

/** What the world wants to know of every link; the tap reads the wire. */
export interface LinkWatcher {
  opened(link: Link): void;
  up(link: Link, data: Data): void;
  /** Whether something on the way ends the connection rather than let this pass. */
  kills(data: Data): boolean;
  down(link: Link, data: Data): void;
  /** The page ended its end, or dropped it. */
  clientClosed(link: Link, code: number, reason: string): void;
  /** The server ended it: `code` null without a close frame. */
  serverClosed(link: Link, code: number | null, reason: string): void;
}

type Packet =
  /** The server's answer to the handshake. */
  | { readonly type: 'opened'; readonly isBurst: boolean }
  | { readonly type: 'data'; readonly data: Data }
  | { readonly type: 'close'; readonly code: number; readonly reason: string }
  /** The end of the TCP connection: FIN or RST. */
  | { readonly type: 'end' };

/** Above this latency an answer may come too late for the shortest deadline, 1,000 ms. */
/** The longest that a slow network takes one way, about. */
const SLOWEST_MS = 2_000;
const SLOW_MS = 125;
/** Chromium waits so long for the answer to its close frame before it tells the page. */
const BROWSER_CLOSE_TIMEOUT_MS = 60_000;
/** The `ws` package waits so long. */
const SERVER_CLOSE_TIMEOUT_MS = 30_000;

/** All links of the world, and the weather in which new ones are made. */
export class Network {
  readonly clock: Clock;
  readonly chance: Chance;
  readonly watcher: LinkWatcher;
  /** Every link ever, by the world's own number. */
  readonly links: Link[] = [];
  listener: Listener | null = null;
  weather: ConnectWeather = 'good';
  /** Addresses that can't be reached, whatever the weather, and how that looks. */
  readonly lostAddresses = new Map<string, 'refuse' | 'hang'>();
  /** One way, and how far it varies. */
  #latencyMs = 20;
  jitterMs = 30;
  #slowUntil = -Infinity;

  constructor(clock: Clock, chance: Chance, watcher: LinkWatcher) {
    this.clock = clock;
    this.chance = chance;
    this.watcher = watcher;
  }

  get latencyMs(): number {
    return this.#latencyMs;
  }

  set latencyMs(ms: number) {
    this.#slowUntil = this.#latencyMs > SLOW_MS ? this.clock.now : this.#slowUntil;
    this.#latencyMs = ms;
  }

  /** Whether a round trip may have taken longer than the shortest deadline. */
  wasSlowSince(at: number): boolean {
    // What was sent while it was slow holds up what follows it.
    return this.#latencyMs > SLOW_MS || this.#slowUntil >= at - SLOWEST_MS;
  }

  open(owner: LinkOwner, isUnreachable: boolean, protocols: readonly string[], address: string): Link {
    const link = new Link(this, this.links.length + 1, owner, isUnreachable, protocols, address);
    this.links.push(link);
    return link;
  }

  delay(): number {
    return this.latencyMs + this.chance.next() * this.jitterMs;
  }

  /** Links over which something can still flow. */
  get live(): readonly Link[] {
    return this.links.filter((link) => link.isLive);
  }
}

/** One WebSocket: the browser's object for the page, the server's end, and two pipes between them. */
export class Link {
  readonly id: number;
  readonly owner: LinkOwner;
  /** The subprotocols that the page offers. */
  readonly protocols: readonly string[];
  /** The URL that it was opened with. */
  readonly address: string;
  readonly socket: ClientSocket;
  readonly openedAt: number;
  readonly #network: Network;
  readonly #up: Pipe<Packet>;
  readonly #down: Pipe<Packet>;
  #server: ServerSide | null = null;
  #listener: Listener | null = null;
  #serverState: 'none' | 'open' | 'closing' | 'closed' = 'none';
  #stopWaiting: () => void = () => {};
  /** When a fault last kept anything from flowing; null: never. */
  troubledAt: number | null = null;

  constructor(
    network: Network,
    id: number,
    owner: LinkOwner,
    isUnreachable: boolean,
    protocols: readonly string[],
    address: string,
  ) {
    this.protocols = protocols;
    this.address = address;
    this.#network = network;
    this.id = id;
    this.owner = owner;
    this.openedAt = network.clock.now;
    this.#up = new Pipe(
      network.clock,
      () => network.delay(),
      (packet) => this.#arriveUp(packet),
    );
    this.#down = new Pipe(
      network.clock,
      () => network.delay(),
      (packet) => this.#arriveDown(packet),
    );
    this.socket = new ClientSocket(this);
    this.#connect(isUnreachable ? 'refuse' : (network.lostAddresses.get(address) ?? network.weather));
  }

  /** Whether both ends still hold it, or one does and doesn't know better. */
  get isLive(): boolean {
    return this.socket.state === 'open' || this.#serverState === 'open' || this.#serverState === 'closing';
  }

  get isServerOpen(): boolean {
    return this.#serverState === 'open';
  }

  get isBlocked(): boolean {
    return this.#up.isBlocked || this.#down.isBlocked;
  }

  get bufferedUp(): number {
    return this.#up.length;
  }

  /** Bytes that the server's system still holds: none, unless nothing flows. */
  get bufferedDown(): number {
    return this.#down.isBlocked ? this.#down.length * 64 : 0;
  }

  #connect(weather: ConnectWeather): void {
    const { clock, chance, listener } = this.#network;
    if (weather === 'hang') return;
    if (weather === 'refuse' || listener === null) {
      clock.after(this.#network.delay() * 2, () => this.socket.fail());
      return;
    }
    const arrivesMs = weather === 'slow' ? chance.between(3_000, 15_000) : this.#network.delay();
    clock.after(arrivesMs, () => {
      const there = this.#network.listener;
      if (there === null) {
        clock.after(this.#network.delay(), () => this.socket.fail());
        return;
      }
      // The system accepts the TCP connection; the upgrade waits for the event loop.
      this.#listener = there;
      there.post(() => this.#accept(there, weather === 'burst'));
    });
  }

  #accept(listener: Listener, isBurst: boolean): void {
    this.#serverState = 'open';
    this.#down.push({ type: 'opened', isBurst });
    this.#server = listener.accept({
      link: this,
      send: (data) => this.#sendDown(data),
      close: (code, reason) => this.#closeByServer(code, reason),
      terminate: () => this.#terminateByServer(),
    });
    if (isBurst) this.#endServer(1006, '', this.#network.delay());
  }

  // The client's end.

  sendUp(data: Data): void {
    const { watcher, clock } = this.#network;
    watcher.up(this, data);
    if (watcher.kills(data)) {
      // Nor does what is written behind it before the end is told, whatever heals.
      this.#up.end();
      clock.after(this.#network.delay(), () => this.cut());
    } else this.#up.push({ type: 'data', data });
  }

  closeByClient(code: number, reason: string): void {
    this.#network.watcher.clientClosed(this, code, reason);
    this.#up.push({ type: 'close', code, reason });
    this.#network.clock.after(BROWSER_CLOSE_TIMEOUT_MS, () => {
      if (this.socket.state === 'closing') this.#loseClient(0);
    });
  }

  abortConnect(): void {
    this.#network.watcher.clientClosed(this, 1006, '');
    this.#network.clock.after(0, () => this.socket.fail());
    this.#up.push({ type: 'end' });
  }

  /** The page is gone: its system ends the connection, or, with the power cut, nobody tells the server. */
  abandon(way: 'silent' | 'reset' | 'going-away'): void {
    this.socket.forget();
    if (way === 'silent') {
      this.#up.end();
      this.#down.end();
      return;
    }
    if (way === 'going-away') this.#up.push({ type: 'close', code: 1001, reason: '' });
    this.#up.push({ type: 'end' });
  }

  // The server's end.

  #sendDown(data: Data): void {
    if (this.#serverState !== 'open') return;
    this.#down.push({ type: 'data', data });
  }

  #closeByServer(code: number, reason: string): void {
    if (this.#serverState !== 'open') return;
    this.#serverState = 'closing';
    this.#network.watcher.serverClosed(this, code, reason);
    this.#down.push({ type: 'close', code, reason });
    this.#stopWaiting = this.#network.clock.after(SERVER_CLOSE_TIMEOUT_MS, () => {
      this.#down.push({ type: 'end' });
      this.#endServer(1006, '', 0);
    });
  }

  #terminateByServer(): void {
    if (this.#serverState === 'closed' || this.#serverState === 'none') return;
    this.#network.watcher.serverClosed(this, null, '');
    this.#down.push({ type: 'end' });
    this.#endServer(1006, '', 0);
  }

  /** The process died: the system closes its sockets. */
  serverDied(): void {
    if (this.#serverState === 'closed') return;
    this.#serverState = 'closed';
    this.#stopWaiting();
    this.#up.end();
    this.#down.push({ type: 'end' });
    if (this.socket.state === 'connecting') this.#network.clock.after(this.#network.delay(), () => this.#loseClient(0));
  }

  #endServer(code: number, reason: string, ms: number): void {
    if (this.#serverState === 'closed' || this.#serverState === 'none') return;
    this.#serverState = 'closed';
    this.#stopWaiting();
    this.#up.end();
    this.#network.clock.after(ms, () => this.#listener?.post(() => this.#server?.closed(code, reason)));
  }

  // Faults.

  /** The connection is reset: both sides learn it soon; what is on the way is lost. */
  cut(): void {
    const { chance } = this.#network;
    this.troubledAt = this.#network.clock.now;
    this.#up.end();
    this.#down.end();
    this.#endServer(1006, '', chance.between(0, 100));
    this.#loseClient(chance.between(0, 100));
  }

  /** The client's system gives up while the server is told nothing. */
  cutClientOnly(): void {
    this.troubledAt = this.#network.clock.now;
    this.#up.block();
    this.#down.end();
    this.#loseClient(this.#network.chance.between(0, 100));
  }

  /** A black hole: the connection stays open and nothing is forwarded. */
  blackHole(direction: 'up' | 'down' | 'both'): void {
    this.troubledAt = this.#network.clock.now;
    if (direction !== 'down') this.#up.block();
    if (direction !== 'up') this.#down.block();
  }

  heal(): void {
    this.#up.heal();
    this.#down.heal();
  }

  #loseClient(ms: number): void {
    this.#network.clock.after(ms, () => {
      const { state } = this.socket;
      if (state === 'closed') return;
      if (state === 'connecting') this.socket.fail();
      else this.#endClient(1006, '', false);
    });
  }

  #endClient(code: number, reason: string, wasClean: boolean): void {
    this.#down.end();
    this.owner.post(() => this.socket.ended(code, reason, wasClean), this.id);
  }

  // Arrivals.

  #arriveUp(packet: Packet): void {
    if (this.#serverState === 'none' || this.#serverState === 'closed') return;
    switch (packet.type) {
      case 'data': {
        const { data } = packet;
        this.#listener?.post(() => {
          if (this.#serverState !== 'closed') this.#server?.message(data);
        });
        return;
      }
      case 'close':
        // The answer of the client's browser, or its own wish, which the server's system answers.
        if (this.#serverState === 'open') this.#down.push({ type: 'close', code: packet.code, reason: packet.reason });
        this.#endServerInOrder(packet.code, packet.reason);
        return;
      case 'end':
        this.#endServerInOrder(1006, '');
        return;
      case 'opened':
        throw new Error('only a server answers a handshake');
    }
  }

  /** Like `#endServer`, behind what the event loop has not read yet. */
  #endServerInOrder(code: number, reason: string): void {
    this.#listener?.post(() => {
      if (this.#serverState === 'closed') return;
      this.#serverState = 'closed';
      this.#stopWaiting();
      this.#up.end();
      this.#server?.closed(code, reason);
    });
  }

  #opened(isBurst: boolean): void {
    this.#network.watcher.opened(this);
    this.socket.opened();
    // In one task, with no turn between: what a page sees when open and close arrive in one packet.
    if (isBurst) this.socket.ended(1006, '', false);
  }

  #arriveDown(packet: Packet): void {
    switch (packet.type) {
      case 'opened':
        this.owner.post(() => this.#opened(packet.isBurst), this.id);
        return;
      case 'data': {
        const { data } = packet;
        this.owner.post(() => {
          if (this.socket.state !== 'open') return;
          this.#network.watcher.down(this, data);
          this.socket.message(data);
        }, this.id);
        return;
      }
      case 'close':
        if (this.socket.state === 'open') this.#up.push({ type: 'close', code: packet.code, reason: packet.reason });
        this.#endClient(packet.code, packet.reason, true);
        return;
      case 'end':
        this.#endClient(1006, '', false);
    }
  }
}

type SocketState = 'connecting' | 'open' | 'closing' | 'closed';

/** The browser's WebSocket, as far as Holdfast uses it. */
export class ClientSocket implements WebSocketLike {
  readonly link: Link;
  state: SocketState = 'connecting';
  onopen: WebSocketLike['onopen'] = null;
  onmessage: WebSocketLike['onmessage'] = null;
  onclose: WebSocketLike['onclose'] = null;
  onerror: WebSocketLike['onerror'] = null;
  #closesInPage = 0;
  #lost = 0;

  constructor(link: Link) {
    this.link = link;
  }

  get protocol(): string {
    return this.state === 'connecting' ? '' : 'holdfast.v1';
  }

  get bufferedAmount(): number {
    return this.#lost + (this.link.isBlocked ? this.link.bufferedUp * 64 : 0);
  }

  /** How often the page asked to close it. */
  get closesInPage(): number {
    return this.#closesInPage;
  }

  send(data: Data): void {
    if (this.state === 'connecting') throw new Error('InvalidStateError: still in CONNECTING state');
    if (this.state === 'open') this.link.sendUp(data);
    else this.#lost += data.length;
  }

  close(code = 1005, reason = ''): void {
    if (code !== 1005 && code !== 1000 && (code < 3000 || code > 4999)) {
      throw new Error(`InvalidAccessError: close code ${code}`);
    }
    this.#closesInPage += 1;
    if (this.state === 'closing' || this.state === 'closed') return;
    const before = this.state;
    this.state = 'closing';
    if (before === 'connecting') this.link.abortConnect();
    else this.link.closeByClient(code, reason);
  }

  // What the world tells it.

  opened(): void {
    if (this.state !== 'connecting') return;
    this.state = 'open';
    this.onopen?.({ type: 'open' } as never);
  }

  message(data: Data): void {
    // As a browser gives it.
    this.onmessage?.({ data: typeof data === 'string' ? data : data.buffer });
  }

  /** The connection could not be made, or was given up while it was made. */
  fail(): void {
    this.link.owner.post(() => {
      if (this.state === 'closed' || this.state === 'open') return;
      this.ended(1006, '', false);
    }, this.link.id);
  }

  ended(code: number, reason: string, wasClean: boolean): void {
    if (this.state === 'closed') return;
    this.state = 'closed';
    if (!wasClean) this.onerror?.({ type: 'error' } as never);
    this.onclose?.({ code, reason, wasClean });
  }

  /** Nobody listens any more: the page is dead. */
  forget(): void {
    this.state = 'closed';
    this.onopen = null;
    this.onmessage = null;
    this.onclose = null;
    this.onerror = null;
  }
}
