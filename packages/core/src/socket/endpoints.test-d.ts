import { expectTypeOf, test } from 'vitest';
import { HoldfastWebSocket } from '../websocket/holdfast-websocket.ts';
import { createSocket } from './create-socket.ts';
import { endpoints, type Endpoints, type EndpointsTarget } from './endpoints.ts';
import { retryBudget } from './retry-budget.ts';
import type { ReconnectOptions, Socket, SocketOptions } from './types.ts';

test('endpoints give what createSocket takes, and back what it makes', () => {
  const servers = endpoints(['wss://a.example/', new URL('wss://b.example/')], { returnAfterMs: Infinity });
  expectTypeOf(servers).toEqualTypeOf<Endpoints>();
  expectTypeOf<EndpointsTarget>().toExtend<SocketOptions>();
  const socket = servers.open((where) => createSocket<{ readonly price: number }, 'buy'>(where));
  expectTypeOf(socket).toEqualTypeOf<Socket<{ readonly price: number }, 'buy'>>();
  const dropIn = servers.open(({ url, environment }) => new HoldfastWebSocket(url, [], { environment }));
  expectTypeOf(dropIn).toEqualTypeOf<HoldfastWebSocket>();
});

test('they take URLs, and no other things', () => {
  // @ts-expect-error a list
  endpoints('wss://a.example/');
  // @ts-expect-error URLs
  endpoints([() => 'wss://a.example/']);
  // @ts-expect-error a number of milliseconds
  endpoints(['wss://a.example/'], { hedgeAfterMs: '250' });
  // @ts-expect-error known options
  endpoints(['wss://a.example/'], { hedgeMs: 250 });
});

test('a retry budget is a decide', () => {
  expectTypeOf(retryBudget({ tries: 1, perMs: 1_000 })()).toExtend<NonNullable<ReconnectOptions['decide']>>();
  // @ts-expect-error both
  retryBudget({ tries: 1 });
});
