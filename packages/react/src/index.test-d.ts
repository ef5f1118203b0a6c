import type { ConnectionState, MessageData, Phase, Socket, SocketStats } from '@holdfast/core';
import { expectTypeOf, test } from 'vitest';
import { useConnectionState, useOnMessage, useSocket, useSocketStats, type UseSocketOptions } from './index.ts';

interface Incoming {
  readonly text: string;
}
type Outgoing = { readonly say: string };

declare const socket: Socket<Incoming, Outgoing>;
declare const urlFunction: () => Promise<URL>;

test('useSocket gives a socket of the types asked for', () => {
  expectTypeOf(useSocket('ws://a.test')).toEqualTypeOf<Socket>();
  expectTypeOf(useSocket(new URL('ws://a.test'))).toEqualTypeOf<Socket>();
  expectTypeOf(useSocket<Incoming, Outgoing>('ws://a.test')).toEqualTypeOf<Socket<Incoming, Outgoing>>();
  expectTypeOf(useSocket(socket)).toEqualTypeOf<Socket<Incoming, Outgoing>>();
  expectTypeOf(useSocket<Incoming, Outgoing>(socket as typeof socket | string)).toEqualTypeOf<
    Socket<Incoming, Outgoing>
  >();
});

test('a URL function needs a key', () => {
  expectTypeOf(useSocket(urlFunction, { key: 'chat' })).toEqualTypeOf<Socket>();
  // @ts-expect-error no key
  useSocket(urlFunction);
  // @ts-expect-error no key
  useSocket(urlFunction, {});
});

test('the options are those of createSocket without url and signal, and two more', () => {
  expectTypeOf<UseSocketOptions['key']>().toEqualTypeOf<string | undefined>();
  expectTypeOf<UseSocketOptions['idleMs']>().toEqualTypeOf<number | undefined>();
  expectTypeOf<UseSocketOptions>().toHaveProperty('reconnect');
  expectTypeOf<UseSocketOptions>().not.toHaveProperty('url');
  expectTypeOf<UseSocketOptions>().not.toHaveProperty('signal');
  useSocket<Incoming, Outgoing>('ws://a.test', {
    onConnect: async ({ send }) => {
      expectTypeOf(send).parameter(0).toEqualTypeOf<Outgoing>();
      await send({ say: 'hello' });
    },
  });
});

test('useConnectionState gives the state, or what the selector makes of it', () => {
  expectTypeOf(useConnectionState(socket)).toEqualTypeOf<ConnectionState>();
  expectTypeOf(useConnectionState(socket, (state) => state.phase)).toEqualTypeOf<Phase>();
  expectTypeOf(useConnectionState(socket, ({ phase, attempt }) => ({ phase, attempt }))).toEqualTypeOf<{
    phase: Phase;
    attempt: number;
  }>();
  // @ts-expect-error no such field
  useConnectionState(socket, (state) => state.queued);
});

test('useSocketStats gives the numbers, or what the selector makes of them', () => {
  expectTypeOf(useSocketStats(socket)).toEqualTypeOf<SocketStats>();
  expectTypeOf(useSocketStats(socket, (stats) => stats.rttMs)).toEqualTypeOf<number | null>();
});

test("useOnMessage gives the handler the socket's messages", () => {
  useOnMessage(socket, (message) => {
    expectTypeOf(message).toEqualTypeOf<Incoming>();
  });
  useOnMessage(useSocket('ws://a.test'), (message) => {
    expectTypeOf(message).toEqualTypeOf<MessageData>();
  });
  expectTypeOf(useOnMessage(socket, () => {})).toEqualTypeOf<void>();
  // @ts-expect-error another kind of message
  useOnMessage(socket, (message: number) => message);
});
