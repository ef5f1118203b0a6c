import type { ConnectContext, EventRecord, Json, SocketOptions } from '@holdfast/core';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { fakeSocket, type FakeSocket } from './fake-socket.fixture.ts';
import { socketRequest, type SocketRequest, type SocketUrl, type UseSocketOptions } from './socket-request.ts';

const URL_TEXT = 'wss://example.org/chat';
const request = (options: UseSocketOptions = {}, url: SocketUrl = URL_TEXT): SocketRequest =>
  socketRequest(url, options);

let made: { readonly socket: FakeSocket; readonly options: SocketOptions }[];
/** Of a pool that is new for each test. */
let acquire: (typeof import('./pool.ts'))['acquire'];

beforeEach(async () => {
  vi.useFakeTimers();
  made = [];
  vi.resetModules();
  vi.doMock('@holdfast/core', () => ({
    createSocket: (options: SocketOptions) => {
      const socket = fakeSocket();
      made.push({ socket, options });
      return socket;
    },
  }));
  ({ acquire } = await import('./pool.ts'));
});

afterEach(() => {
  vi.doUnmock('@holdfast/core');
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

/** What the pool has closed. */
const commands = (): string[][] => made.map(({ socket }) => socket.commands);

test('equal requests share a socket, others do not', () => {
  expect(acquire(request())).toBe(acquire(request()));
  expect(acquire(request({ heartbeat: false }))).not.toBe(acquire(request()));
});

test('acquiring connects nothing, and what nobody retains is closed after the idle time', () => {
  const entry = acquire(request());
  vi.advanceTimersByTime(999);
  expect(commands()).toEqual([[]]);
  vi.advanceTimersByTime(1);
  expect(commands()).toEqual([['close']]);
  expect(vi.getTimerCount()).toBe(0);
  expect(acquire(request())).not.toBe(entry);
});

test('a socket that still has something to deliver outlives its last component', () => {
  const entry = acquire(request());
  const release = entry.retain(request());
  const { socket } = made[0]!;
  socket.setState({ phase: 'waiting' });
  socket.setStats({ queued: 1 });
  release?.();
  vi.advanceTimersByTime(60_000);
  expect(commands()).toEqual([['connect']]);
  socket.setStats({ queued: 0 });
  vi.advanceTimersByTime(1_000);
  expect(commands()).toEqual([['connect', 'close']]);
  expect(vi.getTimerCount()).toBe(0);
});

test.each(['suspended', 'paused', 'idle'] as const)('a socket that is %s is let go with what it has', (phase) => {
  const release = acquire(request()).retain(request());
  const { socket } = made[0]!;
  socket.setState({ phase });
  socket.setStats({ queued: 1 });
  release?.();
  vi.advanceTimersByTime(1_000);
  expect(commands()).toEqual([['connect', 'close']]);
});

test('what is open, and has nothing to deliver, is let go', () => {
  const release = acquire(request()).retain(request());
  made[0]!.socket.setState({ phase: 'open' });
  release?.();
  vi.advanceTimersByTime(1_000);
  expect(commands()).toEqual([['connect', 'close']]);
});

test('connects what was never told to, unless it is asked not to', () => {
  const entry = acquire(request());
  entry.retain(request());
  entry.retain(request());
  const paused = acquire(request({ key: 'b' }));
  paused.socket.pause();
  paused.retain(request());
  const later = acquire(request({ key: 'c' }));
  later.retain(request({ autoConnect: false }));
  expect(commands()).toEqual([['connect'], ['pause'], []]);
  later.retain(request());
  expect(commands()[2]).toEqual(['connect']);
});

test('closes when the last holder has been away for the idle time', () => {
  const entry = acquire(request());
  const first = entry.retain(request());
  const second = entry.retain(request());
  first?.();
  vi.advanceTimersByTime(5_000);
  expect(entry.socket.getState().phase).toBe('connecting');
  const close = vi.spyOn(made[0]!.socket, 'close');
  second?.();
  vi.advanceTimersByTime(999);
  expect(close).not.toHaveBeenCalled();
  vi.advanceTimersByTime(1);
  expect(close).toHaveBeenCalledExactlyOnceWith({ flushMs: 5_000 });
  expect(vi.getTimerCount()).toBe(0);
  expect(acquire(request())).not.toBe(entry);
});

test('a holder that comes back in time keeps the connection', () => {
  const entry = acquire(request());
  const holder = request();
  entry.retain(holder)?.();
  vi.advanceTimersByTime(999);
  expect(acquire(request())).toBe(entry);
  expect(entry.retain(holder)).toBeTypeOf('function');
  vi.advanceTimersByTime(10_000);
  expect(commands()).toEqual([['connect']]);
});

test('the idle time is that of the holder that left last, and none is longer than a timer can wait', () => {
  const entry = acquire(request());
  const holder = request();
  const first = entry.retain(request({ idleMs: 60_000 }));
  const second = entry.retain(holder);
  Object.assign(holder, request({ idleMs: 20 }));
  first?.();
  second?.();
  vi.advanceTimersByTime(20);
  expect(commands()).toEqual([['connect', 'close']]);
  acquire(request({ idleMs: Infinity }));
  vi.advanceTimersByTime(1_000_000);
  expect(commands()).toEqual([['connect', 'close'], []]);
});

test('what somebody waits for before anybody holds it connects, and is kept while it is on its way', () => {
  const entry = acquire(request());
  void entry.socket.whenOpen();
  expect(commands()).toEqual([['connect']]);
  vi.advanceTimersByTime(60_000);
  expect(commands()).toEqual([['connect']]);
  made[0]!.socket.setState({ phase: 'open' });
  vi.advanceTimersByTime(1_000);
  expect(commands()).toEqual([['connect', 'close']]);
  void acquire(request({ autoConnect: false })).socket.whenOpen();
  expect(commands()[1]).toEqual([]);
});

test('an entry that was forgotten is never retained again', () => {
  const entry = acquire(request());
  vi.advanceTimersByTime(1_000);
  expect(entry.retain(request())).toBeUndefined();
  const other = acquire(request());
  expect(entry.retain(request())).toBeUndefined();
  expect(other.retain(request())).toBeTypeOf('function');
});

test('what the app closed serves nobody new, and its end leaves the new one alone', async () => {
  const entry = acquire(request());
  const release = entry.retain(request());
  await entry.socket.close();
  const next = acquire(request());
  expect(next).not.toBe(entry);
  next.retain(request());
  release?.();
  vi.advanceTimersByTime(1_000);
  expect(acquire(request())).toBe(next);
});

test('options reach the socket; what belongs to the hook does not', () => {
  acquire(request({ key: 'a', idleMs: 7, autoConnect: true, heartbeat: false, reconnect: { factor: 3 } }));
  expect(made[0]?.options).toEqual({
    url: URL_TEXT,
    heartbeat: false,
    reconnect: { factor: 3 },
    autoConnect: false,
    onConnect: expect.any(Function) as unknown,
    onEvent: expect.any(Function) as unknown,
  });
});

const context = {} as ConnectContext<Json>;
const record = {} as EventRecord;

test('functions are those of the latest render', async () => {
  const calls: string[] = [];
  const functions = (name: string): SocketRequest =>
    request(
      {
        key: 'chat',
        auth: () => `token ${name}`,
        onConnect: (given) => void calls.push(`${name} connect ${given === context}`),
        onEvent: (given) => void calls.push(`${name} event ${given === record}`),
      },
      () => `wss://example.org/${name}`,
    );
  const entry = acquire(functions('render'));
  const ask = async (): Promise<void> => {
    const { url, auth, onConnect, onEvent } = made[0]!.options;
    calls.push(String(typeof url === 'function' && (await url({ attempt: 0 }))), String(await auth?.()));
    await onConnect?.(context);
    onEvent?.(record);
  };
  const answers = (name: string): string[] => [
    `wss://example.org/${name}`,
    `token ${name}`,
    `${name} connect true`,
    `${name} event true`,
  ];
  const asked = async (): Promise<string[]> => {
    calls.length = 0;
    await ask();
    return [...calls];
  };
  expect(await asked()).toEqual(answers('render'));
  const [first, second] = [functions('first'), functions('second')];
  const releaseFirst = entry.retain(first);
  expect(await asked()).toEqual(answers('first'));
  const releaseSecond = entry.retain(second);
  Object.assign(first, functions('first again'));
  expect(await asked()).toEqual(answers('second'));
  Object.assign(second, functions('second again'));
  expect(await asked()).toEqual(answers('second again'));
  releaseSecond?.();
  expect(await asked()).toEqual(answers('first again'));
  releaseFirst?.();
  expect(await asked()).toEqual(answers('first again'));
});

test('a holder without a function leaves the word to one that has it', () => {
  const onEvent = vi.fn();
  const entry = acquire(request({ onEvent: () => expect.unreachable('its component is gone') }));
  entry.retain(request({ onEvent }));
  entry.retain(request());
  made[0]?.options.onEvent?.(record);
  expect(onEvent).toHaveBeenCalledExactlyOnceWith(record);
});

test('functions that nobody gives any more are not called', () => {
  const onEvent = vi.fn();
  const entry = acquire(request({ onEvent }));
  entry.retain(request());
  made[0]?.options.onEvent?.(record);
  expect(onEvent).not.toHaveBeenCalled();
});

test('without a window nothing is shared, timed or opened, until an effect shows that this is no server', () => {
  vi.stubGlobal('window', undefined);
  const entry = acquire(request());
  const other = acquire(request());
  expect(other).not.toBe(entry);
  expect(made.map(({ options }) => options.signal?.aborted)).toEqual([true, true]);
  expect(vi.getTimerCount()).toBe(0);
  expect(entry.retain(request())).toBeUndefined();
  const real = acquire(request());
  expect(made[2]?.options).not.toHaveProperty('signal');
  expect(acquire(request())).toBe(real);
  expect(real.retain(request())).toBeTypeOf('function');
});
