import { HoldfastError, type Socket, type SocketOptions } from '@holdfast/core';
import { lazySocket, type LazySocket } from './lazy-socket.ts';
import type { SocketRequest, SocketUrl, UseSocketOptions } from './socket-request.ts';

const DEFAULT_IDLE_MS = 1_000;

/** What is still on its way when a socket is let go gets this long. */
const FLUSH_MS = 5_000;

/** Functions that are asked for when they are called, and so may change without a new socket. */
type LatestFunctions = Pick<UseSocketOptions, 'auth' | 'onConnect' | 'onEvent'>;

/**
 * The sockets that hooks share, outside the tree. A render takes one out, which makes nothing; an effect retains and
 * starts it. What nobody retains and has nothing left to deliver is let go after its idle time, be it that the last component has unmounted or that the
 * render was never committed.
 */
export class SocketPool {
  readonly #entries = new Map<string, PooledSocket>();
  readonly #createSocket: (options: SocketOptions) => Socket;

  constructor(createSocket: (options: SocketOptions) => Socket) {
    this.#createSocket = createSocket;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** The socket that serves `request`. One that was closed for good serves nobody new. */
  acquire(request: SocketRequest): PooledSocket {
    const known = this.#entries.get(request.key);
    if (known !== undefined && !known.isOver) return known;
    const entry = new PooledSocket(this.#entries, request, this.#createSocket);
    // On a server a shared entry would carry one visitor's functions into another's page, and its timer might never
    // run. Where effects do run without a window, `retain` brings the components together.
    if (typeof window !== 'undefined') {
      this.#entries.set(request.key, entry);
      entry.releaseWhenIdle();
    }
    return entry;
  }
}

/** One socket of the pool. */
export class PooledSocket {
  readonly key: string;
  readonly #entries: Map<string, PooledSocket>;
  readonly #lazy: LazySocket;
  /** What each component that uses it asked for last, by mounting order. */
  readonly #holders = new Map<object, SocketRequest>();
  /** Speaks while nobody holds the socket. */
  #request: SocketRequest;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isReleased = false;
  /** What somebody waits for. */
  #opening: Promise<void> | null = null;

  constructor(
    entries: Map<string, PooledSocket>,
    request: SocketRequest,
    createSocket: (options: SocketOptions) => Socket,
  ) {
    this.key = request.key;
    this.#entries = entries;
    this.#request = request;
    this.#lazy = lazySocket(() => {
      const socket = createSocket(this.#socketOptions());
      if (this.#holders.size === 0) this.releaseWhenIdle();
      return socket;
    }, this.#whenOpen);
  }

  get socket(): Socket {
    return this.#lazy.socket;
  }

  /** Whether it was closed for good, by the app or by the pool. */
  get isOver(): boolean {
    const { phase } = this.socket.getState();
    return phase === 'closing' || phase === 'closed';
  }

  /**
   * Keeps the socket until `holder` releases it. False: the pool has let go of this one in the meantime (a render that
   * was committed late, effects that came back after a long time), and the caller must acquire again.
   */
  retain(holder: object, request: SocketRequest): boolean {
    const current = this.#entries.get(this.key);
    if (this.#isReleased || (current !== undefined && current !== this)) return false;
    this.#entries.set(this.key, this);
    clearTimeout(this.#timer);
    this.#holders.set(holder, request);
    return true;
  }

  /** Takes over what the holder's latest render gave. */
  update(holder: object, request: SocketRequest): void {
    if (this.#holders.has(holder)) this.#holders.set(holder, request);
  }

  release(holder: object): void {
    const request = this.#holders.get(holder);
    if (request === undefined) return;
    this.#holders.delete(holder);
    if (this.#holders.size > 0) return;
    this.#request = request;
    this.releaseWhenIdle();
  }

  /** Connects, if this is retained and was never told to. */
  start(): void {
    if (this.#holders.size > 0 && this.socket.getState().phase === 'idle') this.socket.connect();
  }

  releaseWhenIdle(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      // A component may send and unmount: nothing that it sent is thrown away while there is hope.
      if (this.#hasWork()) {
        this.releaseWhenIdle();
        return;
      }
      if (this.#entries.get(this.key) === this) this.#entries.delete(this.key);
      const socket = this.#lazy.made();
      if (socket === null) return;
      this.#isReleased = true;
      void socket.close({ flushMs: FLUSH_MS });
    }, this.#request.options.idleMs ?? DEFAULT_IDLE_MS);
  }

  /**
   * A component that suspends until the socket is open is not committed before, so no effect of it can connect: the wait
   * itself does, and keeps the socket until it is over.
   */
  readonly #whenOpen = (get: () => Socket): Promise<void> => {
    if (typeof window === 'undefined') return (this.#opening ??= neverHere());
    const socket = get();
    const { phase } = socket.getState();
    if (phase === 'idle' && this.#request.options.autoConnect !== false) socket.connect();
    const opening = socket.whenOpen();
    if (opening !== this.#opening) {
      this.#opening = opening;
      const forget = (): void => {
        if (this.#opening === opening) this.#opening = null;
      };
      opening.then(forget, forget);
    }
    return opening;
  };

  #hasWork(): boolean {
    const socket = this.#lazy.made();
    if (socket === null) return false;
    const { queued, inFlight } = socket.getStats();
    const isWanted = queued + inFlight > 0 || this.#opening !== null;
    // Idle, paused by the app or given up: nothing would change by waiting.
    return isWanted && ['connecting', 'open', 'waiting'].includes(socket.getState().phase);
  }

  #socketOptions(): SocketOptions {
    const { key: _key, idleMs: _idleMs, auth, ...options } = this.#request.options;
    return {
      ...options,
      url: typeof this.#request.url === 'function' ? () => this.#callUrl() : this.#request.url,
      ...(auth === undefined ? {} : { auth: () => this.#latest('auth')?.() ?? '' }),
      onConnect: (context) => this.#latest('onConnect')?.(context),
      onEvent: (record) => this.#latest('onEvent')?.(record),
      autoConnect: false,
    };
  }

  /**
   * Of several components the one that mounted last speaks: components that share a socket mostly share the hook that
   * gives the functions too, and each call must happen once.
   */
  #latest<Name extends keyof LatestFunctions>(name: Name): LatestFunctions[Name] | undefined {
    for (const { options } of [...this.#holders.values()].reverse()) {
      if (options[name] !== undefined) return options[name];
    }
    return this.#holders.size === 0 ? this.#request.options[name] : undefined;
  }

  #callUrl(): string | URL | Promise<string | URL> {
    const { url }: { url: SocketUrl } = [...this.#holders.values()].at(-1) ?? this.#request;
    return typeof url === 'function' ? url() : url;
  }
}

function neverHere(): Promise<never> {
  const message = 'on a server no socket is opened: what waits for one is rendered in the browser';
  const never = Promise.reject(new HoldfastError({ code: 'CLOSED', message }, Date.now()));
  // React looks at it when it renders again.
  never.catch(() => {});
  return never;
}
