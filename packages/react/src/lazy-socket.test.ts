import { expect, test, vi } from 'vitest';
import { fakeSocket } from './fake-socket.fixture.ts';
import { lazySocket } from './lazy-socket.ts';

test('reading makes nothing', () => {
  const make = vi.fn(fakeSocket);
  const { socket, made } = lazySocket(make);
  expect(socket.getState()).toMatchObject({ phase: 'idle', breaker: 'closed' });
  expect(socket.getStats()).toEqual({ rttMs: null, queued: 0, inFlight: 0 });
  expect(socket.getState()).toBe(socket.getState());
  expect(make).not.toHaveBeenCalled();
  expect(made()).toBeNull();
});

test('the first call makes the socket, and all go to that one', async () => {
  const real = fakeSocket();
  const make = vi.fn(() => real);
  const { socket, made } = lazySocket(make);
  const heard: unknown[] = [];
  const { send, on, subscribe, connect, pause, reconnect, migrate, close, whenOpen, getState, getStats } = socket;
  on('message', (message) => heard.push(message));
  const stop = subscribe(() => heard.push('told'));
  expect(made()).toBe(real);
  connect();
  expect(getState()).toBe(real.getState());
  real.setStats({ queued: 3 });
  expect(getStats().queued).toBe(3);
  stop();
  real.emit('message', 'hello');
  expect(heard).toEqual(['told', 'told', 'hello']);
  send('data', { ttlMs: 1 });
  reconnect();
  await migrate();
  pause();
  await whenOpen();
  await close({ flushMs: 1 });
  expect(real.commands).toEqual(['connect', 'send', 'reconnect', 'migrate', 'pause', 'close']);
  expect(make).toHaveBeenCalledTimes(1);
});

test('arguments and results pass through', async () => {
  const real = fakeSocket();
  const close = vi.spyOn(real, 'close');
  const send = vi.spyOn(real, 'send');
  const { socket } = lazySocket(() => real);
  expect(socket.send('data', { ttlMs: 1 })).toBe(send.mock.results[0]?.value);
  expect(send).toHaveBeenCalledWith('data', { ttlMs: 1 });
  await socket.close({ discard: true });
  expect(close).toHaveBeenCalledWith({ discard: true });
});

test('a move that fails rejects here, too', async () => {
  const real = fakeSocket();
  const fault = new Error('no way');
  vi.spyOn(real, 'migrate').mockRejectedValue(fault);
  await expect(lazySocket(() => real).socket.migrate()).rejects.toBe(fault);
});

test('disposing closes', async () => {
  const real = fakeSocket();
  await lazySocket(() => real).socket[Symbol.asyncDispose]();
  expect(real.commands).toEqual(['close']);
});
