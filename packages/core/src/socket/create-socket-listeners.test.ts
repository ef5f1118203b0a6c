import { expect, test } from 'vitest';
import type { ConnectionState, EventRecord } from './types.ts';
import { plain } from './protocols.ts';
import { outcomeOf, World } from './socket.fixture.ts';

// What an app does in a listener, and what it may rely on there.

test('the life of a connection, in order', async () => {
  const world = await new World().welcome({ lost: { reason: 'unknown-session', from: 3, to: null } });
  world.wire.receive(['m', 1, 'hi']);
  world.socket.send(1, { signal: AbortSignal.abort() });
  world.wire.closeBy(1006);
  await world.socket.close();
  expect(world.told.map(([type, event]) => (type === 'state' ? (event as ConnectionState).phase : type))).toEqual([
    'gap',
    'open',
    'open',
    'message',
    'drop',
    'waiting',
    'close',
    'closed',
    'closed',
  ]);
  expect(world.events('closed')).toEqual([{ error: null }]);
});

test('a socket closed in the middle of a WebSocket message: the rest of it is heard by nobody', async () => {
  const world = await new World().welcome();
  const closing: Promise<void>[] = [];
  world.socket.on('message', (message) => {
    if (message === 2) closing.push(world.socket.close());
  });
  world.wire.receive(['m', 1, 1], ['m', 2, 2], ['m', 3, 3]);
  expect(world.events('message')).toEqual([1, 2]);
  await Promise.all(closing);
  expect(world.events('closed')).toHaveLength(1);
  expect(world.environment.timers).toBe(0);
});

test('a socket paused in the middle of a message asks for the rest of it when it resumes', async () => {
  const world = await new World().welcome();
  const stop = world.socket.on('message', () => {
    stop();
    world.socket.pause();
  });
  world.wire.receive(['m', 1, 1], ['m', 2, 2]);
  world.socket.connect();
  await world.welcome({ resumed: true, offset: 1 });
  expect(world.hello.received).toBe(1);
  world.wire.receive(['m', 2, 2]);
  expect(world.events('message')).toEqual([1, 2]);
});

test('a message sent in a listener goes out with its turn', async () => {
  const world = await new World().welcome();
  world.socket.on('message', (message) => void world.socket.send({ answer: message as string }));
  world.wire.receive(['m', 1, 'a'], ['m', 2, 'b']);
  await world.settle();
  expect(world.sent).toEqual([{ answer: 'a' }, { answer: 'b' }]);
});

test('a message sent in the open event goes behind what was queued', async () => {
  const world = new World();
  world.socket.on('open', () => void world.socket.send('from open'));
  world.socket.send('queued');
  await world.welcome();
  expect(world.sent).toEqual(['queued', 'from open']);
});

test('close() in the state event of a connection that opens: everything is told once, and it ends', async () => {
  const world = new World();
  const closing: Promise<void>[] = [];
  world.socket.on('state', ({ phase }) => {
    if (phase === 'open') closing.push(world.socket.close());
  });
  const receipt = world.socket.send(1);
  await world.welcome();
  await Promise.all(closing);
  expect(world.phases).toEqual(['open', 'closed']);
  expect(receipt.status).toBe('failed');
  expect([world.environment.timers, world.environment.isObserved]).toEqual([0, false]);
});

test('connect() in the close event tries again at once', async () => {
  const world = await new World().welcome();
  world.socket.on('close', () => world.socket.connect());
  world.wire.closeBy(1006);
  await world.settle();
  expect(world.environment.sockets).toHaveLength(2);
  expect(world.socket.getState()).toMatchObject({ phase: 'connecting', reason: 'user' });
  expect(world.environment.timers).toBe(1);
});

test('a receipt awaited in a drop listener, and a send there, are no trap', async () => {
  const world = await new World().welcome();
  const codes: unknown[] = [];
  let again = 0;
  world.socket.on('drop', ({ error }) => {
    codes.push(error.code);
    if (again++ === 0) world.socket.send('again', { signal: AbortSignal.abort() });
  });
  world.socket.send('first', { signal: AbortSignal.abort() });
  expect(codes).toEqual(['ABORTED', 'ABORTED']);
});

test('the same function heard twice is stopped once at a time', async () => {
  const world = await new World().welcome();
  let heard = 0;
  const listener = (): void => {
    heard += 1;
  };
  const stops = [world.socket.on('message', listener), world.socket.on('message', listener)];
  world.wire.receive(['m', 1, 1]);
  stops[0]?.();
  stops[0]?.();
  world.wire.receive(['m', 2, 2]);
  expect(heard).toBe(3);
});

test('whoever stops listening in a listener hears nothing more of the same event', async () => {
  const world = await new World().welcome();
  const heard: string[] = [];
  let stop = (): void => {};
  world.socket.on('message', () => {
    heard.push('first');
    stop();
  });
  stop = world.socket.on('message', () => void heard.push('second'));
  world.wire.receive(['m', 1, 1]);
  expect(heard).toEqual(['first']);
});

test('after closed nobody is told anything', async () => {
  const world = await new World().welcome();
  let told = 0;
  world.socket.subscribe(() => {
    told += 1;
  });
  await world.socket.close();
  const before = told;
  const { length } = world.told;
  world.wire.closeBy(1006);
  world.socket.send(1);
  world.socket.connect();
  world.socket.reconnect();
  world.socket.pause();
  await world.environment.advance(60_000);
  expect([told, world.told.length, world.socket.getState().phase]).toEqual([before, length, 'closed']);
});

