import type { Environment, EnvironmentFact } from '../environment/ports.ts';
import { storedOutbox } from '../runtime/stored-outbox.ts';
import type { Outbox } from '../storage/keeper.ts';
import { MAX_MESSAGES, type OutboxBounds } from '../storage/limits.ts';
import type { TestConnection } from './connection.ts';
import type { LockClient, LockManager } from './locks.ts';
import type { TestNetwork } from './network.ts';
import type { Random } from './random.ts';
import { scopeOf, type StorageClient, type TestStorage } from './storage.ts';
import type { Timeline } from './virtual-clock.ts';
import { webSocketClass, type SocketHome } from './web-socket.ts';

/** What all pages of a world share, and a name for the page. */
export interface PageWorld {
  readonly clock: Timeline;
  readonly network: TestNetwork;
  readonly storage: TestStorage;
  readonly locks: LockManager;
  readonly random: Random;
  readonly wallClock: () => number;
  readonly nextName: () => string;
}

/** What the browser of a page has. */
export interface PageOptions {
  /** Whether the origin has Web Locks: plain http has none. Without them nothing is stored. Default true. */
  readonly hasLocks?: boolean;
  /** Whether the tab has `sessionStorage`. Default true. */
  readonly hasTabStorage?: boolean;
}

interface Timer {
  readonly due: number;
  readonly run: () => void;
  /** A browser holds back the timers of a hidden page, not its frames and the ends of its turns. */
  readonly isThrottled: boolean;
  cancel: () => void;
}

/** A page hears of a sleep that was longer than this. */
const SLEEP_NOTICED_MS = 8_000;
/** A hidden page's timers run on whole seconds, and after five minutes on whole minutes. */
const THROTTLED_MS = 1_000;
const INTENSIVELY_THROTTLED_MS = 60_000;
const INTENSIVELY_THROTTLED_AFTER_MS = 300_000;

/** A tab of the world's one browser. What happens to it is told to its sockets as a browser tells it. */
export class TestPage implements SocketHome, LockClient, StorageClient {
  readonly name: string;
  /** For `createSocket`, and for the option of the same name of `HoldfastWebSocket`. */
  readonly environment: Environment;
  /** For code that uses the browser's own class: `vi.stubGlobal('WebSocket', page.WebSocket)`. */
  readonly WebSocket: typeof WebSocket;
  /** Every connection that the page has tried, in order. */
  readonly connections: TestConnection[] = [];
  readonly #world: PageWorld;
  readonly #options: PageOptions;
  readonly #tabStorage: Map<string, string>;
  readonly #timers = new Set<Timer>();
  readonly #observers = new Set<(fact: EnvironmentFact) => void>();
  #backlog: (() => void)[] = [];
  #isPumping = false;
  #state: 'alive' | 'gone' | 'killed' = 'alive';
  #isFrozen = false;
  #isAsleep = false;
  #isOnline = true;
  #hiddenSince: number | null = null;

  constructor(world: PageWorld, options: PageOptions = {}, tabStorage: Map<string, string> = new Map()) {
    this.name = world.nextName();
    this.#world = world;
    this.#options = options;
    this.#tabStorage = tabStorage;
    this.WebSocket = webSocketClass(this);
    this.environment = this.#createEnvironment();
  }

  /**
   * Keeps messages in the storage of the world, as `indexedDB()` does in a browser's: for `createSocket` of this page.
   * Pages that give the same `identity` (default `user`) share what is stored. The bounds are those of
   * `indexedDB()`, without an age by default.
   */
  outbox({ identity = 'user', ...bounds }: { identity?: string } & OutboxBounds = {}): Outbox {
    const scope = scopeOf(identity);
    const { storage } = this.#world;
    return storedOutbox({
      maxMessages: MAX_MESSAGES,
      ...bounds,
      scope,
      createStore: () => storage.connect(scope, this),
    });
  }

  // What happens to the page.

