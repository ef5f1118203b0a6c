import { describe, expectTypeOf, test } from 'vitest';
import {
  createSocket,
  type ErrorCode,
  type HoldfastError,
  type Json,
  type MessageData,
  type Sendable,
  type Receipt,
  type Socket,
  type SocketOptions,
} from '../index.ts';

interface Incoming {
  readonly kind: 'tick';
  readonly price: number;
}
interface Outgoing {
  readonly order: string;
}

const options: SocketOptions<Outgoing> = { url: 'ws://server.example' };

describe('createSocket', () => {
  test('speaks JSON and bytes by default', () => {
    const socket = createSocket({ url: 'ws://server.example' });
    expectTypeOf(socket).toEqualTypeOf<Socket<MessageData, Sendable>>();
    socket.on('message', (message) => expectTypeOf(message).toEqualTypeOf<MessageData>());
    expectTypeOf(socket.send).parameter(0).toEqualTypeOf<Sendable>();
    socket.send({ a: [1, 'b', null] });
    socket.send(new Uint8Array(1));
    socket.send(new Float64Array(1).buffer);
    socket.send(new DataView(new ArrayBuffer(1)));
    socket.send(new Blob([]));
    // @ts-expect-error bytes are no part of JSON
    socket.send({ bytes: new Uint8Array(1) });
    socket.on('message', (message) => {
      if (message instanceof Uint8Array) expectTypeOf(message).toEqualTypeOf<Uint8Array<ArrayBuffer>>();
      else expectTypeOf(message).toEqualTypeOf<Json>();
    });
    // @ts-expect-error undefined is no JSON
    socket.send(undefined);
    // @ts-expect-error a function is no JSON
    socket.send(() => {});
  });

  test('takes bytes beside messages of a type where that says so', () => {
    const socket = createSocket<Incoming | Uint8Array, Outgoing | Blob>({ url: 'ws://server.example' });
    socket.send(new Blob([]));
    socket.send({ order: 'a' });
    // @ts-expect-error it says Blob
    socket.send(new Uint8Array(1));
  });

  test('has a type for each direction', () => {
    const socket = createSocket<Incoming, Outgoing>(options);
    socket.on('message', (message) => expectTypeOf(message).toEqualTypeOf<Incoming>());
    expectTypeOf(socket.send({ order: 'a' })).toEqualTypeOf<Receipt>();
    // @ts-expect-error what comes in does not go out
    socket.send({ kind: 'tick', price: 1 });
  });

  test('gives onConnect the type of what goes out', () => {
    createSocket<Incoming, Outgoing>({
      url: 'ws://server.example',
      onConnect: async ({ send, resumed, signal }) => {
        expectTypeOf(resumed).toEqualTypeOf<boolean>();
        expectTypeOf(signal).toEqualTypeOf<AbortSignal>();
        expectTypeOf(send).parameter(0).toEqualTypeOf<Outgoing>();
        await send({ order: 'a' });
      },
    });
  });

  test('knows its options', () => {
    // @ts-expect-error the url is missing
    createSocket({});
    // @ts-expect-error there is no such option
    createSocket({ url: 'ws://a', retry: true });
    // @ts-expect-error true would say nothing
    createSocket({ url: 'ws://a', reconnect: true });
    createSocket({ url: () => Promise.resolve(new URL('ws://a')), reconnect: false, heartbeat: false });
    createSocket({
      url: 'ws://a',
      hidden: { releaseAfterMs: 60_000 },
      reconnect: {
        jitter: 'decorrelated',
        maxElapsedMs: 60_000,
        coolDownMs: 1_000,
        policies: { SERVER_BUSY: false, CONNECT_FAILED: { initialDelayMs: 50, jitter: 'none' } },
        decide: ({ code, closeCode, attempt, elapsedMs, retryAfterMs, lastDelayMs, delayMs }) => {
          expectTypeOf(code).toEqualTypeOf<ErrorCode>();
          expectTypeOf([attempt, elapsedMs, lastDelayMs]).toEqualTypeOf<number[]>();
          expectTypeOf([closeCode, retryAfterMs, delayMs]).toEqualTypeOf<(number | null)[]>();
          return attempt > 3 ? false : delayMs === null ? undefined : delayMs * 2;
        },
      },
    });
    // @ts-expect-error there is no such jitter
    createSocket({ url: 'ws://a', reconnect: { jitter: 'some' } });
    // @ts-expect-error there is no such code
    createSocket({ url: 'ws://a', reconnect: { policies: { TIMEOUT: false } } });
    // @ts-expect-error true would say nothing
    createSocket({ url: 'ws://a', reconnect: { decide: () => true } });
    // @ts-expect-error a time is missing
    createSocket({ url: 'ws://a', hidden: {} });
    // @ts-expect-error a TTL is a number of milliseconds
    createSocket({ url: 'ws://a' }).send(1, { ttlMs: '5s' });
  });
});

describe('events', () => {
  const socket = createSocket<Incoming>({ url: 'ws://server.example' });

  test('have each their type', () => {
    socket.on('open', (event) =>
      expectTypeOf(event).toEqualTypeOf<{ readonly resumed: boolean; readonly attempt: number }>(),
    );
    socket.on('close', ({ code }) => expectTypeOf(code).toEqualTypeOf<number>());
    socket.on('gap', ({ to }) => expectTypeOf(to).toEqualTypeOf<number | null>());
    socket.on('drop', ({ id, error }) =>
      expectTypeOf([id, error] as const).toEqualTypeOf<readonly [string, HoldfastError]>(),
    );
    socket.on('error', (error) => expectTypeOf(error).toEqualTypeOf<HoldfastError>());
    socket.on('closed', ({ error }) => expectTypeOf(error).toEqualTypeOf<HoldfastError | null>());
    socket.on('state', (state) => expectTypeOf(state).toEqualTypeOf(socket.getState()));
    // @ts-expect-error there is no such event
    socket.on('connected', () => {});
  });

  test('give the function that stops the listener', () => {
    expectTypeOf(socket.on('open', () => {})).toEqualTypeOf<() => void>();
    expectTypeOf(socket.subscribe(() => {})).toEqualTypeOf<() => void>();
  });

  test('of a state are a closed set of words', () => {
    expectTypeOf(socket.getState().phase).toEqualTypeOf<
      'idle' | 'connecting' | 'open' | 'waiting' | 'paused' | 'suspended' | 'closing' | 'closed'
    >();
    expectTypeOf(socket.getState().breaker).toEqualTypeOf<'closed' | 'open' | 'half-open'>();
    // @ts-expect-error a picture is not for writing
    socket.getState().phase = 'open';
  });
});

test('migrate() is waited for', () => {
  expectTypeOf<Socket['migrate']>().toEqualTypeOf<() => Promise<void>>();
});

test('a receipt tells by promises and by words', () => {
  expectTypeOf<Receipt['stored']>().toEqualTypeOf<Promise<void>>();
  expectTypeOf<Receipt['delivered']>().toEqualTypeOf<Promise<void>>();
  expectTypeOf<Receipt['status']>().toEqualTypeOf<'queued' | 'inFlight' | 'delivered' | 'failed'>();
  expectTypeOf<HoldfastError['code']>().extract<'EXPIRED'>().toEqualTypeOf<'EXPIRED'>();
});
