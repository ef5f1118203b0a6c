import { createSocket, holdfast, type Socket, type SocketOptions } from '@holdfast/core';
import { createTestWorld, HoldfastServer, type TestWorld } from '@holdfast/core/testing';
import { act } from '@testing-library/react';

/** A socket of the real core with its server, in virtual time. The server refuses what says `no`. */
export interface TestConversation {
  readonly world: TestWorld;
  readonly server: HoldfastServer;
  readonly socket: Socket;
  /** Lets time pass, React included. */
  readonly pass: (milliseconds: number) => Promise<void>;
}

export function testConversation(options: Partial<SocketOptions> = {}): TestConversation {
  const world = createTestWorld();
  const server = new HoldfastServer({
    onMessage: ({ data }) => {
      if (data === 'no') throw new Error('not that');
    },
  });
  world.server('wss://chat.test/socket', server);
  const socket = createSocket({
    url: 'wss://chat.test/socket',
    protocol: holdfast(),
    environment: world.page.environment,
    ...options,
  });
  return { world, server, socket, pass: (milliseconds) => act(() => world.clock.advance(milliseconds)) };
}
