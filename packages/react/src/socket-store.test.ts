import { expect, test, vi } from 'vitest';
import { fakeSocket } from './fake-socket.fixture.ts';
import { statsStore } from './socket-store.ts';

test('a socket has one store', () => {
  const socket = fakeSocket();
  expect(statsStore(socket)).toBe(statsStore(socket));
  expect(statsStore(fakeSocket())).not.toBe(statsStore(socket));
});

test('listens to the socket only while somebody listens to the store', () => {
  const socket = fakeSocket();
  const store = statsStore(socket);
  store.getState();
  expect(socket.subscribers()).toBe(0);
  const first = store.subscribe(() => {});
  const second = store.subscribe(() => {});
  expect(socket.subscribers()).toBe(1);
  first();
  first();
  expect(socket.subscribers()).toBe(1);
  second();
  expect(socket.subscribers()).toBe(0);
  store.subscribe(() => {})();
  expect(socket.subscribers()).toBe(0);
});

test('one listener given twice is two subscriptions', () => {
  const socket = fakeSocket();
  const store = statsStore(socket);
  const listener = vi.fn();
  const stop = store.subscribe(listener);
  store.subscribe(listener);
  stop();
  socket.setStats({ queued: 1 });
  expect(listener).toHaveBeenCalledTimes(1);
});

test('is right before anybody listens', () => {
  const socket = fakeSocket();
  const store = statsStore(socket);
  socket.setStats({ queued: 2 });
  expect(store.getState()).toEqual({ rttMs: null, queued: 2, inFlight: 0 });
});

test('takes up what happened between the last read and the subscription', () => {
  const socket = fakeSocket();
  const store = statsStore(socket);
  store.getState();
  socket.setStats({ queued: 3 });
  store.subscribe(() => {});
  expect(store.getState().queued).toBe(3);
});

test('keeps its snapshot, and says nothing, when nothing changed', () => {
  const socket = fakeSocket();
  const store = statsStore(socket);
  expect(store.getState()).toBe(store.getState());
  const listener = vi.fn();
  store.subscribe(listener);
  const before = store.getState();
  socket.setStats({});
  socket.setState({ phase: 'waiting' });
  expect(store.getState()).toBe(before);
  expect(listener).not.toHaveBeenCalled();
});

test('while somebody listens, numbers change only when the socket tells', () => {
  const socket = fakeSocket();
  const store = statsStore(socket);
  store.subscribe(() => {});
  socket.setStats({ queued: 5 }, true);
  expect(store.getState().queued).toBe(0);
  socket.setStats({});
  expect(store.getState().queued).toBe(5);
});
