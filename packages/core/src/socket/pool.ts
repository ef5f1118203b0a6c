/// <reference lib="esnext.disposable" preserve="true" />
import { setTimer } from '../environment/browser.ts';
import type { Environment } from '../environment/ports.ts';
import { describe } from '../lib/describe.ts';
import { HoldfastError, type Failure } from '../lib/errors.ts';
import type { CloseOptions, ConnectionState, SocketStats } from './types.ts';

/** The part of a `Socket` that the pool works with. */
export interface PoolableSocket {
  on(type: 'closed', listener: () => void): () => void;
  subscribe(listener: () => void): () => void;
  getState(): Pick<ConnectionState, 'phase'>;
  getStats(): Pick<SocketStats, 'queued' | 'inFlight'>;
  close(options?: CloseOptions): Promise<void>;
}

/** How a pool makes its sockets, how many there are, and how long an idle one stays. */
export interface PoolOptions<Key, Pooled extends PoolableSocket> {
  /** Makes the socket of a key. What it throws, `acquire` rejects with. */
  readonly create: (key: Key) => Pooled;
  /** Most sockets at a time, those that are just closing included. Default Infinity. */
  readonly maxSockets?: number;
  /** How long a socket stays after its last lease was released, milliseconds. Default 1,000; Infinity: for ever. */
  readonly idleMs?: number;
  /** Longest wait for room, milliseconds. Default 10,000. */
  readonly acquireTimeoutMs?: number;
  /**
   * For development: notes where each lease is taken (a stack each, some microseconds) and reports one that was
   * garbage-collected unreleased as LEASE_LEAKED, to this function or, with true, to `reportError`. Default false.
   */
  readonly detectLeaks?: boolean | ((error: HoldfastError) => void);
  /** The outside world; the browser's by default. */
  readonly environment?: Pick<Environment, 'setTimer' | 'wallClock'>;
}

/** The right to use a socket. `using lease = await pool.acquire(key)` releases it at the end of the scope. */
export interface Lease<Pooled> {
  readonly socket: Pooled;
  /** Gives the socket back; again: nothing. May be called without its object. */
  readonly release: () => void;
  /** Missing at run time where the engine has no `Symbol.dispose`. */
  readonly [Symbol.dispose]: () => void;
}

/** A lease that was not released yet. */
export interface LeaseRecord<Key> {
  readonly key: Key;
  /** When it was taken, milliseconds since the epoch. */
  readonly since: number;
  /** Its stack names who called `acquire`; null without `detectLeaks`. */
  readonly origin: Error | null;
}

/** How full a pool is: a snapshot. */
export interface PoolStats {
  /** Sockets that are not closed yet. */
  readonly sockets: number;
  /** Those of them that nobody uses, closing ones included. */
  readonly idle: number;
  readonly leases: number;
  /** Calls of `acquire` that wait for room. */
  readonly waiting: number;
}

/** Sockets by key, one for each, shared by all who hold a lease. */
export interface Pool<Key, Pooled> {
  /**
   * A lease of the key's socket, which is made where there is none, or where it was closed. With `maxSockets` reached it
   * waits, first come, first served, and an idle socket with nothing left to deliver makes room at once.
   * Rejects with ACQUIRE_TIMEOUT, CLOSED (the pool is, or `create` gave a closed socket), what `create` threw, or the
   * signal's reason.
   */
  readonly acquire: (key: Key, options?: { readonly signal?: AbortSignal }) => Promise<Lease<Pooled>>;
  /** The leases that are not released, oldest first. */
  readonly leases: () => readonly LeaseRecord<Key>[];
  readonly stats: () => PoolStats;
  /** Closes every socket, leased or not, as `socket.close(options)` does. Resolves when all are closed. Never rejects. */
  readonly close: (options?: CloseOptions) => Promise<void>;
  /** Missing at run time where the engine has no `Symbol.asyncDispose`. */
  readonly [Symbol.asyncDispose]: () => Promise<void>;
}