test('the closed event comes when all is settled, and before close() resolves', async () => {
  const world = await new World().welcome();
  const receipt = world.socket.send(1);
  const order: string[] = [];
  receipt.delivered.catch(() => order.push('receipt'));
  world.socket.on('closed', () => order.push(`closed, receipt ${receipt.status}`));
  await world.socket.close();
  order.push('close() resolved');
  await world.settle();
  expect(order[0]).toBe('closed, receipt failed');
  expect(order).toContain('close() resolved');
});

// Records.

const SECRETS = ['payload-secret', 'token-secret', 'url-secret', 'incoming-secret', 'cause-secret'];

test('no payload, token or URL is ever in a record, whatever fails', async () => {
  const fail = { url: false, auth: false, prepare: false };
  const world = new World({
    url: () => {
      if (fail.url) throw new Error('cause-secret');
      return 'ws://server.test/?key=url-secret';
    },
    auth: () => {
      if (fail.auth) throw new Error('cause-secret');
      return 'token-secret';
    },
    onConnect: () => {
      if (fail.prepare) throw new Error('cause-secret');
    },
    reconnect: { initialDelayMs: 10, maxDelayMs: 10 },
  });
  world.socket.on('message', () => {
    throw new Error('cause-secret');
  });
  await world.welcome();
  world.socket.send('payload-secret', { ttlMs: 1 });
  world.socket.send('payload-secret', { signal: AbortSignal.abort(new Error('cause-secret')) });
  await world.settle();
  world.wire.receive(['m', 1, 'incoming-secret']);
  world.wire.receiveRaw('["incoming-secret"]');
  for (const kind of ['url', 'auth', 'prepare'] as const) {
    fail[kind] = true;
    world.socket.connect();
    await world.settle();
    if (kind === 'prepare') await world.welcome();
    await world.environment.advance(1);
    fail[kind] = false;
    world.socket.pause();
  }
  world.environment.refusal = new SyntaxError('ws://server.test/?key=url-secret');
  world.socket.connect();
  await world.settle();
  await world.socket.close();
  const text = JSON.stringify(world.records);
  expect(SECRETS.filter((secret) => text.includes(secret))).toEqual([]);
  const codes = new Set(world.records.map(({ code }) => code));
  for (const code of ['URL_FAILED', 'TOKEN_FAILED', 'PREPARE_FAILED', 'PROTOCOL_ERROR', 'LISTENER_FAILED', 'ABORTED']) {
    expect(codes).toContain(code);
  }
});

test('a record has a time, a level, the connection it is about, and one trace for all of a socket', async () => {
  const world = await new World().welcome();
  world.wire.closeBy(1006);
  await world.environment.advance(150);
  await world.welcome();
  world.socket.reconnect();
  world.socket.send(1, { signal: AbortSignal.abort() });
  world.wire.closeBy(1008);
  await world.settle();
  world.wire.closeBy(1008);
  const brief = ({ level, name, connectionId, code }: EventRecord): string =>
    `${connectionId} ${level} ${name}${code === undefined ? '' : ` ${code}`}`;
  expect(world.records.map(brief)).toEqual([
    '1 info connection.connecting',
    '1 info connection.open',
    '1 info connection.waiting CONNECTION_LOST',
    '1 info connection.ended CONNECTION_LOST',
    '2 info connection.connecting CONNECTION_LOST',
    '2 info connection.open',
    '3 info connection.connecting',
    '2 info connection.ended',
    '3 warn message.dropped ABORTED',
    '3 info connection.suspended FORBIDDEN',
    '3 info connection.ended FORBIDDEN',
    '3 error socket.error FORBIDDEN',
  ]);
  expect(new Set(world.records.map(({ traceId }) => traceId)).size).toBe(1);
  expect(world.records.every(({ timestamp }) => timestamp >= world.environment.wallOffset)).toBe(true);
  expect(new World().records[0]?.traceId).toBeDefined();
});

// plain() in a socket.

test('plain(): a lost connection leaves what was written in doubt and sends the rest on the next one', async () => {
  const world = await new World({ protocol: plain() }).accept();
  world.wire.holdsBack = true;
  const written = world.socket.send('written');
  await world.settle();
  world.socket.pause();
  const queued = world.socket.send('queued');
  expect([written.error?.code, queued.status]).toEqual(['OUTCOME_UNKNOWN', 'queued']);
  world.socket.connect();
  await world.accept();
  expect(world.wire.sent).toEqual(['"queued"']);
  await world.environment.advance(20);
  expect(outcomeOf(queued.delivered).state).toBe('pending');
  expect(queued.status).toBe('delivered');
});

test('plain() closes with flushMs only after the browser has written all', async () => {
  const world = await new World({ protocol: plain() }).accept();
  world.wire.holdsBack = true;
  const receipt = world.socket.send(1);
  const closed = outcomeOf(world.socket.close({ flushMs: 1_000 }));
  await world.environment.advance(100);
  expect([closed.state, receipt.status]).toEqual(['pending', 'inFlight']);
  world.wire.drain();
  await world.environment.advance(20);
  expect([closed.state, receipt.status]).toEqual(['resolved', 'delivered']);
  expect(world.environment.timers).toBe(0);
});
