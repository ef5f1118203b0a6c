import { act, cleanup, render, type RenderResult } from '@testing-library/react';
import { Server, WebSocket as MockWebSocket, type Client } from 'mock-socket';
import { useEffect, type ReactNode } from 'react';
import * as original from 'react-use-websocket';
import { vi } from 'vitest';
import { resetGlobalState, useWebSocket } from '../compat.ts';
import type { Options, WebSocketHook } from './types.ts';
import type { UrlSource } from './with-query.ts';

export interface Library {
  readonly name: 'react-use-websocket' | 'compat';
  readonly useWebSocket: typeof useWebSocket;
  readonly resetGlobalState: (url?: string) => void;
}

/** Its default export, however a module of CommonJS is wrapped. */
const outer = original as unknown as { readonly default: unknown };
const inner = (outer.default as { readonly default?: unknown }).default ?? outer.default;

/** The same tests run on both. */
export const theirs: Library = {
  name: 'react-use-websocket',
  useWebSocket: inner as typeof useWebSocket,
  resetGlobalState: original.resetGlobalState,
};
export const ours: Library = { name: 'compat', useWebSocket, resetGlobalState };
export const libraries: readonly Library[] = [theirs, ours];

export const URL_TEXT = 'ws://chat.test/here';

export interface Use {
  readonly url?: UrlSource | null;
  readonly options?: Options;
  readonly connect?: boolean;
}

/** A component that uses the hook, and what it has seen. */
export interface Probe {
  /** What the hook gave the latest render. */
  readonly current: WebSocketHook;
  readonly renders: number;
  /** Each other `readyState` that was rendered. */
  readonly states: number[];
  /** The data of every `lastMessage` that an effect has seen. */
  readonly seen: unknown[];
  Component(use: Use & { readonly children?: ReactNode }): ReactNode;
}

export function probe({ useWebSocket: useIt }: Library, readsMessages = true): Probe {
  const states: number[] = [];
  const seen: unknown[] = [];
  const self = { current: null as unknown as WebSocketHook, renders: 0, states, seen, Component };
  function Component({
    url = URL_TEXT,
    options,
    connect,
    children,
  }: Use & { readonly children?: ReactNode }): ReactNode {
    const result = useIt(url, options, connect);
    const lastMessage = readsMessages ? result.lastMessage : null;
    self.current = result;
    self.renders += 1;
    if (states.at(-1) !== result.readyState) states.push(result.readyState);
    useEffect(() => {
      if (lastMessage !== null) seen.push(lastMessage.data);
    }, [lastMessage]);
    return children;
  }
  return self;
}

export interface Mounted extends Probe {
  update(use: Use): void;
  unmount(): void;
}

export function mount(library: Library, use: Use = {}, wrap: (page: ReactNode) => ReactNode = (page) => page): Mounted {
  const own = probe(library);
  const view: RenderResult = render(wrap(<own.Component {...use} />));
  return Object.assign(own, {
    update: (next: Use) => view.rerender(wrap(<own.Component {...next} />)),
    unmount: () => view.unmount(),
  });
}

/** A server of mock-socket, with all that happened to it. */
export interface Peer {
  /** Every WebSocket that was ever made, whether it got through or not. */
  readonly opened: MockWebSocket[];
  /** The subprotocols that each offered. */
  readonly offers: string[][];
  readonly clients: Client[];
  readonly received: unknown[];
  /** WebSockets that are connecting or open. */
  readonly alive: number;
  send(data: string): void;
  /** Ends all connections. */
  close(code?: number, reason?: string): void;
  /** From here on nobody answers. */
  down(): void;
  up(): void;
}

let servers: Server[] = [];

/** A server at `URL_TEXT`, and the global WebSocket of its page. Time is that of fake timers. */
export function startServer(...urls: readonly string[]): Peer {
  vi.useFakeTimers();
  // A connection that can't be made is told in the console by mock-socket, and what goes wrong by the libraries.
  vi.spyOn(console, 'error').mockImplementation(() => {});
  vi.spyOn(console, 'warn').mockImplementation(() => {});
  const opened: MockWebSocket[] = [];
  const offers: string[][] = [];
  class Counted extends MockWebSocket {
    constructor(url: string | URL, protocols?: string | string[]) {
      super(url, protocols);
      opened.push(this);
      offers.push([protocols ?? []].flat());
    }
  }
  vi.stubGlobal('WebSocket', Counted);
  const clients: Client[] = [];
  const received: unknown[] = [];
  const start = (): void => {
    servers = [URL_TEXT, ...urls].map((url) => {
      const server = new Server(url, { mock: false });
      server.on('connection', (client) => {
        clients.push(client);
        client.on('message', (data) => received.push(data));
      });
      return server;
    });
  };
  start();
  return {
    opened,
    offers,
    clients,
    received,
    get alive() {
      return opened.filter(({ readyState }) => readyState < 2).length;
    },
    send: (data) => {
      for (const client of clients) if (client.readyState === 1) client.send(data);
    },
    close: (code = 1001, reason = '') => {
      for (const client of clients) if (client.readyState === 1) client.close({ code, reason, wasClean: true });
    },
    down: () => {
      for (const server of servers.splice(0)) server.stop();
    },
    up: start,
  };
}

/** Lets fake time pass, promises and React included. */
export async function pass(milliseconds = 100): Promise<void> {
  await act(() => vi.advanceTimersByTimeAsync(milliseconds));
}

export async function cleanUp(): Promise<void> {
  cleanup();
  await pass(1_000);
  theirs.resetGlobalState();
  ours.resetGlobalState();
  for (const server of servers.splice(0)) server.stop();
  vi.useRealTimers();
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
}
