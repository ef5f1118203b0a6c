import type {
  Environment,
  EnvironmentFact,
  Locks,
  TabStorage,
  WebSocketLike,
} from '../../packages/core/src/environment/ports.ts';
import type { Event, State } from '../../packages/core/src/machines/connection-state.ts';
import { count } from '../coverage.ts';
import type { Clock } from './clock.ts';
import { type Device, EPOCH } from './device.ts';
import type { Link, Network } from './network.ts';
import type { Chance } from './prng.ts';

interface Timer {
  readonly run: () => void;
  /** On the world's clock. */
  due: number;
  /** Whether it came due while the page could not run. */
  isLate: boolean;
  /** A browser holds back the timers of a hidden page; what runs for a frame or at a turn's end is none. */
  readonly isThrottled: boolean;
  /** The app's own: nothing that Holdfast leaves behind. */
  readonly isAppOwned: boolean;
  cancel: () => void;
}

const LEAST_TIMER_MS = 1e-6;
/** A hidden page's timers run on whole seconds, and after this long on whole minutes. */
const INTENSIVE_THROTTLING_AFTER_MS = 300_000;

/**
 * One page: the outside as Holdfast sees it, and the gate through which everything enters the page. A dead page runs
 * nothing any more; a frozen one (or one on a device that sleeps) runs nothing now.
 */
export class Page implements Environment {
  readonly name: string;
  readonly device: Device;
  readonly locks: Locks | undefined;
  readonly tabStorage: TabStorage | undefined;
  /** Ids that `drop` events told of. */
  readonly dropped = new Set<string>();
  readonly links: Link[] = [];
  isAlive = true;
  isFrozen = false;
  /** Whether it ever was. */
  wasFrozen = false;
  isAsleep = false;
  isHidden = false;
  /** Called with what the page threw outside of any promise. */
  onUncaught: (fault: unknown) => void = () => {};
  /** Links on which the app's `onConnect` has done its work; null: there is none. */
  prepared: Set<number> | null = null;
  /** Called when the page waits for its next try: whether a timer will start it. */
  onWaiting: (hasTimer: boolean) => void = () => {};
  /** Called when the page opens a WebSocket. */
  onConnect: () => void = () => {};
  /** Times at which the page opened a WebSocket. */
  readonly connects: number[] = [];
  /** Times at which it was told that the network is back. */
  readonly returns: number[] = [];
  /** How often the page stood still. */
  stops = 0;
  /** When it last began to stand still, or went on. */
  stoppedAt = -Infinity;
  /** The link whose event runs now, by number; 0 outside of such an event. */
  runsEventOf = 0;
  readonly #clock: Clock;
  readonly #chance: Chance;
  readonly #network: Network;
  readonly #timers = new Set<Timer>();
  readonly #observers = new Set<(fact: EnvironmentFact) => void>();
  #backlog: { readonly run: () => void; readonly link: number }[] = [];
  #isPumping = false;
  #state: State | null = null;
  #sleepsSince = 0;
  #hiddenSince = 0;
  #origin: number;
  #ranMs = 0;
  #runsSince: number;

  constructor(options: {
    name: string;
    device: Device;
    clock: Clock;
    chance: Chance;
    network: Network;
    tabStorage: Map<string, string> | null;
    hasLocks: boolean;
  }) {
    const { tabStorage } = options;
    this.name = options.name;
    this.device = options.device;
    this.#clock = options.clock;
    this.#chance = options.chance;
    this.#network = options.network;
    // Each page counts from a moment of its own: a time of one page means nothing to another.
    this.#origin = options.clock.now - Math.floor(options.chance.next() * 1e6);
    this.#runsSince = options.clock.now;
    this.locks = options.hasLocks ? options.device.locks.forPage(this) : undefined;
    this.tabStorage =
      tabStorage === null
        ? undefined
        : { get: (key) => tabStorage.get(key) ?? null, set: (key, value) => void tabStorage.set(key, value) };
  }

  // The environment.

  record(before: State, event: Event, after: State): void {
    count(`row ${before.name} ${event.type}`);
    this.#state = after;
    if (after === before || after.retryAt === null) return;
    // Its timer is set in this turn.
    const dueIn = after.retryAt - this.now();
    this.#clock.after(
      0,
      () =>
        this.#state === after &&
        this.onWaiting([...this.#timers].some((timer) => timer.due - this.#clock.now <= dueIn + 1)),
    );
  }

