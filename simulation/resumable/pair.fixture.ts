import { EventEmitter } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { ResumableWebSocket } from '../../packages/core/src/resumable/resumable-websocket.ts';
import type { ResumableWebSocketOptions } from '../../packages/core/src/resumable/options.ts';
import { Random } from '../../packages/core/src/testing/random.ts';
import type { TestPeer } from '../../packages/core/src/testing/server.ts';
import { createTestWorld, type TestWorld } from '../../packages/core/src/testing/world.ts';
import type { EngineEnvironment } from '../../packages/server/src/session/environment.ts';
import { Sessions, type SessionsOptions } from '../../packages/server/src/ws/sessions.ts';
import type { WebSocket } from '../../packages/server/src/ws/types.ts';

const URL = 'wss://server/live';

/** What one end has seen, each event as a text: `close 1000 bye true`. */
export type Told = string[];

/** Both ends of resumable WebSockets in virtual time, and the network between them. */
export class Pair {
  readonly world: TestWorld;
  readonly sessions: Sessions;
  /** The server's connections, in order. */
  readonly served: WebSocket[] = [];
  /** What each of them has told, in the same order. */
  readonly toldServer: Told[] = [];
  readonly #random: Random;

  constructor(options: Partial<SessionsOptions> = {}, seed = 1, jitterMs = 0) {
    const world = createTestWorld({ seed, jitterMs });
    this.world = world;
    this.#random = new Random(seed, 'server');
    const environment: EngineEnvironment = {
      now: () => world.clock.now,
      wallClock: () => 1_800_000_000_000 + Math.floor(world.clock.now),
      randomId: () => this.#random.hex(32),
      setTimer: (ms, run) => world.clock.after(ms, run),
      defer: (run) => void world.clock.after(0, run),
      hashIdentity: (identity) => `hash of ${identity}`.slice(0, 64),
      equalSecrets: (left, right) => left === right,
      createAbort: () => new AbortController(),
    };
    this.sessions = new Sessions({ maxPayload: 1_048_576, opened: () => {}, environment, ...options });
    const sockets = new Map<TestPeer, PeerSocket>();
    world.server(URL, {
      onConnection: (peer) => {
        const socket = new PeerSocket(peer, world);
        sockets.set(peer, socket);
        const request = { url: '/live', headers: {}, socket: {} } as IncomingMessage;
        this.sessions.accept(socket as unknown as Parameters<Sessions['accept']>[0], request, (webSocket) =>
          this.#serve(webSocket),
        );
      },
      onMessage: (peer, data) =>
        void sockets.get(peer)?.emit('message', Buffer.from(data as string), typeof data !== 'string'),
      onClose: (peer, code) => void sockets.get(peer)?.emit('close', code),
    });
  }

  /** A client, and what it is told. */
  open(options: ResumableWebSocketOptions = {}, protocols: string[] = []): { socket: ResumableWebSocket; told: Told } {
    const socket = new ResumableWebSocket(URL, protocols, { environment: this.world.page.environment, ...options });
    socket.binaryType = 'arraybuffer';
    const told: Told = [];
    socket.addEventListener('open', () => told.push('open'));
    socket.addEventListener('message', ({ data }) => told.push(`message ${shown(data)}`));
    socket.addEventListener('error', () => told.push('error'));
    socket.addEventListener('close', ({ code, reason, wasClean }) => told.push(`close ${code} ${reason} ${wasClean}`));
    return { socket, told };
  }

  /** A client that is open, and the server's end. */
  async opened(options: ResumableWebSocketOptions = {}): Promise<{
    socket: ResumableWebSocket;
    told: Told;
    served: WebSocket;
    toldServer: Told;
  }> {
    const { socket, told } = this.open(options);
    await this.world.clock.until(() => told.length > 0);
    const place = this.served.length - 1;
    return { socket, told, served: this.served[place] as WebSocket, toldServer: this.toldServer[place] as Told };
  }

  #serve(webSocket: WebSocket): void {
    const told: Told = [];
    this.served.push(webSocket);
    this.toldServer.push(told);
    webSocket.on('message', (data, isBinary) =>
      told.push(`message ${isBinary ? shown(data) : (data as Buffer).toString()}`),
    );
    webSocket.on('close', (code, reason) => told.push(`close ${code} ${String(reason)}`));
    webSocket.on('error', () => told.push('error'));
  }
}

/** Text as it is, and bytes as such. */
export function shown(data: unknown): string {
  if (data instanceof Blob) return 'a Blob';
  return typeof data === 'string' ? data : `bytes ${Buffer.from(data as ArrayBuffer).toString('latin1')}`;
}

/** A socket of the `ws` package, as far as a carrier uses it. */
class PeerSocket extends EventEmitter {
  readonly bufferedAmount = 0;
  readonly #peer: TestPeer;
  readonly #world: TestWorld;

  constructor(peer: TestPeer, world: TestWorld) {
    super();
    this.#peer = peer;
    this.#world = world;
  }

  send(data: string | Uint8Array<ArrayBuffer>, done: (error?: Error) => void): void {
    if (!this.#peer.isOpen) {
      done(new Error('not open'));
      return;
    }
    this.#peer.send(data);
    this.#world.clock.after(1, () => done(this.#peer.isOpen ? undefined : new Error('reset')));
  }

  close(code: number, reason: string): void {
    this.#peer.close(code, reason);
  }

  terminate(): void {
    this.#peer.terminate();
  }
}
