import type { Environment, WebSocketLike } from '../environment/ports.ts';
import { NORMAL } from '../protocol/close-codes.ts';
import { letGo, listen, silence } from '../transport/websocket.ts';

/** One of several addresses, and what is known of it. */
export interface Endpoint {
  readonly url: string;
  /** It failed lately: asked last until then, on the clock of the environment. */
  avoidUntil: number;
  /** How long its last handshake took, milliseconds; 0: not known. */
  openMs: number;
}

/** To take a handshake is not enough: it has said something, or it proved stable. */
export function proved(endpoint: Endpoint): void {
  endpoint.avoidUntil = -Infinity;
}

/** Who runs a race: it knows the endpoints. */
export interface RaceHost {
  readonly environment: Pick<Environment, 'now' | 'setTimer' | 'openWebSocket'>;
  readonly hedgeAfterMs: number;
  /** The one to dial next; undefined: none may be, for now. */
  readonly next: (asked: ReadonlySet<Endpoint>) => Endpoint | undefined;
  /** Whether there are endpoints that were not asked. */
  readonly hasMore: (asked: ReadonlySet<Endpoint>) => boolean;
  readonly failed: (endpoint: Endpoint) => void;
  /** The race has a winner, which is open. */
  readonly opened: (race: EndpointRace) => void;
  /** That connection is over. */
  readonly ended: (race: EndpointRace) => void;
}

/** What the drop-in class uses of a browser's WebSocket beside the port. */
type NativeWebSocket = WebSocketLike & Pick<WebSocket, 'url' | 'readyState' | 'extensions' | 'binaryType'>;
type Message = { readonly data: unknown };
type End = { readonly code: number; readonly reason: string; readonly wasClean: boolean };

interface Runner {
  readonly endpoint: Endpoint;
  readonly socket: NativeWebSocket;
  readonly startedAt: number;
  /** It has not opened within its time. */
  isLate: boolean;
}

/** RFC 8305, section 5: the delay may follow what is known of the round trip, up to two seconds. */
const LONGEST_HEDGE_MS = 2_000;

/**
 * A WebSocket that several endpoints compete for: the first that opens is it, from then on and for its whole life. To who
 * holds it, all of that is one connection: one `open`, or one `close` when the last endpoint has failed.
 */
export class EndpointRace implements NativeWebSocket {
  onopen: WebSocketLike['onopen'] = null;
  onmessage: WebSocketLike['onmessage'] = null;
  onclose: WebSocketLike['onclose'] = null;
  onerror: WebSocketLike['onerror'] = null;
  /** Whether the winner has said anything. */
  hasHeard = false;
  readonly #host: RaceHost;
  readonly #urlOf: (endpoint: Endpoint) => string;
  readonly #protocols: readonly string[];
  readonly #asked = new Set<Endpoint>();
  readonly #errorListeners: (() => void)[] = [];
  /** Those that are neither open nor lost; none once the race is decided. */
  #runners: Runner[] = [];
  #isDecided = false;
  #winner: Endpoint | null = null;
  /** The winner's; before, and if there is none, the newest that was not lost before the others. */
  #socket!: NativeWebSocket;
  #binaryType: BinaryType | null = null;
  #cancelHedge: () => void = () => {};

