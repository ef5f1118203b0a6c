import { expect, test } from 'vitest';
import { World } from './socket.fixture.ts';

// What getState() says, and when it says something new.

test('a state is one frozen object until something changes', async () => {
  const world = await new World().welcome();
  const state = world.socket.getState();
  world.socket.send(1);
  await world.environment.advance(1_000);
  expect(world.socket.getState()).toBe(state);
  expect(Object.isFrozen(state)).toBe(true);
  world.socket.pause();
  expect(world.socket.getState()).not.toBe(state);
  expect(state.phase).toBe('open');
});

test('times are told by the wall clock', async () => {
  const world = await new World().welcome();
  await world.environment.advance(1_000);
  world.wire.closeBy(1006);
  const since = world.environment.wallClock();
  expect(world.socket.getState()).toMatchObject({
    phase: 'waiting',
    reason: 'lost',
    attempt: 1,
    since,
    retryAt: since + 150,
    error: { code: 'CONNECTION_LOST', retryable: true, timestamp: since },
  });
  await world.environment.advance(150);
  expect(world.socket.getState()).toMatchObject({ phase: 'connecting', reason: 'retry', attempt: 1, retryAt: null });
});

test('reconnect() in the millisecond in which it connects is told, too', () => {
  const world = new World();
  world.socket.reconnect();
  expect(world.socket.getState()).toMatchObject({ phase: 'connecting', reason: 'user' });
  expect(world.phases).toEqual(['connecting']);
  expect(world.records.map(({ name, connectionId }) => [name, connectionId])).toEqual([
    ['connection.connecting', 1],
    ['connection.connecting', 2],
    ['connection.ended', 1],
  ]);
});

test('a page that the app pauses in the millisecond in which it was frozen is paused by the app', async () => {
  const world = await new World().welcome();
  world.environment.tell('frozen');
  expect(world.socket.getState()).toMatchObject({ phase: 'paused', reason: 'frozen' });
  world.socket.pause();
  expect(world.socket.getState()).toMatchObject({ phase: 'paused', reason: 'user' });
  world.environment.tell('resumed');
  expect(world.socket.getState()).toMatchObject({ phase: 'paused', reason: 'user' });
  world.socket.connect();
  expect(world.socket.getState()).toMatchObject({ phase: 'connecting', reason: 'user' });
});

test('a step of connecting and a heartbeat are no news', async () => {
  const world = await new World().settle();
  const state = world.socket.getState();
  world.wire.open();
  expect(world.socket.getState()).toBe(state);
  const open = (await world.welcome().catch(() => world)).socket.getState();
  await world.environment.advance(1);
  expect(world.socket.getState()).toBe(open);
});

test('maxAttempts failed tries in a row suspend, with the last failure as the cause', async () => {
  const world = await new World({ reconnect: { maxAttempts: 1 } }).settle();
  world.wire.closeBy(1006);
  await world.environment.advance(150);
  world.wire.closeBy(1006);
  const { error } = world.socket.getState();
  expect(error).toMatchObject({ code: 'RETRIES_EXHAUSTED', cause: { name: 'HoldfastError', code: 'CONNECT_FAILED' } });
  expect(world.errors).toEqual(['RETRIES_EXHAUSTED']);
});

test('the breaker is closed until the limits are reached, and told when it changes', async () => {
  const world = await new World({ reconnect: { maxAttempts: 1, coolDownMs: 5_000 } }).settle();
  const breakers = (): unknown[] => (world.events('state') as { breaker: string }[]).map(({ breaker }) => breaker);
  for (const wait of [150, 5_000]) {
    world.wire.closeBy(1006);
    await world.environment.advance(wait);
  }
  await world.welcome();
  await world.alive(5_000);
  expect(breakers()).toEqual(['closed', 'closed', 'open', 'half-open', 'half-open', 'closed']);
  expect(world.phases).toEqual(['waiting', 'connecting', 'suspended', 'connecting', 'open', 'open']);
});

test('a step that takes too long is a failed attempt that names the step', async () => {
  const world = await new World({ reconnect: { connectTimeoutMs: 700 } }).accept();
  await world.environment.advance(699);
  expect(world.socket.getState().phase).toBe('connecting');
  await world.environment.advance(1);
  expect(world.socket.getState()).toMatchObject({
    phase: 'waiting',
    error: { code: 'CONNECT_TIMEOUT', details: { step: 'greeting' } },
  });
  expect(world.wire.isDetached).toBe(true);
});

test('the signal of the options is let go of when the socket has closed', async () => {
  const listeners = new Set<unknown>();
  const signal = {
    aborted: false,
    addEventListener: (_type: string, listener: unknown, options: { signal: AbortSignal }) => {
      listeners.add(listener);
      options.signal.addEventListener('abort', () => listeners.delete(listener));
    },
  } as unknown as AbortSignal;
  const world = new World({ signal });
  expect(listeners.size).toBe(1);
  await world.socket.close();
  expect(listeners.size).toBe(0);
});

test('asyncDispose closes, where the engine has it', async () => {
  const world = await new World().welcome();
  await world.socket[Symbol.asyncDispose]();
  expect(world.socket.getState().phase).toBe('closed');
});

test('an engine without asyncDispose gets a socket without it', async () => {
  const own = Object.getOwnPropertyDescriptor(Symbol, 'asyncDispose');
  // A symbol's description is not configurable everywhere: then there is nothing to take away.
  if (own?.configurable !== true) return;
  Reflect.deleteProperty(Symbol, 'asyncDispose');
  try {
    const world = new World();
    expect(Reflect.ownKeys(world.socket).filter((key) => typeof key === 'symbol')).toEqual([]);
    await world.socket.close();
  } finally {
    Object.defineProperty(Symbol, 'asyncDispose', own);
  }
});
