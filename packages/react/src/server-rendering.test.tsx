// @vitest-environment node
import type { ReactNode } from 'react';
import { renderToString } from 'react-dom/server';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';

const opened = vi.fn();

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal(
    'WebSocket',
    class {
      constructor() {
        opened();
      }
      close(): void {}
    },
  );
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
  opened.mockReset();
});

test('importing touches nothing of a browser', async () => {
  vi.resetModules();
  const touched: string[] = [];
  const names = ['window', 'document', 'navigator', 'WebSocket', 'indexedDB', 'BroadcastChannel', 'sessionStorage'];
  const before = names.map((name) => [name, Object.getOwnPropertyDescriptor(globalThis, name)] as const);
  for (const name of names) {
    Object.defineProperty(globalThis, name, {
      configurable: true,
      get: () => {
        touched.push(name);
        return undefined;
      },
    });
  }
  try {
    const { useSocket } = await import('./index.ts');
    expect(useSocket).toBeTypeOf('function');
    expect(touched).toEqual([]);
  } finally {
    for (const [name, descriptor] of before) {
      if (descriptor === undefined) Reflect.deleteProperty(globalThis, name);
      else Object.defineProperty(globalThis, name, descriptor);
    }
  }
  expect(vi.getTimerCount()).toBe(0);
});

test('on a server the hooks render a socket that has not started, open nothing and leave no timer', async () => {
  const { useConnectionState, useOnMessage, useSocket, useSocketStats } = await import('./index.ts');
  const { useLatestMessage, useMessages, useOutbox } = await import('./index.ts');
  const onEvent = vi.fn();
  function Page(): ReactNode {
    const socket = useSocket('ws://chat.test/here', { onEvent });
    const phase = useConnectionState(socket, (state) => state.phase);
    const { queued, rttMs } = useSocketStats(socket);
    useOnMessage(socket, () => expect.unreachable());
    const counts = [useMessages(socket).length, useOutbox(socket).items.length, typeof useLatestMessage(socket)];
    return `${phase} ${queued} ${String(rttMs)} ${counts.join(' ')}`;
  }
  const faults = vi.spyOn(console, 'error');
  expect(renderToString(<Page />)).toBe('idle 0 null 0 0 undefined');
  await Promise.resolve();
  expect(vi.getTimerCount()).toBe(0);
  await vi.advanceTimersByTimeAsync(10_000);
  expect([onEvent.mock.calls, faults.mock.calls]).toEqual([[], []]);
  expect(opened).not.toHaveBeenCalled();
});

test('on a server a given socket that is under way renders as not started, as every page will expect', async () => {
  const { createSocket } = await import('@holdfast/core');
  const { useConnectionState, useSocket } = await import('./index.ts');
  const socket = createSocket({ url: 'ws://chat.test/here' });
  expect(socket.getState().phase).toBe('connecting');
  function Page(): ReactNode {
    return useConnectionState(useSocket(socket)).phase;
  }
  expect(renderToString(<Page />)).toBe('idle');
  await socket.close();
});