interface Entry<Key, Pooled> {
  readonly key: Key;
  readonly socket: Pooled;
  leases: number;
  /** Ends the wait for the time to close it. */
  stopIdling: () => void;
}

interface Waiter {
  retry(): void;
  /** With what `create` threw or the signal was given, as it is. */
  fail(fault: Error): void;
}

/** What is still on its way when an idle socket is closed gets this long. */
const FLUSH_MS = 5_000;

/**
 * Sockets shared by key. Each use takes a lease; a socket that nobody uses is closed after its idle time, but not while
 * it may still deliver what it was given: of one that is paused, suspended or was never started nothing is expected.
 * @throws HoldfastError INVALID_OPTION
 */
export function createPool<Pooled extends PoolableSocket, Key = string>(
  options: PoolOptions<Key, Pooled>,
): Pool<Key, Pooled> {
  const { create, maxSockets = Infinity, idleMs = 1_000, acquireTimeoutMs = 10_000 } = options;
  const { detectLeaks = false, environment = { setTimer, wallClock: () => Date.now() } } = options;
  check('create', 'a function', create, typeof create === 'function');
  check('maxSockets', 'a number from 1', maxSockets, maxSockets >= 1);
  check('idleMs', 'a number from 0', idleMs, idleMs >= 0);
  check('acquireTimeoutMs', 'a number from 0', acquireTimeoutMs, acquireTimeoutMs >= 0);

  /** All that are not closed yet. */
  const sockets = new Set<Entry<Key, Pooled>>();
  /** Those of them that serve. */
  const serving = new Map<Key, Entry<Key, Pooled>>();
  const leases = new Set<LeaseRecord<Key>>();
  const waiters = new Set<Waiter>();
  let closed: Promise<void> | null = null;

  const error = (failure: Failure): HoldfastError => new HoldfastError(failure, environment.wallClock());
  const leaks =
    detectLeaks === false
      ? null
      : new FinalizationRegistry<LeaseRecord<Key>>(({ key, origin }) => {
          const message = `a lease of ${String(key)} was never released`;
          const leak = error({ code: 'LEASE_LEAKED', message, cause: origin });
          if (detectLeaks === true) globalThis.reportError?.(leak);
          else detectLeaks(leak);
        });

  /** A lease, or null where there is no room. Throws what `create` throws. */
  function take(key: Key, origin: Error | null): Lease<Pooled> | null {
    let known = serving.get(key);
    if (known !== undefined && isOver(known.socket)) known = undefined;
    if (known === undefined && sockets.size >= maxSockets) return null;
    const entry = known ?? open(key);
    entry.stopIdling();
    entry.leases += 1;
    // What the pool keeps must not lead to `release`: a lease whose `release` nobody can call any more is a leak.
    const record = { key, since: environment.wallClock(), origin };
    leases.add(record);
    const release = (): void => {
      if (!leases.delete(record)) return;
      leaks?.unregister(record);
      entry.leases -= 1;
      if (entry.leases === 0 && serving.get(key) === entry) idle(entry);
      makeRoom();
    };
    leaks?.register(release, record, record);
    // WebKitGTK 2.50 has no explicit resource management.
    const dispose = Symbol.dispose === undefined ? {} : { [Symbol.dispose]: release };
    return Object.freeze({ socket: entry.socket, release, ...dispose }) as Lease<Pooled>;
  }

  function open(key: Key): Entry<Key, Pooled> {
    const socket = create(key);
    if (isOver(socket)) throw error({ code: 'CLOSED', message: 'create() gave a socket that is closed' });
    const entry: Entry<Key, Pooled> = { key, socket, leases: 0, stopIdling: () => {} };
    serving.set(key, entry);
    sockets.add(entry);
    socket.on('closed', () => {
      retire(entry);
      sockets.delete(entry);
      for (const waiter of waiters) waiter.retry();
      makeRoom();
    });
    return entry;
  }

  function retire(entry: Entry<Key, Pooled>): void {
    entry.stopIdling();
    if (serving.get(entry.key) === entry) serving.delete(entry.key);
  }

  function idle(entry: Entry<Key, Pooled>): void {
    if (idleMs < Infinity) entry.stopIdling = environment.setTimer(idleMs, () => closeWhenDone(entry));
  }

  function closeWhenDone(entry: Entry<Key, Pooled>): void {
    const { socket } = entry;
    const closeIfDone = (): void => {
      if (hasWork(socket)) return;
      retire(entry);
      if (!isOver(socket)) void socket.close({ flushMs: FLUSH_MS });
    };
    entry.stopIdling();
    entry.stopIdling = socket.subscribe(closeIfDone);
    closeIfDone();
  }

  /** Somebody waits: a socket that nobody uses need not wait for the end of its idle time. One at a time is enough. */
  function makeRoom(): void {
    if (waiters.size === 0 || serving.size < sockets.size) return;
    const unused = [...serving.values()].filter((entry) => entry.leases === 0);
    const entry = unused.find(({ socket }) => !hasWork(socket)) ?? unused[0];
    if (entry !== undefined) closeWhenDone(entry);
  }

  function acquire(key: Key, { signal }: { readonly signal?: AbortSignal } = {}): Promise<Lease<Pooled>> {
    const origin = leaks === null ? null : new Error(`a lease of ${String(key)} was taken here`);
    return new Promise((resolve, reject) => {
      if (closed !== null) throw error({ code: 'CLOSED', message: 'the pool is closed' });
      signal?.throwIfAborted();
      const lease = take(key, origin);
      if (lease !== null) {
        resolve(lease);
        return;
      }
      const leave = (): void => {
        waiters.delete(waiter);
        cancelTimer();
        signal?.removeEventListener('abort', abort);
      };
      const waiter: Waiter = {
        retry() {
          try {
            const late = take(key, origin);
            if (late === null) return;
            leave();
            resolve(late);
          } catch (fault) {
            waiter.fail(fault as Error);
          }
        },
        fail(fault) {
          leave();
          reject(fault);
        },
      };
      const abort = (): void => waiter.fail(signal?.reason as Error);
      const cancelTimer = environment.setTimer(acquireTimeoutMs, () => {
        const message = `no room in the pool within ${acquireTimeoutMs} ms: release leases or raise maxSockets`;
        waiter.fail(error({ code: 'ACQUIRE_TIMEOUT', message, details: { maxSockets } }));
      });
      signal?.addEventListener('abort', abort);
      waiters.add(waiter);
      makeRoom();
    });
  }

  function close(closeOptions?: CloseOptions): Promise<void> {
    closed ??= Promise.all([...sockets].map(({ socket }) => socket.close(closeOptions))).then(() => {});
    for (const waiter of waiters) waiter.fail(error({ code: 'CLOSED', message: 'the pool is closed' }));
    return closed;
  }

  const api = {
    acquire,
    leases: () => [...leases],
    stats: () => ({
      sockets: sockets.size,
      idle: [...sockets].filter((entry) => entry.leases === 0).length,
      leases: leases.size,
      waiting: waiters.size,
    }),
    close,
  };
  const dispose = Symbol.asyncDispose === undefined ? {} : { [Symbol.asyncDispose]: () => close() };
  return Object.freeze({ ...api, ...dispose }) as Pool<Key, Pooled>;
}

function isOver(socket: PoolableSocket): boolean {
  const { phase } = socket.getState();
  return phase === 'closing' || phase === 'closed';
}

function hasWork(socket: PoolableSocket): boolean {
  const { queued, inFlight } = socket.getStats();
  return queued + inFlight > 0 && ['connecting', 'open', 'waiting'].includes(socket.getState().phase);
}

function check(option: string, shape: string, given: unknown, isRight: boolean): void {
  if (isRight) return;
  const message = `createPool({ ${option} }) must be ${shape}, not ${describe(given)}`;
  throw new HoldfastError({ code: 'INVALID_OPTION', message, details: { option } }, Date.now());
}
