import { createSocket } from '../../packages/core/src/socket/create-socket.ts';
import { holdfast } from '../../packages/core/src/socket/protocols.ts';
import { memoryOutbox } from '../../packages/core/src/storage/memory-outbox.ts';
import type { OutboxLimits } from '../../packages/core/src/storage/limits.ts';
import { storedOutbox } from '../../packages/core/src/runtime/stored-outbox.ts';
import type { Socket, SocketEvents, SocketOptions } from '../../packages/core/src/socket/types.ts';
import { type EndpointsOptions, endpoints } from '../../packages/core/src/socket/endpoints.ts';
import { count } from '../coverage.ts';
import { opensSocket } from '../invariants/connections.ts';
import { waitsWithoutTimer } from '../invariants/pages.ts';
import type { Sent } from './ledger.ts';
import type { Device } from './device.ts';
import { Page } from './page.ts';
import { blobOf, bytesOf, isUnreadable, jsonOf, kindOf, laneOf } from './payloads.ts';
import type { World } from './world.ts';

/** What the app of a tab is like, for its whole life. */
export interface TabSettings {
  readonly outbox: 'stored' | 'memory';
  readonly hasLocks: boolean;
  readonly hasTabStorage: boolean;
  readonly hasAuth: boolean;
  /** How long the app's `onConnect` takes; null: it has none. */
  readonly preparesMs: number | null;
  readonly connectsAtOnce: boolean;
  readonly bounds: OutboxLimits;
  /** Null: it never gives up. A plan is JSON. */
  readonly maxAttempts: number | null;
  /** How long the breaker stays open. */
  readonly coolDownMs: number;
  readonly hidden: 'keep' | 'slow' | { readonly releaseAfterMs: number };
  /** How it dials the two addresses of the server; left out: it knows the first one only. */
  readonly endpoints?: Required<Omit<EndpointsOptions, 'environment'>>;
}

/** The server's, the preferred one first. */
export const ADDRESSES = ['ws://server.test/', 'ws://other.server.test/'] as const;

/** What one page's app heard from below, in order. */
export interface Heard {
  readonly type: 'message' | 'gap';
  readonly session: string | null;
  /** The server's count within the session. */
  readonly k: number;
  readonly gap: SocketEvents<unknown>['gap'] | null;
}

/** A page with its app. */
export interface Running {
  readonly page: Page;
  readonly socket: Socket<unknown, { readonly label: number } | Uint8Array | Blob>;
  readonly heard: Heard[];
  /** Messages to the user, with the session that they came in. */
  readonly mail: { readonly session: string; readonly n: number }[];
  /** Set once close() was called, and once it was done. */
  isClosing: boolean;
  isClosed: boolean;
  /** Whether the page said that nothing is stored any more. */
  hasStorageFailed: boolean;
  /** Whether it found records that it could not read: what they said of the logs before them is lost with them. */
  hasUnreadable: boolean;
  /** Whether its app ever gave the token of another user. */
  hadOtherToken: boolean;
  /** Connects that the app or a fact asked for. */
  asked: number;
}

/** A browser tab: pages come and go in it, and its storage lives as long as it does. */
export class Tab {
  readonly name: string;
  readonly device: Device;
  readonly settings: TabSettings;
  readonly #world: World;
  #storage = new Map<string, string>();
  #pages = 0;
  #coming = 0;
  /** Counts what breaks the order that a reload keeps. */
  #chain = 0;
  current: Running | null = null;
  /** Whose tokens its app has. */
  user: 'user' | 'other' = 'user';
  /** All pages that ever ran here. */
  readonly past: Running[] = [];

  constructor(world: World, name: string, device: Device, settings: TabSettings) {
    this.#world = world;
    this.name = name;
    this.device = device;
    this.settings = settings;
  }

  /** Whether a page is on its way. */
  get isComing(): boolean {
    return this.#coming > 0;
  }