  now(): number {
    return this.#clock.now - this.#origin;
  }

  wallClock(): number {
    return EPOCH + Math.floor(this.#clock.now) + this.device.wallOffset;
  }

  random(): number {
    return this.#chance.next();
  }

  randomId(): string {
    return this.#chance.hex(32);
  }

  setTimer(ms: number, run: () => void): () => void {
    return this.#set(ms, run, true);
  }

  defer(run: () => void): void {
    this.#set(0, run, false);
  }

  nextFrame(run: () => void): () => void {
    return this.#set(this.isHidden ? 1_000 : 16, run, false);
  }

  openWebSocket(url: string, protocols: readonly string[]): WebSocketLike {
    this.connects.push(this.#clock.now);
    this.onConnect();
    const link = this.#network.open(this, !this.device.isConnected, protocols, url);
    this.links.push(link);
    return link.socket;
  }

  observe(tell: (fact: EnvironmentFact) => void, signal: AbortSignal): void {
    if (signal.aborted) return;
    this.#observers.add(tell);
    signal.addEventListener('abort', () => this.#observers.delete(tell), { once: true });
  }

  /** That of its connection machine; null: it has not taken a step. */
  get state(): State | null {
    return this.#state;
  }

  isOnline(): boolean {
    return this.device.saysOnline;
  }

  // The gate.

  get isRunning(): boolean {
    return this.isAlive && !this.isFrozen && !this.isAsleep;
  }

  /** Milliseconds during which the page could run. */
  get ranMs(): number {
    return this.#ranMs + (this.isRunning ? this.#clock.now - this.#runsSince : 0);
  }

  post(run: () => void, link = 0): void {
    if (!this.isAlive) return;
    if (this.isRunning && this.#backlog.length === 0) {
      this.#run(run, link);
      return;
    }
    this.#backlog.push({ run, link });
  }

  /** Runs `run` as a task of the page now, if it can run now: an action of its app or its user. */
  act(run: () => void): void {
    if (this.isRunning) this.#run(run, 0);
  }

  /** Resolves after `ms` of the page's own life. */
  sleepFor(ms: number): Promise<void> {
    return new Promise((resolve) => void this.#set(ms, resolve, false, true));
  }

  tell(fact: EnvironmentFact): void {
    if (fact === 'online') this.returns.push(this.#clock.now);
    this.post(() => this.#observe(fact));
  }

  /** The page hears that it stops, before all else that waits for it. */
  tellOfStop(): void {
    this.act(() => this.#observe('frozen'));
  }

  #observe(fact: EnvironmentFact): void {
    for (const observer of this.#observers) observer(fact);
  }

  /** Whether something of this link has reached the device and not yet the page. */
  hasMailOf(link: number): boolean {
    return this.#backlog.some((entry) => entry.link === link);
  }

  #run(run: () => void, link: number): void {
    this.runsEventOf = link;
    try {
      run();
    } catch (fault) {
      this.onUncaught(fault);
    }
  }

  #pump(): void {
    if (this.#isPumping || !this.isRunning || this.#backlog.length === 0) return;
    this.#isPumping = true;
    this.#clock.after(0, () => {
      this.#isPumping = false;
      if (!this.isRunning) return;
      const first = this.#backlog.shift();
      if (first !== undefined) this.#run(first.run, first.link);
      this.#pump();
    });
  }

  // Timers.

  #set(ms: number, run: () => void, isThrottled: boolean, isAppOwned = false): () => void {
    const timer: Timer = {
      run,
      // A rest of rounding must move the clock, or a timer for it would fire for ever.
      due: this.#clock.now + (ms > 0 ? Math.max(ms, LEAST_TIMER_MS) : 0),
      isLate: false,
      isThrottled,
      isAppOwned,
      cancel: () => {},
    };
    this.#timers.add(timer);
    this.#schedule(timer);
    return () => {
      timer.cancel();
      this.#timers.delete(timer);
    };
  }

  #schedule(timer: Timer): void {
    timer.cancel();
    timer.cancel = this.#clock.after(this.#firesAt(timer) - this.#clock.now, () => {
      if (!this.#timers.has(timer)) return;
      if (!this.isRunning) {
        timer.isLate = true;
        return;
      }
      // It was hidden meanwhile.
      if (this.#firesAt(timer) > this.#clock.now) {
        this.#schedule(timer);
        return;
      }
      this.#timers.delete(timer);
      this.#run(timer.run, 0);
    });
  }

  #firesAt(timer: Timer): number {
    const due = Math.max(timer.due, this.#clock.now);
    if (!this.isHidden || !timer.isThrottled) return due;
    const stepMs = due - this.#hiddenSince > INTENSIVE_THROTTLING_AFTER_MS ? 60_000 : 1_000;
    return Math.ceil(due / stepMs) * stepMs;
  }

  #reschedule(): void {
    for (const timer of [...this.#timers].sort((left, right) => left.due - right.due)) {
      timer.isLate = false;
      this.#schedule(timer);
    }
  }

  // What happens to the page.

  hide(): void {
    if (this.isHidden) return;
    this.isHidden = true;
    this.#hiddenSince = this.#clock.now;
    this.tell('hidden');
  }

  show(): void {
    if (!this.isHidden) return;
    this.isHidden = false;
    this.#reschedule();
    this.tell('visible');
  }

  /** The page hears that it is frozen, and stops. */
  freeze(): void {
    if (!this.isRunning) return;
    this.tellOfStop();
    this.#stop();
    this.isFrozen = true;
    this.wasFrozen = true;
  }

  resume(): void {
    if (!this.isFrozen) return;
    this.isFrozen = false;
    // What the server sent meanwhile never arrives in Chromium: the socket is found dead.
    for (const link of this.links) if (link.socket.state === 'open') link.cutClientOnly();
    this.#backlog = this.#backlog.filter((entry) => entry.link === 0);
    this.#go(true);
  }

  /** The device sleeps: the page hears nothing of it. */
  sleep(): void {
    if (this.isAsleep) return;
    if (this.isRunning) this.#stop();
    this.isAsleep = true;
    this.#sleepsSince = this.#clock.now;
  }

  /** `hasStopped`: whether the monotonic clock stood still, as it does in some browsers. */
  wake(hasStopped: boolean): void {
    if (!this.isAsleep) return;
    this.isAsleep = false;
    // Not what the sleep was to last: another one may have ended in its middle.
    const sleptMs = this.#clock.now - this.#sleepsSince;
    if (hasStopped) {
      this.#origin += sleptMs;
      for (const timer of this.#timers) timer.due += sleptMs;
    }
    if (!this.isRunning) return;
    this.#go(false);
    // Sleep is noticed by a timer that is late: some time after the rest.
    if (sleptMs > 8_000) this.#clock.after(this.#chance.between(0, 2_000), () => this.tell('woke'));
  }

  #stop(): void {
    this.#ranMs = this.ranMs;
    this.stops += 1;
    this.stoppedAt = this.#clock.now;
  }

  #go(tells: boolean): void {
    this.#runsSince = this.#clock.now;
    this.stoppedAt = this.#clock.now;
    // Either may come first: the fact and the mail that waited, or the timers that are late.
    if (this.#chance.hits(0.5)) {
      if (tells) this.tell('resumed');
      this.#pump();
      this.#reschedule();
    } else {
      this.#reschedule();
      if (tells) this.#clock.after(0, () => this.tell('resumed'));
      this.#pump();
    }
  }

  /** All at once: nothing runs any more. */
  die(way: 'silent' | 'reset' | 'going-away'): void {
    if (!this.isAlive) return;
    this.isAlive = false;
    this.#backlog = [];
    for (const timer of this.#timers) timer.cancel();
    this.#timers.clear();
    this.#observers.clear();
    this.device.locks.releaseAll(this);
    for (const link of this.links) link.abandon(way);
  }

  // What is left behind.

  get timers(): number {
    return [...this.#timers].filter((timer) => !timer.isAppOwned).length;
  }

  get observers(): number {
    return this.#observers.size;
  }

  get openLinks(): readonly Link[] {
    return this.links.filter((link) => link.socket.state === 'open' || link.socket.state === 'connecting');
  }
}
