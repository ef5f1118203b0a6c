import type { Event, State } from '../machines/connection-state.ts';

/** What a connection needs from the outside. `browser.ts` is the real thing; a test or another host gives its own. */
export interface ConnectionEnvironment {
  /** Milliseconds on a clock that never jumps back. */
  now(): number;
  /** A number from 0 to 1, 1 excluded. */
  random(): number;
  /** Runs `run` after `ms`; the function returned cancels it. */
  setTimer(ms: number, run: () => void): () => void;
  /** Opens a WebSocket, whose `error` is followed by a `close`; throws what the constructor throws. */
  openWebSocket(url: string, protocols: readonly string[]): WebSocketLike;
  /** Tells facts about page and network until `signal` aborts. */
  observe(tell: (fact: EnvironmentFact) => void, signal: AbortSignal): void;
  /** Whether the browser says that there is a network. A hint: it is wrong both ways at times. */
  isOnline(): boolean;
  /** Sees every step of the connection machine: for recorders and tests. */
  record?(before: State, event: Event, after: State): void;
}

/** What a session needs that outlives its connections. */
export interface SessionEnvironment extends ConnectionEnvironment {
  /** 128 random bits as text of at most 64 characters. */
  randomId(): string;
  /** Runs `run` at the end of this turn of the event loop. */
  defer(run: () => void): void;
}

/** What a whole socket needs. */
export interface Environment extends SessionEnvironment {
  /** Milliseconds since the epoch, for records and for what is stored. */
  wallClock(): number;
  /** Runs `run` before the next frame is painted, or soon where nothing is painted; the function returned cancels it. */
  nextFrame(run: () => void): () => void;
  /**
   * Locks between the tabs of one origin; undefined where there are none (plain http, some private modes). Where both this
   * and `tabStorage` are left out, they are the browser's.
   */
  readonly locks?: Locks | undefined;
  /** A small store that lives as long as the tab, over a reload; undefined where there is none. */
  readonly tabStorage?: TabStorage | undefined;
}

export type EnvironmentFact =
  | 'online'
  | 'offline'
  | 'visible'
  | 'hidden'
  /** The page stops running: frozen, or put into the back/forward cache. Locks are given back now or never. */
  | 'frozen'
  | 'resumed'
  /** The device slept, or everything stood still as if it had. */
  | 'woke'
  /** The network is another one, or another kind. */
  | 'network'
  | 'focus';

/** The part of the browser's WebSocket that Holdfast uses. */
export interface WebSocketLike {
  readonly bufferedAmount: number;
  readonly protocol: string;
  onopen: ((event: never) => void) | null;
  onmessage: ((event: { readonly data: unknown }) => void) | null;
  onclose: ((event: { readonly code: number; readonly reason: string; readonly wasClean: boolean }) => void) | null;
  onerror: ((event: never) => void) | null;
  send(data: string | ArrayBufferLike | ArrayBufferView<ArrayBuffer> | Blob): void;
  close(code?: number, reason?: string): void;
}

/** Exclusive locks by name, shared by all tabs of an origin. */
export interface Locks {
  /**
   * Waits for the lock; resolves with the function that gives it back. With `ifAvailable`, resolves at once, with null
   * where another holds it. Rejects when `signal` aborts first.
   */
  request(
    name: string,
    options: { readonly ifAvailable?: boolean; readonly signal?: AbortSignal },
  ): Promise<(() => void) | null>;
}

export interface TabStorage {
  get(key: string): string | null;
  set(key: string, value: string): void;
}
