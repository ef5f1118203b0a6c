import type { MessageData } from '@holdfast/core/protocol';
import { createServer as createHttpServer } from 'node:http';
import { expectTypeOf, test } from 'vitest';
import {
  createServer,
  memoryStore,
  Refuse,
  type EventRecord,
  type HoldfastServer,
  type Message,
  type PositionHook,
  type ProducerStore,
  type Sendable,
  type SendToStatus,
  type ServerOptions,
  type Session,
} from './index.ts';
import type { lmdbStore } from './lmdb.ts';

interface Incoming {
  readonly order: string;
}
interface Outgoing {
  readonly price: number;
}

test('a server takes and sends what JSON carries, and bytes, unless it says what comes and goes', () => {
  const server = createServer({
    onMessage(message, session) {
      expectTypeOf(message.data).toEqualTypeOf<MessageData>();
      expectTypeOf(message.signal).toEqualTypeOf<AbortSignal>();
      expectTypeOf(session).toEqualTypeOf<Session>();
      session.send({ a: [1, null] });
      session.send(new Uint8Array(1));
      // @ts-expect-error bytes are no part of JSON
      session.send({ bytes: new Uint8Array(1) });
    },
  });
  expectTypeOf(server).toEqualTypeOf<HoldfastServer>();
  expectTypeOf(server.sendTo).parameter(1).toEqualTypeOf<Sendable>();
});

test('the types of the conversation reach handlers, sessions and sendTo', () => {
  const server = createServer<Incoming, Outgoing>({
    onMessage(message, session) {
      expectTypeOf(message).toEqualTypeOf<Message<Incoming>>();
      expectTypeOf(session.send).parameter(0).toEqualTypeOf<Outgoing>();
      if (message.data.order === '') throw new Refuse('no order', { code: 'EMPTY', details: { order: null } });
    },
    onSession: (session) => void expectTypeOf(session).toEqualTypeOf<Session<Outgoing>>(),
    onSessionEnd: (_session, reason) =>
      void expectTypeOf(reason).toEqualTypeOf<'closed' | 'expired' | 'evicted' | 'replaced' | 'shutdown'>(),
    onEvent: (record) => expectTypeOf(record).toEqualTypeOf<EventRecord>(),
  });
  expectTypeOf(server.sessions).toEqualTypeOf<ReadonlyMap<string, Session<Outgoing>>>();
  expectTypeOf(server.sendTo('ada', { price: 1 })).toEqualTypeOf<Promise<SendToStatus>>();
  // @ts-expect-error no such message
  void server.sendTo('ada', { order: 'x' });
});

test('a handler commits with the transaction of the position hook', () => {
  interface Tx {
    readonly run: (sql: string) => void;
  }
  const positions: PositionHook<Tx> = { load: () => null, commit: (tx) => tx.run('…') };
  createServer<Incoming, Outgoing, Tx>({
    positions,
    onMessage: ({ commit }) => void expectTypeOf(commit).parameter(0).toEqualTypeOf<Tx | undefined>(),
  });
});

test('options are checked: what is needed, who a client is, and what belongs to no server', () => {
  const onMessage = (): void => {};
  expectTypeOf(createServer).toBeCallableWith({ onMessage, authenticate: () => 'ada' });
  expectTypeOf(createServer).toBeCallableWith({
    onMessage,
    authenticate: async ({ token, headers }) => {
      expectTypeOf(token).toEqualTypeOf<string | undefined>();
      expectTypeOf(headers['cookie']).toEqualTypeOf<string | readonly string[] | undefined>();
      return { identity: 'ada', expiresAt: 0 };
    },
  });
  // @ts-expect-error no handler
  createServer({});
  // @ts-expect-error no such option
  createServer({ onMessage, onMesage: onMessage });
  // @ts-expect-error an identity is text
  createServer({ onMessage, authenticate: () => 7 });
  // @ts-expect-error no such limit
  createServer({ onMessage, limits: { session: 1 } });
  expectTypeOf<ServerOptions['allowedOrigins']>().extract<string>().toEqualTypeOf<'*'>();
});

test('it attaches to servers of Node, and each store is one for it', () => {
  const server = createServer({ onMessage() {} });
  expectTypeOf(server.attach(createHttpServer(), { path: '/socket' })).toEqualTypeOf<() => void>();
  // @ts-expect-error an app of Express is a function
  server.attach(() => {});
  expectTypeOf(memoryStore()).toExtend<ProducerStore>();
  expectTypeOf<ReturnType<typeof lmdbStore>>().toExtend<ProducerStore>();
});
