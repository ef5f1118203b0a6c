import { createTestWorld, type TestPeer } from '@holdfast/core/testing';
import { act, cleanup } from '@testing-library/react';
import { expect, vi } from 'vitest';

export interface MockServer {
  /** Every WebSocket that a client has opened, also those that never got through. */
  readonly opened: readonly { readonly url: string }[];
  /** Connections that got through, in order. */
  readonly clients: readonly TestPeer[];
  /** What clients have sent. */
  readonly received: readonly unknown[];
  /** Serves one more URL. */
  serve(url: string): void;
  /** WebSockets that are not closed. */
  alive(): number;
  stop(): void;
}

/** A server behind the global WebSocket, at each of `urls`. Its time is that of the test runner's timers. */
export function mockServer(...urls: readonly string[]): MockServer {
  const { network, page, server, WebSocket } = createTestWorld({ timers: 'global', latencyMs: 5 });
  const clients: TestPeer[] = [];
  const serve = (url: string): void => void server(url, { onConnection: (peer) => void clients.push(peer) });
  urls.forEach(serve);
  vi.stubGlobal('WebSocket', WebSocket);
  return {
    opened: network.connections,
    clients,
    get received() {
      return clients.flatMap(({ messages }) => messages);
    },
    serve,
    alive: () => page.held.connections,
    stop: () => vi.unstubAllGlobals(),
  };
}

/** Lets fake time pass, promises and React included. */
export async function pass(milliseconds: number): Promise<void> {
  await act(() => vi.advanceTimersByTimeAsync(milliseconds));
}

/**
 * Ends a test under fake timers: unmounts all, and checks that no connection and no timer outlives it by more than the idle
 * time, so that no test finds the socket of another.
 */
export async function endTest(server: MockServer): Promise<void> {
  cleanup();
  await pass(60_000);
  expect(server.alive()).toBe(0);
  expect(vi.getTimerCount()).toBe(0);
  server.stop();
  vi.useRealTimers();
  vi.restoreAllMocks();
}