  /** @throws what the last constructor threw where none could be dialled */
  constructor(host: RaceHost, urlOf: (endpoint: Endpoint) => string, protocols: readonly string[]) {
    this.#host = host;
    this.#urlOf = urlOf;
    this.#protocols = protocols;
    const cause = this.#dial();
    if (this.#runners.length === 0) throw cause;
  }

  /** Where it is connected; null: nowhere yet, or not any more. */
  get winner(): Endpoint | null {
    return this.#winner;
  }

  get url(): string {
    return this.#socket.url;
  }

  get readyState(): WebSocket['readyState'] {
    return this.#isDecided ? this.#socket.readyState : 0;
  }

  get bufferedAmount(): number {
    return this.#socket.bufferedAmount;
  }

  get extensions(): string {
    return this.#socket.extensions;
  }

  get protocol(): string {
    return this.#socket.protocol;
  }

  get binaryType(): BinaryType {
    return this.#socket.binaryType;
  }

  set binaryType(type: BinaryType) {
    this.#binaryType = type;
    this.#socket.binaryType = type;
    for (const { socket } of this.#runners) socket.binaryType = type;
  }

  /** Only `error` is listened for, by the drop-in class. */
  addEventListener(type: string, listener: () => void): void {
    if (type === 'error') this.#errorListeners.push(listener);
  }

  send(data: string | ArrayBufferLike | ArrayBufferView<ArrayBuffer> | Blob): void {
    this.#socket.send(data);
  }

  close(...given: [code?: number, reason?: string]): void {
    const socket = this.#socket;
    // Throws for a wrong code, before anything has changed.
    socket.close(...given);
    if (this.#isDecided) {
      this.#leave();
      return;
    }
    // One of them stands for all: its end is the end that is told.
    const others = this.#decide().filter((runner) => runner.socket !== socket);
    for (const other of others) letGo(other.socket, NORMAL, 'not needed');
    this.#hold(socket);
  }

  /** Dials the next endpoint that takes a dial, and gives what the last one threw that took none. */
  #dial(): unknown {
    const { environment, next, failed } = this.#host;
    let cause: unknown;
    for (let endpoint = next(this.#asked); endpoint !== undefined; endpoint = next(this.#asked)) {
      this.#asked.add(endpoint);
      try {
        const socket = environment.openWebSocket(this.#urlOf(endpoint), this.#protocols) as NativeWebSocket;
        this.#run({ endpoint, socket, startedAt: environment.now(), isLate: false });
        return;
      } catch (error) {
        cause = error;
        failed(endpoint);
      }
    }
    return cause;
  }

  #run(runner: Runner): void {
    const { socket } = runner;
    if (this.#binaryType !== null) socket.binaryType = this.#binaryType;
    this.#socket = socket;
    this.#runners.push(runner);
    listen(
      socket,
      () => this.#won(runner),
      () => {},
      (end) => this.#lost(runner, end),
    );
    this.#hedge(runner);
  }

  /** Waits for this one, and dials the next beside it. */
  #hedge(runner: Runner): void {
    const { environment, hedgeAfterMs, hasMore, next } = this.#host;
    this.#cancelHedge();
    // A handshake takes three round trips and more. Who is known to be far away gets the time that it takes. Beside one that
    // failed lately everybody does: it may take handshakes quickly, and be mute.
    const isLast = (next(this.#asked)?.avoidUntil ?? 0) > environment.now();
    const ms = Math.max(
      hedgeAfterMs,
      isLast ? LONGEST_HEDGE_MS : Math.min(2 * runner.endpoint.openMs, LONGEST_HEDGE_MS),
    );
    if (ms === Infinity) return;
    this.#cancelHedge = environment.setTimer(ms, () => {
      runner.isLate = true;
      const asked = this.#asked.size;
      this.#dial();
      // One that must not be dialled now may be later: when the connection beside this race is lost.
      if (this.#asked.size === asked && hasMore(this.#asked)) this.#hedge(runner);
    });
  }

  #won(runner: Runner): void {
    const { socket, endpoint } = runner;
    this.#runners = this.#runners.filter((other) => other !== runner);
    const losers = this.#decide();
    for (const loser of losers) letGo(loser.socket, NORMAL, 'not needed');
    endpoint.openMs = this.#host.environment.now() - runner.startedAt;
    this.#winner = endpoint;
    this.#hold(socket);
    this.#host.opened(this);
    this.onopen?.({ type: 'open' } as never);
  }

  #lost(runner: Runner, end: End): void {
    this.#host.failed(runner.endpoint);
    this.#runners = this.#runners.filter((other) => other !== runner);
    this.#dial();
    const newest = this.#runners.at(-1);
    if (newest !== undefined) {
      this.#socket = newest.socket;
      return;
    }
    this.#decide();
    this.#fault();
    this.onclose?.(end);
  }

  /** The race is over. Gives those that were still running; one that was late is asked last from here on. */
  #decide(): readonly Runner[] {
    const left = this.#runners;
    this.#isDecided = true;
    this.#runners = [];
    this.#cancelHedge();
    // Nobody may have hedged: a try that times out has waited for it in vain.
    const longAgo = this.#host.environment.now() - LONGEST_HEDGE_MS;
    for (const { endpoint, isLate, startedAt } of left) if (isLate || startedAt <= longAgo) this.#host.failed(endpoint);
    return left;
  }

  /** What this socket tells is told as this one's own. */
  #hold(socket: NativeWebSocket): void {
    this.#socket = socket;
    socket.onopen = null;
    socket.onmessage = (event: Message) => {
      if (!this.hasHeard && this.#winner !== null) proved(this.#winner);
      this.hasHeard = true;
      this.onmessage?.(event);
    };
    socket.onerror = () => this.#fault();
    socket.onclose = (end) => {
      silence(socket);
      this.#leave();
      this.onclose?.(end);
    };
  }

  #leave(): void {
    if (this.#winner === null) return;
    this.#winner = null;
    this.#host.ended(this);
  }

  #fault(): void {
    this.onerror?.({ type: 'error' } as never);
    for (const listener of this.#errorListeners) listener();
  }
}
