import type original from 'react-use-websocket';
import type { Options as OriginalOptions, ReadyState as OriginalReadyState } from 'react-use-websocket';
import { expectTypeOf, test } from 'vitest';
import useWebSocket, { ReadyState, useWebSocket as named, type Options, type WebSocketHook } from '../compat.ts';

test('takes what the original takes, but for the other protocols', () => {
  type Taken = Omit<OriginalOptions, 'fromSocketIO' | 'eventSourceOptions'>;
  expectTypeOf<Taken>().toExtend<Options>();
  expectTypeOf<keyof Options>().toEqualTypeOf<keyof Taken>();
  expectTypeOf(useWebSocket).toBeCallableWith(null);
  expectTypeOf(useWebSocket).toBeCallableWith('ws://a.test', { share: true, onOpen: undefined }, false);
  expectTypeOf(useWebSocket).toBeCallableWith(async () => 'ws://a.test');
  expectTypeOf(named).toEqualTypeOf(useWebSocket);
  // @ts-expect-error another protocol
  useWebSocket('ws://a.test', { fromSocketIO: true });
});

test('gives what the original gives', () => {
  interface News {
    readonly text: string;
  }
  expectTypeOf(useWebSocket<News>('ws://a.test')).toEqualTypeOf<WebSocketHook<News>>();
  type Original = ReturnType<typeof original.default<News>>;
  expectTypeOf<WebSocketHook<News>['sendMessage']>().toEqualTypeOf<Original['sendMessage']>();
  expectTypeOf<WebSocketHook<News>['sendJsonMessage']>().toEqualTypeOf<Original['sendJsonMessage']>();
  expectTypeOf<WebSocketHook<News>['lastMessage']>().toEqualTypeOf<Original['lastMessage']>();
  expectTypeOf<WebSocketHook<News>['lastJsonMessage']>().toEqualTypeOf<News>();
  expectTypeOf<WebSocketHook['lastJsonMessage']>().toEqualTypeOf<unknown>();
  expectTypeOf<WebSocketHook['getWebSocket']>().toExtend<Original['getWebSocket']>();
});

test('ReadyState names every state, in both directions', () => {
  const names: Record<ReadyState, string> = {
    [ReadyState.UNINSTANTIATED]: 'none',
    [ReadyState.CONNECTING]: 'soon',
    [ReadyState.OPEN]: 'open',
    [ReadyState.CLOSING]: 'ending',
    [ReadyState.CLOSED]: 'closed',
  };
  expectTypeOf(names[useWebSocket('ws://a.test').readyState]).toEqualTypeOf<string>();
  expectTypeOf(ReadyState[ReadyState.OPEN]).toEqualTypeOf<'OPEN'>();
  expectTypeOf<`${OriginalReadyState}`>().toEqualTypeOf<`${ReadyState}`>();
});
