import type { ConnectContext, EventRecord, Json, SocketOptions } from '@holdfast/core';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { fakeSocket, type FakeSocket } from './fake-socket.fixture.ts';
import { SocketPool } from './pool.ts';
import { socketRequest, type SocketRequest, type SocketUrl, type UseSocketOptions } from './socket-request.ts';

const URL_TEXT = 'wss://example.org/chat';
const request = (options: UseSocketOptions = {}, url: SocketUrl = URL_TEXT): SocketRequest =>
  socketRequest(url, options);

let made: { readonly socket: FakeSocket; readonly options: SocketOptions }[];
let pool: SocketPool;

beforeEach(() => {
  vi.useFakeTimers();
  made = [];
  pool = new SocketPool((options) => {
    const socket = fakeSocket();
    made.push({ socket, options });
    return socket;
  });
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

test('equal requests share a socket, others do not', () => {
  expect(pool.acquire(request())).toBe(pool.acquire(request()));
  expect(pool.acquire(request({ heartbeat: false }))).not.toBe(pool.acquire(request()));
});

test('acquiring makes no socket, and what nobody retains is forgotten after the idle time', () => {
  const entry = pool.acquire(request());
  vi.advanceTimersByTime(999);
  expect(pool.size).toBe(1);
  vi.advanceTimersByTime(1);
  expect(pool.size).toBe(0);
  expect(made).toHaveLength(0);
  expect(vi.getTimerCount()).toBe(0);
  expect(pool.acquire(request())).not.toBe(entry);
});

test('a socket that still has something to deliver outlives its last component', () => {
  const entry = pool.acquire(request());
  const holder = {};
  entry.retain(holder, request());
  entry.start();
  const { socket } = made[0]!;
  socket.setState({ phase: 'waiting' });
  socket.setStats({ queued: 1 });
  entry.release(holder);
  vi.advanceTimersByTime(60_000);
  expect(socket.commands).toEqual(['connect']);
  socket.setStats({ queued: 0 });
  vi.advanceTimersByTime(1_000);
  expect(socket.commands).toEqual(['connect', 'close']);
  expect(vi.getTimerCount()).toBe(0);
});

test('a socket that gave up is let go with what it has', () => {
  const entry = pool.acquire(request());
  const holder = {};
  entry.retain(holder, request());
  entry.start();
  const { socket } = made[0]!;
  socket.setState({ phase: 'suspended' });
  socket.setStats({ queued: 1 });
  entry.release(holder);
  vi.advanceTimersByTime(1_000);
  expect(socket.commands).toEqual(['connect', 'close']);
});

test('a release by one who never retained changes nothing', () => {
  const entry = pool.acquire(request());
  vi.advanceTimersByTime(999);
  entry.release({});
  vi.advanceTimersByTime(1);
  expect(pool.size).toBe(0);
});

test('starting connects once, and only what is retained', () => {
  const entry = pool.acquire(request());
  entry.start();
  expect(made).toHaveLength(0);
  entry.retain({}, request());
  entry.start();
  entry.start();
  expect(made.map(({ socket }) => socket.commands)).toEqual([['connect']]);
});

test('a socket that the app has paused stays paused', () => {
  const entry = pool.acquire(request());
  entry.retain({}, request());
  entry.socket.pause();
  entry.start();
  expect(made[0]?.socket.commands).toEqual(['pause']);
});

test('closes when the last holder has been away for the idle time', () => {
  const entry = pool.acquire(request());
  const [first, second] = [{}, {}];
  entry.retain(first, request());
  entry.retain(second, request());
  entry.start();
  entry.release({});
  entry.release(first);
  entry.release(first);
  vi.advanceTimersByTime(5_000);
  expect(entry.socket.getState().phase).toBe('connecting');
  const close = vi.spyOn(made[0]!.socket, 'close');
  entry.release(second);
  vi.advanceTimersByTime(999);
  expect(close).not.toHaveBeenCalled();
  vi.advanceTimersByTime(1);
  expect(close).toHaveBeenCalledExactlyOnceWith({ flushMs: 5_000 });
  expect(pool.size).toBe(0);
  expect(vi.getTimerCount()).toBe(0);
});

test('a holder that comes back in time keeps the connection', () => {
  const entry = pool.acquire(request());
  const holder = {};
  entry.retain(holder, request());
  entry.start();
  entry.release(holder);
  vi.advanceTimersByTime(999);
  expect(pool.acquire(request())).toBe(entry);
  expect(entry.retain(holder, request())).toBe(true);
  vi.advanceTimersByTime(10_000);
  expect(made[0]?.socket.commands).toEqual(['connect']);
});

test('the idle time is that of the holder that left last', () => {
  const entry = pool.acquire(request());
  const [first, second] = [{}, {}];
  entry.retain(first, request({ idleMs: 60_000 }));
  entry.retain(second, request());
  entry.update(second, request({ idleMs: 20 }));
  entry.start();
  entry.release(first);
  entry.release(second);
  vi.advanceTimersByTime(20);
  expect(made[0]?.socket.commands).toEqual(['connect', 'close']);
});

test('a socket made by a call of nobody is closed again', () => {
  const entry = pool.acquire(request());
  vi.advanceTimersByTime(1_000);
  entry.socket.send('late');
  expect(made[0]?.socket.commands).toEqual(['send']);
  vi.advanceTimersByTime(1_000);
  expect(made[0]?.socket.commands).toEqual(['send', 'close']);
  expect(vi.getTimerCount()).toBe(0);
});

test('an entry that was forgotten before it made anything can still be retained', () => {
  const entry = pool.acquire(request());
  vi.advanceTimersByTime(1_000);
  expect(entry.retain({}, request())).toBe(true);
  expect(pool.acquire(request())).toBe(entry);
});

test('an entry that was forgotten gives way to the one in its place', () => {
  const entry = pool.acquire(request());
  vi.advanceTimersByTime(1_000);
  const other = pool.acquire(request());
  expect(entry.retain({}, request())).toBe(false);
  expect(other.retain({}, request())).toBe(true);
});

test('an entry whose socket the pool closed is never retained again', () => {
  const entry = pool.acquire(request());
  const holder = {};
  entry.retain(holder, request());
  entry.start();
  entry.release(holder);
  vi.advanceTimersByTime(1_000);
  expect(entry.retain(holder, request())).toBe(false);
});

test('what the app closed serves nobody new, and its end leaves the new one alone', async () => {
  const entry = pool.acquire(request());
  const holder = {};
  entry.retain(holder, request());
  entry.start();
  await entry.socket.close();
  const next = pool.acquire(request());
  expect(next).not.toBe(entry);
  next.retain({}, request());
  entry.release(holder);
  vi.advanceTimersByTime(1_000);
  expect(pool.acquire(request())).toBe(next);
});

test('options reach the socket; what belongs to the hook does not', () => {
  const options: UseSocketOptions = {
    key: 'a',
    idleMs: 7,
    autoConnect: true,
    heartbeat: false,
    reconnect: { factor: 3 },
  };
  pool.acquire(request(options)).socket.connect();
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
  const entry = pool.acquire(functions('render'));
  const ask = async (): Promise<void> => {
    const { url, auth, onConnect, onEvent } = made[0]!.options;
    calls.push(String(typeof url === 'function' && (await url())), String(await auth?.()));
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
  entry.socket.connect();
  expect(await asked()).toEqual(answers('render'));
  const [first, second] = [{}, {}];
  entry.retain(first, functions('first'));
  expect(await asked()).toEqual(answers('first'));
  entry.retain(second, functions('second'));
  entry.update(first, functions('first again'));
  expect(await asked()).toEqual(answers('second'));
  entry.update(second, functions('second again'));
  expect(await asked()).toEqual(answers('second again'));
  entry.release(second);
  expect(await asked()).toEqual(answers('first again'));
  entry.release(first);
  entry.update(first, functions('gone'));
  expect(await asked()).toEqual(answers('first again'));
});

test('a holder without a function leaves the word to one that has it', () => {
  const onEvent = vi.fn();
  const entry = pool.acquire(request({ onEvent: () => expect.unreachable('its component is gone') }));
  entry.retain({}, request({ onEvent }));
  entry.retain({}, request());
  entry.socket.connect();
  made[0]?.options.onEvent?.(record);
  expect(onEvent).toHaveBeenCalledExactlyOnceWith(record);
});

test('functions that nobody gives any more are not called', () => {
  const onEvent = vi.fn();
  const entry = pool.acquire(request({ onEvent }));
  entry.retain({}, request());
  entry.socket.connect();
  made[0]?.options.onEvent?.(record);
  expect(onEvent).not.toHaveBeenCalled();
});

test('without a window nothing is shared or timed until it is retained', () => {
  vi.stubGlobal('window', undefined);
  const entry = pool.acquire(request());
  const other = pool.acquire(request());
  expect(other).not.toBe(entry);
  expect(pool.size).toBe(0);
  expect(vi.getTimerCount()).toBe(0);
  expect(entry.retain({}, request())).toBe(true);
  expect(other.retain({}, request())).toBe(false);
  expect(pool.acquire(request())).toBe(entry);
});
