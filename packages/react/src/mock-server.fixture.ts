import { act } from '@testing-library/react';
import { Server, WebSocket as MockWebSocket, type Client } from 'mock-socket';
import { vi } from 'vitest';

export interface MockServer {
  /** Every WebSocket that a client has opened, also those that never got through. */
  readonly opened: readonly { readonly url: string; readonly readyState: number }[];
  /** Connections that got through, in order. */
  readonly clients: readonly Client[];
  /** What clients have sent. */
  readonly received: unknown[];
  /** WebSockets that are not closed. */
  alive(): number;
  stop(): void;
}

/** A server behind the global WebSocket, at each of `urls`. */
export function mockServer(...urls: readonly string[]): MockServer {
  const opened: MockWebSocket[] = [];
  const clients: Client[] = [];
  const received: unknown[] = [];
  const servers = urls.map((url) => {
    const server = new Server(url, { mock: false });
    server.on('connection', (client) => {
      clients.push(client);
      client.on('message', (data) => received.push(data));
    });
    return server;
  });
  vi.stubGlobal(
    'WebSocket',
    class extends MockWebSocket {
      constructor(url: string | URL, protocols?: string | string[]) {
        super(url, protocols);
        opened.push(this);
      }
    },
  );
  return {
    opened,
    clients,
    received,
    alive: () => opened.filter(({ readyState }) => readyState !== MockWebSocket.CLOSED).length,
    stop: () => {
      for (const server of servers) server.stop();
      vi.unstubAllGlobals();
    },
  };
}

/** Lets fake time pass, promises and React included. */
export async function pass(milliseconds: number): Promise<void> {
  await act(() => vi.advanceTimersByTimeAsync(milliseconds));
}
