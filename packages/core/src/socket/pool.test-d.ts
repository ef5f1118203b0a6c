import { expectTypeOf, test } from 'vitest';
import type { HoldfastError } from '../lib/errors.ts';
import { createSocket } from './create-socket.ts';
import { messages } from './messages.ts';
import { createPool, type Lease, type Pool } from './pool.ts';
import type { Socket } from './types.ts';

interface Incoming {
  readonly price: number;
}
interface Outgoing {
  readonly order: string;
}

test('a pool knows its sockets and its keys', async () => {
  const pool = createPool({
    create: (room: string) => createSocket<Incoming, Outgoing>({ url: `ws://server.example/${room}` }),
  });
  expectTypeOf(pool).toEqualTypeOf<Pool<string, Socket<Incoming, Outgoing>>>();
  using lease = await pool.acquire('a', { signal: new AbortController().signal });
  expectTypeOf(lease).toEqualTypeOf<Lease<Socket<Incoming, Outgoing>>>();
  expectTypeOf(pool.leases()[0]?.key).toEqualTypeOf<string | undefined>();
  // @ts-expect-error a room has a name
  void pool.acquire(7);
});

test('a pool takes other keys, and no other things', () => {
  const pool = createPool({ create: (room: number) => createSocket({ url: `ws://server.example/${room}` }) });
  expectTypeOf(pool.acquire).parameter(0).toEqualTypeOf<number>();
  createPool({
    create: () => createSocket({ url: 'ws://server.example' }),
    detectLeaks: (leak) => expectTypeOf(leak).toEqualTypeOf<HoldfastError>(),
  });
  // @ts-expect-error a Map is no socket
  createPool({ create: () => new Map() });
});

test('messages have the type of the socket', () => {
  const socket = createSocket<Incoming, Outgoing>({ url: 'ws://server.example' });
  expectTypeOf(messages<Incoming>(socket)).toEqualTypeOf<AsyncIterableIterator<Incoming, undefined>>();
  messages<Incoming>(socket, { overflow: 'drop-oldest', onDrop: ({ price }) => expectTypeOf(price).toBeNumber() });
  // @ts-expect-error there is no such way
  messages<Incoming>(socket, { overflow: 'drop' });
});
