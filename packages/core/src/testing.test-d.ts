import type { Environment, MessageData, Outbox, WebSocketLike } from '@holdfast/core';
import {
  createTestWorld,
  explore,
  HoldfastServer,
  outboxStoreConformance,
  type ConformanceCase,
  type OutboxStore,
  type PlanFailed,
  type Random,
  shrink,
  type ServerScript,
  type TestClock,
  type TestPage,
  type TestPeer,
  type TestServer,
  type TestSession,
  webSocketConformance,
} from '@holdfast/core/testing';
import { expectTypeOf, test } from 'vitest';

test('a world gives what createSocket takes', () => {
  const world = createTestWorld({ seed: 1, latencyMs: 5, jitterMs: 5, startMs: 0, timers: 'own', hasLocks: false });
  expectTypeOf(world.page.environment).toEqualTypeOf<Environment>();
  expectTypeOf(world.page.outbox({ identity: 'ada', maxMessages: 5 })).toEqualTypeOf<Outbox>();
  expectTypeOf(world.WebSocket).toEqualTypeOf<typeof WebSocket>();
  expectTypeOf(world.page.reload()).toEqualTypeOf<TestPage>();
  expectTypeOf(world.openPage()).toEqualTypeOf<TestPage>();
  expectTypeOf(world.storage.messages()).toEqualTypeOf<readonly MessageData[]>();
  expectTypeOf(world.server('wss://a.test/')).toEqualTypeOf<TestServer>();
  // @ts-expect-error there are two kinds
  createTestWorld({ timers: 'fake' });
  // @ts-expect-error a direction is up, down or both
  world.network.blackHole('sideways');
});

test('the clock gives the value of a promise, and nothing for a condition', () => {
  expectTypeOf<TestClock>().toHaveProperty('now').toEqualTypeOf<number>();
  const { clock } = createTestWorld();
  expectTypeOf(clock.until(Promise.resolve('x'))).toEqualTypeOf<Promise<string>>();
  expectTypeOf(clock.until(() => true, 5)).toEqualTypeOf<Promise<void>>();
  // @ts-expect-error neither
  void clock.until('x');
});

test('a server is a script, and the one for holdfast() has types for both ways', () => {
  const server = new HoldfastServer<{ text: string }, number>({
    onMessage(message, session) {
      expectTypeOf(message.data).toEqualTypeOf<{ text: string }>();
      expectTypeOf(session).toEqualTypeOf<TestSession<number>>();
    },
  });
  expectTypeOf(server).toExtend<ServerScript>();
  expectTypeOf(server.taken).toEqualTypeOf<{ text: string }[]>();
  expectTypeOf(server.broadcast).parameter(0).toEqualTypeOf<number>();
  expectTypeOf(new HoldfastServer().taken).toEqualTypeOf<MessageData[]>();
  expectTypeOf<NonNullable<ServerScript['onMessage']>>().parameters.toEqualTypeOf<
    [TestPeer, string | Uint8Array<ArrayBuffer>]
  >();
});

test('plans have the type of their actions', () => {
  expectTypeOf(
    explore({
      seeds: [7],
      plan(random) {
        expectTypeOf(random).toEqualTypeOf<Random>();
        return [{ at: random.whole(0, 5) }];
      },
      run(actions) {
        expectTypeOf(actions).toEqualTypeOf<readonly { at: number }[]>();
      },
    }),
  ).toEqualTypeOf<Promise<number>>();
  expectTypeOf(shrink(['a'], () => true)).toEqualTypeOf<Promise<readonly string[]>>();
  expectTypeOf<PlanFailed<number>['actions']>().toEqualTypeOf<readonly number[]>();
});

test('suites are lists of named cases', () => {
  expectTypeOf(outboxStoreConformance).parameter(0).toEqualTypeOf<(place: string) => OutboxStore>();
  expectTypeOf(outboxStoreConformance).returns.toEqualTypeOf<readonly ConformanceCase[]>();
  expectTypeOf(webSocketConformance).parameter(0).toHaveProperty('openToNobody').toEqualTypeOf<() => WebSocketLike>();
});