  open(): boolean {
    if (this.current !== null) return false;
    this.user = 'user';
    const world = this.#world;
    this.#pages += 1;
    const page = new Page({
      name: `${this.name}${this.#pages}`,
      device: this.device,
      clock: world.clock,
      chance: world.chances.client,
      network: world.network,
      tabStorage: this.settings.hasTabStorage ? this.#storage : null,
      hasLocks: this.settings.hasLocks,
    });
    page.onConnect = () => opensSocket(world, page);
    page.onWaiting = (hasTimer) => {
      if (!hasTimer && page.isRunning) waitsWithoutTimer(world, page);
    };
    page.onUncaught = (fault) => world.fault('nothing is thrown into the browser', describeFault(fault));
    world.trace.add(page.name, 'opened');
    page.act(() => this.#start(page));
    return true;
  }

  #start(page: Page): void {
    const world = this.#world;
    const { device, settings } = this;
    if (settings.preparesMs !== null) page.prepared = new Set();
    const outbox =
      settings.outbox === 'memory'
        ? memoryOutbox(settings.bounds)
        : storedOutbox({
            ...settings.bounds,
            scope: 'sim:user',
            createStore: () => device.disk.connect(page),
          });
    const options: SocketOptions<{ readonly label: number } | Uint8Array | Blob> = {
      url: ADDRESSES[0],
      protocol: holdfast(),
      outbox,
      reconnect: { maxAttempts: settings.maxAttempts ?? Infinity, coolDownMs: settings.coolDownMs },
      hidden: settings.hidden,
      environment: page,
      onEvent: (record) => {
        world.trace.add(page.name, `event ${record.level} ${record.name} ${record.code ?? ''} ${record.message ?? ''}`);
        world.onRecord(page, record);
      },
      autoConnect: settings.connectsAtOnce,
      ...(settings.preparesMs !== null && { onConnect: () => this.#prepare(page, settings.preparesMs ?? 0) }),
      ...(settings.hasAuth && { auth: () => world.tokens.give(page, this.user) }),
    };
    const socket: Running['socket'] =
      settings.endpoints === undefined
        ? createSocket(options)
        : endpoints(ADDRESSES, { ...settings.endpoints, environment: page }).open((where) =>
            createSocket({ ...options, ...where }),
          );
    const running: Running = {
      page,
      socket,
      heard: [],
      mail: [],
      isClosing: false,
      isClosed: false,
      hasStorageFailed: false,
      hasUnreadable: false,
      hadOtherToken: false,
      asked: 1,
    };
    this.current = running;
    this.past.push(running);
    world.connect(running);
    socket.on('message', (payload) => {
      const { session, k, n } = jsonOf(payload) as {
        readonly session: string;
        readonly k: number;
        readonly n?: number;
      };
      if (n !== undefined) {
        world.mailHeard(running, n);
        return;
      }
      running.heard.push({ type: 'message', session, k, gap: null });
      world.heard(running);
    });
    socket.on('gap', (gap) => {
      world.trace.add(page.name, `gap ${JSON.stringify(gap)}`);
      // Of a session that the server does not know: nobody can say any more which one that was.
      const session = gap.to === null ? null : (world.sessions.get(page)?.at(-1)?.session ?? null);
      running.heard.push({ type: 'gap', session, k: 0, gap });
    });
    socket.on('drop', ({ id, error }) => {
      world.trace.add(page.name, `drop ${id} ${error.code}`);
      // It may come before the app has the receipt.
      page.dropped.add(id);
      for (const sent of world.ledger.sent.values()) if (sent.receipt.id === id) sent.isDropTold = true;
    });
    socket.on('error', (error) => world.onError(page, error));
  }

  // The app.

  async #prepare(page: Page, ms: number): Promise<void> {
    // Not the newest that was dialled: another one may have won.
    const link = page.links.filter((one) => this.#world.tap.facts.get(one)?.isWelcomed).at(-1);
    await page.sleepFor(ms);
    if (this.#world.onConnectFails) throw new Error('the app could not log in');
    if (link !== undefined) page.prepared?.add(link.id);
  }

  /** What the app sends as the message of this label. */
  #payload(page: Page, label: number): { readonly label: number } | Uint8Array | Blob {
    const kind = kindOf(this.#world.seed, label);
    count(`sent ${kind}`);
    if (kind === 'json') return { label };
    const bytes = bytesOf({ label }, label);
    if (kind === 'bytes') return bytes;
    // Some can't be read, as a file that was deleted meanwhile.
    return blobOf(bytes, async () => {
      await page.sleepFor(label % 50);
      if (isUnreadable(this.#world.seed, label)) throw new Error('the file is gone');
    });
  }

  send(options: {
    ttlMs: number | null;
    abortAfterMs: number | null;
    reads: 'nothing' | 'stored' | 'delivered' | 'both';
    /** Something on the way ends every connection that carries it. */
    isPoison?: boolean;
  }): boolean {
    const { current } = this;
    if (current === null || !current.page.isRunning || current.isClosing) return false;
    const world = this.#world;
    const { page, socket } = current;
    const abort = options.abortAfterMs === null ? null : new AbortController();
    const label = world.ledger.nextLabel();
    const ttlMs = Math.min(options.ttlMs ?? Infinity, this.settings.bounds.maxAgeMs ?? Infinity);
    if (options.isPoison === true) world.ledger.poison.add(label);
    page.act(() => {
      const receipt = socket.send(this.#payload(page, label), {
        ...(options.ttlMs !== null && { ttlMs: options.ttlMs }),
        ...(abort !== null && { signal: abort.signal }),
        lane: laneOf(world.seed, label),
      });
      count(`sent ${laneOf(world.seed, label)}`);
      world.trace.add(page.name, `send ${label} as ${receipt.id}`);
      const sent: Sent = {
        label,
        tab: this.name,
        page,
        at: world.clock.now,
        ttlMs: ttlMs === Infinity ? null : ttlMs,
        receipt,
        bytes:
          kindOf(world.seed, label) === 'json' ? JSON.stringify({ label }).length : bytesOf({ label }, label).length,
        storedAt: null,
        outcome: null,
        wasStored: false,
        isDropTold: page.dropped.has(receipt.id),
        isLost: false,
        isAborted: false,
        isDiscarded: false,
        chain: this.#chain,
      };
      world.ledger.sent.set(label, sent);
      if (options.reads === 'stored' || options.reads === 'both') {
        receipt.stored.then(
          () => {
            sent.storedAt = world.clock.now;
            world.stored(sent);
          },
          () => {},
        );
      }
      if (options.reads === 'delivered' || options.reads === 'both') {
        receipt.delivered.then(
          () => world.settled(sent, 'delivered'),
          (error: unknown) => world.settled(sent, (error as { readonly code: string }).code),
        );
      }
    });
    if (abort !== null) {
      world.clock.after(options.abortAfterMs ?? 0, () => {
        page.act(() => {
          const sent = world.ledger.sent.get(label);
          if (sent !== undefined) sent.isAborted = true;
          world.trace.add(page.name, `aborts ${label}`);
          abort.abort();
        });
      });
    }
    return true;
  }

  /** The app waits for room before it sends. */
  sendWhenWritable(choice: number): boolean {
    const { current } = this;
    if (current === null || !current.page.isRunning || current.isClosing) return false;
    const waited = (): void => {
      if (this.current !== current) return;
      count('waited for room');
      this.send({ ttlMs: null, abortAfterMs: null, reads: 'delivered' });
    };
    current.page.act(() => {
      void current.socket
        .whenWritable({ bytes: 1 + Math.floor(choice * 40) })
        .then(waited, () => count('never had room'));
    });
    return true;
  }

  /** The app takes back what it can: one message, or all. */
  withdraw(choice: number): boolean {
    const { current } = this;
    if (current === null || !current.page.isRunning || current.isClosing) return false;
    const world = this.#world;
    const { page, socket } = current;
    const mark = (isIt: (id: string) => boolean): void => {
      for (const sent of world.ledger.sent.values()) if (isIt(sent.receipt.id)) sent.isAborted = true;
    };
    page.act(() => {
      const items = socket.outbox.list(1_000);
      const item = items[Math.floor(choice * 7) % Math.max(1, items.length)];
      world.trace.add(page.name, choice < 0.25 ? 'clears its outbox' : `cancels ${item?.id}`);
      if (choice < 0.25) {
        mark((id) => items.some((each) => each.id === id));
        void socket.outbox.clear().then(() => count('cleared'));
      } else if (item !== undefined) {
        mark((id) => id === item.id);
        count(socket.outbox.cancel(item.id) ? 'cancelled' : 'not cancelled');
      }
    });
    return true;
  }

  /** Something else that the app does with its socket. */
  call(what: 'pause' | 'connect' | 'reconnect' | 'migrate'): boolean {
    const { current } = this;
    if (current === null || current.isClosing || !current.page.isRunning) return false;
    this.#world.trace.add(current.page.name, what);
    current.asked += 1;
    current.page.act(() => {
      const move = current.socket[what]();
      // Each move is counted with what became of it: a promise that stays open is a stuck one.
      void move?.then(
        () => count('moved'),
        () => count('move failed'),
      );
    });
    return true;
  }

  close(options: { flushMs: number; discard: boolean }): boolean {
    const { current } = this;
    if (current === null || current.isClosing || !current.page.isRunning) return false;
    const world = this.#world;
    const { page, socket } = current;
    world.trace.add(page.name, `close ${JSON.stringify(options)}`);
    current.isClosing = true;
    for (const sent of world.ledger.sent.values()) {
      if (options.discard && sent.tab === this.name) sent.isDiscarded = true;
    }
    page.act(() => {
      void socket.close(options).then(() => {
        current.isClosed = true;
        world.closed(current);
      });
    });
    return true;
  }

  /** The app closes once more what closes already. */
  closeAgain(): void {
    const { current } = this;
    if (current === null || !current.isClosing || current.isClosed || !current.page.isRunning) return;
    this.#world.trace.add(current.page.name, 'close again');
    current.page.act(() => void current.socket.close());
  }

  // The browser.

  reload(tells: boolean, ms: number): boolean {
    const { current } = this;
    if (current === null || !current.page.isRunning) return false;
    const world = this.#world;
    world.trace.add(current.page.name, 'reload');
    if (tells) current.page.tellOfStop();
    // Without a log that outlives the page, and a tab that remembers it, nothing ties the next page to this one.
    const { outbox, hasLocks, hasTabStorage } = this.settings;
    const keepsOrder = outbox === 'stored' && hasLocks && hasTabStorage && !current.hasStorageFailed;
    if (!keepsOrder) this.breakOrder();
    this.#end('going-away');
    this.#coming += 1;
    world.clock.after(ms, () => {
      this.#coming -= 1;
      this.open();
    });
    return true;
  }

  /** The tab or its browser is killed: what the tab kept for itself is gone, too. */
  kill(way: 'silent' | 'reset'): void {
    if (this.current === null) return;
    this.#world.trace.add(this.current.page.name, `killed ${way}`);
    this.#end(way);
    this.#storage = new Map();
    this.breakOrder();
  }

  /** What follows need not run after what came before. */
  breakOrder(): void {
    this.#chain += 1;
  }

  #end(way: 'silent' | 'reset' | 'going-away'): void {
    this.current?.page.die(way);
    this.current = null;
  }
}

function describeFault(fault: unknown): string {
  return fault instanceof Error ? (fault.stack ?? fault.message) : String(fault);
}
