import type { Environment, EnvironmentFact, Locks, TabStorage } from '../environment/ports.ts';
import { FakeLocks } from './fake-locks.fixture.ts';
import { FakeWebSocket } from './fake-web-socket.fixture.ts';

interface Timer {
  readonly at: number;
  readonly order: number;
  readonly run: () => void;
}

export interface FakeEnvironmentOptions {
  readonly locks?: FakeLocks | null;
  /** What outlives a reload of the tab; null: there is none. */
  readonly tabStorage?: Map<string, string> | null;
  /** Names the tab for locks and ids. */
  readonly tab?: string;
}

/** The outside world in the hand of a test: virtual timers, fake sockets, and nothing happens by itself. */
export class FakeEnvironment implements Environment {
  readonly tab: string;
  readonly sockets: FakeWebSocket[] = [];
  readonly origin: FakeLocks | null;
  readonly locks: Locks | undefined;
  readonly tabStorage: TabStorage | undefined;
  chance = 0.5;
  isNetworkUp = true;
  /** Thrown by the next `openWebSocket`. */
  refusal: Error | null = null;
  /** Sees every step of the connection machine. */
  record?: NonNullable<Environment['record']>;
  #now = 1_000;
  /** Difference between the two clocks: tests see at once which was used. */
  readonly wallOffset = 1_700_000_000_000;
  #order = 0;
  #ids = 0;
  readonly #timers = new Set<Timer>();
  readonly #frames = new Set<() => void>();
  #tell: ((fact: EnvironmentFact) => void) | null = null;

  constructor({
    locks = new FakeLocks(),
    tabStorage = new Map<string, string>(),
    tab = 'tab',
  }: FakeEnvironmentOptions = {}) {
    this.tab = tab;
    this.origin = locks;
    this.locks = locks?.forTab(tab);
    this.tabStorage =
      tabStorage === null
        ? undefined
        : { get: (key) => tabStorage.get(key) ?? null, set: (key, value) => void tabStorage.set(key, value) };
  }

  now = (): number => this.#now;
  wallClock = (): number => this.#now + this.wallOffset;
  random = (): number => this.chance;

  randomId = (): string => {
    this.#ids += 1;
    return `${this.tab}-${this.#ids}`;
  };

  setTimer = (ms: number, run: () => void): (() => void) => {
    if (!(ms >= 0)) throw new Error(`a timer of ${ms} ms`);
    this.#order += 1;
    const timer = { at: this.#now + ms, order: this.#order, run };
    this.#timers.add(timer);
    return () => void this.#timers.delete(timer);
  };

  defer = (run: () => void): void => queueMicrotask(run);

  nextFrame = (run: () => void): (() => void) => {
    this.#frames.add(run);
    return () => void this.#frames.delete(run);
  };

  openWebSocket = (url: string, protocols: readonly string[]): FakeWebSocket => {
    const { refusal } = this;
    this.refusal = null;
    if (refusal !== null) throw refusal;
    const socket = new FakeWebSocket(url, protocols);
    this.sockets.push(socket);
    return socket;
  };

  observe = (tell: (fact: EnvironmentFact) => void, signal: AbortSignal): void => {
    this.#tell = tell;
    signal.addEventListener('abort', () => {
      this.#tell = null;
    });
  };

  isOnline = (): boolean => this.isNetworkUp;

  // What the test does.

  /** The newest socket. */
  get socket(): FakeWebSocket {
    const socket = this.sockets.at(-1);
    if (socket === undefined) throw new Error('no socket was opened');
    return socket;
  }

  /** Those that are neither closed nor let go of. */
  get liveSockets(): FakeWebSocket[] {
    return this.sockets.filter(({ readyState }) => readyState !== 'closed');
  }

  get timers(): number {
    return this.#timers.size;
  }

  get frames(): number {
    return this.#frames.size;
  }

  get isObserved(): boolean {
    return this.#tell !== null;
  }

  /** Milliseconds until the next timer; null: there is none. */
  get nextTimerMs(): number | null {
    const next = this.#next();
    return next === undefined ? null : next.at - this.#now;
  }

  tell(fact: EnvironmentFact): void {
    this.#tell?.(fact);
  }

  paint(): void {
    const frames = [...this.#frames];
    this.#frames.clear();
    for (const run of frames) run();
  }

  /** Lets everything end that waits for no timer and no network. */
  async settle(): Promise<void> {
    await allTurns();
  }

  /** Lets time pass, with every timer in its order. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms;
    await allTurns();
    for (let timer = this.#next(); timer !== undefined && timer.at <= end; timer = this.#next()) {
      this.#timers.delete(timer);
      this.#now = Math.max(this.#now, timer.at);
      timer.run();
      await allTurns();
    }
    this.#now = end;
  }

  #next(): Timer | undefined {
    return [...this.#timers].sort((one, two) => one.at - two.at || one.order - two.order)[0];
  }
}

/** All microtasks there are, and those that they make. No time passes. */
export function allTurns(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
