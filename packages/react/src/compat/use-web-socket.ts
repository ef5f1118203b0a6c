import { useEffect, useInsertionEffect, useState } from 'react';
import { useStore } from 'zustand/react';
import { ReadyState } from './ready-state.ts';
import { Subscriber } from './subscriber.ts';
import type { Options, WebSocketHook } from './types.ts';
import type { UrlSource } from './with-query.ts';

const NO_JSON = {};
/** Components that share a connection get one object for each message, and it is parsed once. */
const parsed = new WeakMap<MessageEvent, unknown>();

/**
 * The hook of react-use-websocket 4, with its arguments and its result. One connection for this component, or, with
 * `share`, for all that share the URL; none on a server, nor while `url` is null or `connect` false. Another `url` or
 * other `queryParams` open another one, and so does another function as `url`: keep it in `useCallback`.
 *
 * A message renders this component only if it has read `lastMessage` or `lastJsonMessage` of any result of the hook.
 *
 * @throws TypeError for `fromSocketIO` and `eventSourceOptions`, which need other protocols
 *
 * @example
 * const { sendJsonMessage, lastJsonMessage, readyState } = useWebSocket<News>('wss://example.org/news', {
 *   shouldReconnect: () => true,
 * });
 */
export function useWebSocket<T = unknown>(
  url: UrlSource | null,
  options: Options = {},
  connect = true,
): WebSocketHook<T> {
  refuseOtherProtocols(options);
  const isWanted = (url ?? null) !== null && connect;
  const query = options.queryParams === undefined ? null : JSON.stringify(options.queryParams);
  const [subscriber] = useState(() => new Subscriber());

  useEffect(() => {
    if (isWanted) return subscriber.start(url as UrlSource);
    subscriber.rest();
    return undefined;
    // Another query is another URL.
  }, [subscriber, url, isWanted, query]);

  const readyState = useStore(subscriber.store, (picture) => picture.readyState);
  const readsMessages = subscriber.readsMessages;
  const rendered = useStore(subscriber.store, (picture) => (subscriber.readsMessages ? picture.lastMessage : null));

  // Before any other effect, so that no call meets the options of an older render.
  useInsertionEffect(() => {
    subscriber.options = options;
  });

  function lastMessage(): MessageEvent | null {
    subscriber.readsMessages = true;
    // Of a render for which messages did not count there is nothing but the newest.
    return readsMessages ? rendered : subscriber.store.getState().lastMessage;
  }

  return {
    sendMessage: subscriber.sendMessage,
    sendJsonMessage: subscriber.sendJsonMessage,
    get lastMessage() {
      return lastMessage();
    },
    get lastJsonMessage() {
      const message = lastMessage();
      return (options.disableJson === true || message === null ? null : jsonOf(message)) as T;
    },
    readyState: isWanted && readyState === ReadyState.UNINSTANTIATED ? ReadyState.CONNECTING : readyState,
    getWebSocket: subscriber.getWebSocket,
  };
}

function jsonOf(message: MessageEvent): unknown {
  if (parsed.has(message)) return parsed.get(message);
  let value: unknown = NO_JSON;
  try {
    value = JSON.parse(message.data as string);
  } catch {
    // What is no JSON is an empty object, by contract.
  }
  parsed.set(message, value);
  return value;
}

function refuseOtherProtocols(options: object): void {
  for (const name of ['fromSocketIO', 'eventSourceOptions']) {
    if ((options as Record<string, unknown>)[name]) {
      throw new TypeError(`option ${name} needs the client of its protocol`);
    }
  }
}