  /** Another tab, or another program, is in front: timers run once a second, after five minutes once a minute. */
  hide(): void {
    if (this.#hiddenSince !== null) return;
    this.#hiddenSince = this.#world.clock.now;
    this.#tell('hidden');
  }

  show(): void {
    if (this.#hiddenSince === null) return;
    this.#hiddenSince = null;
    for (const timer of this.#timers) this.#arm(timer);
    this.#tell('visible');
  }

  focus(): void {
    this.#tell('focus');
  }

  /** The browser stops the page, which is told so first: nothing of it runs until `resume()`. */
  freeze(): void {
    if (!this.isRunning) return;
    this.#hear('frozen');
    this.#isFrozen = true;
  }

  /** The page runs again: it is told so, then all that waited for it comes, in its order. */
  resume(): void {
    if (!this.#isFrozen) return;
    this.#isFrozen = false;
    this.#backlog.unshift(() => this.#hear('resumed'));
    this.#pump();
  }

  /** The device loses its network: open connections stay and nothing flows, new ones fail. */
  offline(): void {
    this.#isOnline = false;
    this.#refresh();
    this.#tell('offline');
  }

  /** The network is back, and what waited in open connections flows. */
  online(): void {
    this.#isOnline = true;
    this.#refresh();
    this.#tell('online');
  }

  /** The device moves to another network: its connections are dead without a word to anybody, and new ones work. */
  changeNetwork(): void {
    for (const connection of this.connections) connection.strand();
    this.#tell('network');
  }

  /** The device sleeps for `ms` from now: the page is told nothing before it wakes. The world's time must pass by itself. */
  sleep(ms: number): void {
    if (this.#isAsleep || this.#state !== 'alive') return;
    this.#isAsleep = true;
    this.#world.clock.after(ms, () => {
      this.#isAsleep = false;
      if (ms > SLEEP_NOTICED_MS) this.#backlog.push(() => this.#hear('woke'));
      this.#pump();
    });
  }

  /** The user reloads: this page ends in order, and the next one of the same tab is given back. Start the app on it. */
  reload(): TestPage {
    this.close();
    return new TestPage(this.#world, this.#options, this.#tabStorage);
  }

  /** The user closes the tab, or goes elsewhere: writes that it has begun are done, its connections closed with 1001. */
  close(): void {
    if (this.isRunning) this.#hear('frozen');
    this.#end('gone', 'going away');
  }

  /** The browser crashes, or is killed: nothing more is done. Writes that have not ended are lost, connections reset. */
  kill(): void {
    this.#end('killed', 'reset');
  }

  // How it is.

  get isHidden(): boolean {
    return this.#hiddenSince !== null;
  }

  get isRunning(): boolean {
    return this.#state === 'alive' && !this.#isFrozen && !this.#isAsleep;
  }

  /** What sockets of this page have left behind; all zero, or a socket was not closed. */
  get held(): {
    readonly timers: number;
    readonly listeners: number;
    readonly connections: number;
    readonly locks: number;
  } {
    return {
      timers: this.#timers.size,
      listeners: this.#observers.size,
      connections: this.connections.filter(({ isClientOpen }) => isClientOpen).length,
      locks: this.#world.locks.namesOf(this).length,
    };
  }

  // For the other parts of the world.

  get network(): TestNetwork {
    return this.#world.network;
  }

  get isConnected(): boolean {
    return this.#isOnline;
  }

  get isKilled(): boolean {
    return this.#state === 'killed';
  }

  opened(connection: TestConnection): void {
    this.connections.push(connection);
  }

  post(run: () => void): void {
    if (this.isRunning && this.#backlog.length === 0) run();
    else if (this.#state === 'alive') this.#backlog.push(run);
  }

  #end(state: 'gone' | 'killed', way: 'going away' | 'reset'): void {
    if (this.#state !== 'alive') return;
    this.#state = state;
    this.#backlog = [];
    for (const timer of this.#timers) timer.cancel();
    this.#timers.clear();
    this.#observers.clear();
    this.#world.locks.releaseAll(this);
    for (const connection of this.connections) connection.abandon(way);
  }

  #tell(fact: EnvironmentFact): void {
    this.post(() => this.#hear(fact));
  }

  #hear(fact: EnvironmentFact): void {
    for (const observer of [...this.#observers]) observer(fact);
  }

  #refresh(): void {
    for (const connection of this.connections) connection.refresh();
  }

  /** What waited runs one by one, each with the promises that it leaves. */
  #pump(): void {
    if (this.#isPumping || !this.isRunning || this.#backlog.length === 0) return;
    this.#isPumping = true;
    this.#world.clock.after(0, () => {
      this.#isPumping = false;
      if (!this.isRunning) return;
      const first = this.#backlog.shift();
      this.#pump();
      first?.();
    });
  }

  #set(ms: number, run: () => void, isThrottled: boolean): () => void {
    const timer: Timer = { due: this.#world.clock.now + Math.max(0, ms), run, isThrottled, cancel: () => {} };
    if (this.#state !== 'alive') return timer.cancel;
    this.#timers.add(timer);
    this.#arm(timer);
    return () => {
      timer.cancel();
      this.#timers.delete(timer);
    };
  }

  #arm(timer: Timer): void {
    const { clock } = this.#world;
    timer.cancel();
    timer.cancel = clock.after(this.#firesAt(timer) - clock.now, () => {
      // It was hidden meanwhile.
      if (this.#firesAt(timer) > clock.now) {
        this.#arm(timer);
        return;
      }
      this.post(() => {
        if (this.#timers.delete(timer)) timer.run();
      });
    });
  }

  #firesAt({ due, isThrottled }: Timer): number {
    const at = Math.max(due, this.#world.clock.now);
    if (this.#hiddenSince === null || !isThrottled) return at;
    const stepMs = at - this.#hiddenSince > INTENSIVELY_THROTTLED_AFTER_MS ? INTENSIVELY_THROTTLED_MS : THROTTLED_MS;
    return Math.ceil(at / stepMs) * stepMs;
  }

  #createEnvironment(): Environment {
    const { clock, random, locks, wallClock } = this.#world;
    const { hasLocks = true, hasTabStorage = true } = this.#options;
    return {
      now: () => clock.now,
      wallClock,
      random: () => random.next(),
      randomId: () => random.hex(32),
      setTimer: (ms, run) => this.#set(ms, run, true),
      defer: (run) => queueMicrotask(() => this.post(run)),
      nextFrame: (run) => this.#set(this.isHidden ? THROTTLED_MS : 16, run, false),
      openWebSocket: (url, protocols) => {
        const socket = new this.WebSocket(url, [...protocols]);
        // As the browser's own environment has it.
        socket.binaryType = 'arraybuffer';
        return socket as ReturnType<Environment['openWebSocket']>;
      },
      observe: (tell, signal) => {
        this.#observers.add(tell);
        signal.addEventListener('abort', () => this.#observers.delete(tell), { once: true });
        if (this.isHidden) tell('hidden');
      },
      isOnline: () => this.#isOnline,
      locks: hasLocks ? locks.forPage(this) : undefined,
      tabStorage: hasTabStorage
        ? {
            get: (key) => this.#tabStorage.get(key) ?? null,
            set: (key, value) => void this.#tabStorage.set(key, value),
          }
        : undefined,
    };
  }
}
