import { expect, test, vi } from 'vitest';
import { fakeSocket } from './fake-socket.fixture.ts';
import { NOT_STARTED, socketStore } from './socket-store.ts';

test('a socket has one store', () => {
  const socket = fakeSocket();
  expect(socketStore(socket)).toBe(socketStore(socket));
  expect(socketStore(fakeSocket())).not.toBe(socketStore(socket));
});

test('listens to the socket only while somebody listens to the store', () => {
  const socket = fakeSocket();
  const store = socketStore(socket);
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
  const store = socketStore(socket);
  const listener = vi.fn();
  const stop = store.subscribe(listener);
  store.subscribe(listener);
  stop();
  socket.setState({ phase: 'open' });
  expect(listener).toHaveBeenCalledTimes(1);
});

test('is right before anybody listens', () => {
  const socket = fakeSocket();
  const store = socketStore(socket);
  socket.setState({ phase: 'open' });
  socket.setStats({ queued: 2 });
  expect(store.getState()).toEqual({ connection: socket.getState(), stats: { rttMs: null, queued: 2, inFlight: 0 } });
});

test('takes up what happened between the last read and the subscription', () => {
  const socket = fakeSocket();
  const store = socketStore(socket);
  store.getState();
  socket.setState({ phase: 'open' });
  store.subscribe(() => {});
  expect(store.getState().connection.phase).toBe('open');
});

test('keeps its snapshot, and says nothing, when nothing changed', () => {
  const socket = fakeSocket();
  const store = socketStore(socket);
  expect(store.getState()).toBe(store.getState());
  const listener = vi.fn();
  store.subscribe(listener);
  const before = store.getState();
  socket.setStats({});
  expect(store.getState()).toBe(before);
  expect(listener).not.toHaveBeenCalled();
});

test('a change of the numbers leaves the connection the same object, and the other way round', () => {
  const socket = fakeSocket();
  const store = socketStore(socket);
  store.subscribe(() => {});
  const before = store.getState();
  socket.setStats({ rttMs: 12 });
  const between = store.getState();
  expect(between.stats.rttMs).toBe(12);
  expect(between.connection).toBe(before.connection);
  socket.setState({ phase: 'waiting' });
  expect(store.getState().connection.phase).toBe('waiting');
  expect(store.getState().stats).toBe(between.stats);
});

test('while somebody listens, numbers change only when the socket tells', () => {
  const socket = fakeSocket();
  const store = socketStore(socket);
  store.subscribe(() => {});
  socket.setStats({ queued: 5 }, true);
  expect(store.getState().stats.queued).toBe(0);
  socket.setStats({});
  expect(store.getState().stats.queued).toBe(5);
});

test('the initial state is that of a socket that has not started', () => {
  const socket = fakeSocket();
  socket.setState({ phase: 'open' });
  expect(socketStore(socket).getInitialState()).toBe(NOT_STARTED);
  expect(NOT_STARTED.connection.phase).toBe('idle');
});
