// @vitest-environment node
import { createSocket, holdfast, plain, type EventRecord, type Socket } from '@holdfast/core';
import { createTestWorld, HoldfastServer, webSocketConformance, type TestWorld } from '@holdfast/core/testing';
import { describe, expect, test, vi } from 'vitest';
import { createInspector, type Inspector, type InspectorOptions } from './tap.ts';

interface Scene {
  readonly world: TestWorld;
  readonly inspector: Inspector;
  readonly socket: Socket;
  readonly chat: HoldfastServer;
}

async function start(options: InspectorOptions = {}): Promise<Scene> {
  const world = createTestWorld();
  const chat = new HoldfastServer();
  world.server('wss://chat.test/socket', chat);
  const inspector = createInspector(options);
  const socket = createSocket(
    inspector.tap({
      url: 'wss://chat.test/socket?token=SECRET-IN-URL',
      protocol: holdfast(),
      auth: () => 'SECRET-TOKEN',
      environment: world.page.environment,
    }),
  );
  await world.clock.until(socket.whenOpen());
  return { world, inspector, socket, chat };
}

const kinds = (inspector: Inspector): string[] =>
  inspector.log.frames.toArray().map(({ direction, kind }) => `${direction} ${kind}`);

describe('what is seen', () => {
  test('the frames of a conversation, in order', async () => {
    const { world, inspector, socket, chat } = await start();
    await world.clock.until(socket.send({ text: 'SECRET-UP' }).delivered);
    chat.sessions[0]?.send({ text: 'SECRET-DOWN' });
    await world.clock.advance(1_000);
    const seen = kinds(inspector).filter((kind) => !/p[io]ng/.test(kind));
    expect(seen).toEqual(['up hello', 'down welcome', 'up message', 'down ack', 'down message', 'up ack']);
    const [connection] = inspector.log.connections.toArray();
    expect(connection).toMatchObject({
      id: 1,
      protocol: 'holdfast.v1',
      url: 'wss://chat.test/socket?…',
      endedAt: null,
    });
    expect(inspector.log.sessions.toArray()).toMatchObject([{ connection: 1, resumed: false }]);
    expect([...inspector.log.producers.values()]).toMatchObject([{ sent: 1, settled: 1, nextSeq: 2, refused: 0 }]);
    expect(inspector.log.seconds.toArray().reduce((sum, { messagesUp }) => sum + messagesUp, 0)).toBe(
      connection?.messagesUp,
    );
  });

  test('bytes are messages, too, and text is counted in UTF-8', async () => {
    const { world, inspector, socket } = await start({ payloads: true });
    await world.clock.until(socket.send(new Uint8Array([1, 2, 255])).delivered);
    await world.clock.until(socket.send('é€').delivered);
    const [bytes, text] = inspector.log.frames.toArray().filter(({ kind }) => kind === 'message');
    expect(bytes).toMatchObject({ bytes: 3, payload: '01 02 ff' });
    expect(text).toMatchObject({ bytes: '["m",0,2,""]'.length + 5, payload: 'é€' });
  });

  test('no payload, token, key or query unless the app asks', async () => {
    const { world, inspector, socket, chat } = await start();
    await world.clock.until(socket.send({ text: 'SECRET-UP' }).delivered);
    chat.sessions[0]?.send({ text: 'SECRET-DOWN' });
    await world.clock.advance(1_000);
    const { log } = inspector;
    const all = JSON.stringify([log.frames, log.events, log.connections, log.sessions].map((ring) => ring.toArray()));
    expect(all).not.toMatch(/SECRET/);
    expect(all).toContain('token');
  });

  test('payloads where the app asks, or what it makes of them', async () => {
    const shown = await start({ payloads: true });
    await shown.world.clock.until(shown.socket.send({ text: 'hello' }).delivered);
    expect(JSON.stringify(shown.inspector.log.frames.toArray())).toContain('hello');
    expect(JSON.stringify(shown.inspector.log.frames.toArray())).not.toContain('SECRET');

    const payloads = vi.fn((payload: unknown, direction: string) => {
      if (direction === 'down') throw new Error('SECRET');
      return { ...(payload as object), card: '•••' };
    });
    const made = await start({ payloads });
    await made.world.clock.until(made.socket.send({ card: 'SECRET', text: 'x'.repeat(9_000) }).delivered);
    made.chat.sessions[0]?.send('SECRET');
    await made.world.clock.advance(100);
    const frames = made.inspector.log.frames.toArray().filter(({ kind }) => kind === 'message');
    expect(frames[0]?.payload).toContain('"card": "•••"');
    expect(frames[0]?.payload?.length).toBeLessThan(4_100);
    expect(frames[1]?.payload).toBe('(the option payloads threw)');
    expect(made.socket.getState().phase).toBe('open');
  });

  test('a plain protocol has text and bytes', async () => {
    const world = createTestWorld();
    world.server('wss://prices.test/', { onConnection: (peer) => peer.send(new Uint8Array([1, 2])) });
    const inspector = createInspector();
    const { environment } = world.page;
    const socket = createSocket(
      inspector.tap({ url: 'wss://prices.test/', protocol: plain({ codec: 'raw' }), environment }),
    );
    await world.clock.until(socket.whenOpen());
    socket.send('four');
    await world.clock.advance(100);
    expect(kinds(inspector).sort()).toEqual(['down binary', 'up text']);
    expect(
      inspector.log.frames
        .toArray()
        .map(({ kind, bytes }) => `${kind} ${bytes}`)
        .sort(),
    ).toEqual(['binary 2', 'text 4']);
  });

  test('states, round trips, signals and the records of the socket, which the app still gets', async () => {
    const world = createTestWorld();
    world.server('wss://chat.test/socket', new HoldfastServer());
    const inspector = createInspector();
    const records: EventRecord[] = [];
    const recorded = vi.fn();
    const environment = { ...world.page.environment, record: recorded };
    const socket = createSocket(
      inspector.tap({
        url: 'wss://chat.test/socket',
        protocol: holdfast(),
        environment,
        onEvent: (record) => records.push(record),
      }),
    );
    await world.clock.until(socket.whenOpen());
    world.page.hide();
    world.page.show();
    world.network.cut();
    await world.clock.advance(60_000);
    expect(inspector.log.states.toArray().map(({ phase }) => phase)).toEqual(
      ['connecting', 'open', 'waiting', 'connecting', 'open', 'open'].slice(0, inspector.log.states.length),
    );
    expect(inspector.log.states.last).toMatchObject({ phase: 'open' });
    expect(inspector.log.roundTrips.length).toBeGreaterThan(0);
    expect(inspector.log.signals.toArray().map(({ fact }) => fact)).toEqual(['hidden', 'visible']);
    expect(records.length).toBeGreaterThan(0);
    expect(inspector.log.events.toArray()).toEqual(records);
    expect(recorded).toHaveBeenCalled();
    expect(inspector.log.connections.toArray().map(({ endedBy, closeCode }) => [endedBy, closeCode])).toEqual([
      ['server or network', 1006],
      [null, null],
    ]);
  });

  test('a socket that follows another is the one whose states are kept, also when the older one ends last', async () => {
    const { world, inspector, socket } = await start();
    const { environment } = world.page;
    const url = 'wss://chat.test/socket';
    const next = createSocket(inspector.tap({ url, protocol: holdfast(), environment }));
    await world.clock.until(next.whenOpen());
    const phases = (): string[] => inspector.log.states.toArray().map(({ phase }) => phase);
    expect(phases()).toEqual(['connecting', 'open', 'connecting', 'open']);
    await world.clock.until(socket.close());
    expect(phases()).toEqual(['connecting', 'open', 'connecting', 'open']);
    world.page.hide();
    await world.clock.advance(100);
    expect(inspector.log.signals.toArray()).toMatchObject([{ fact: 'hidden' }]);
    await world.clock.until(next.close());
    expect(phases().at(-1)).toBe('closed');
  });

  test('while two sockets listen, a signal is one signal', async () => {
    const { world, inspector } = await start();
    const { environment } = world.page;
    createSocket(inspector.tap({ url: 'wss://chat.test/socket', protocol: holdfast(), environment }));
    world.page.hide();
    expect(inspector.log.signals.toArray()).toMatchObject([{ fact: 'hidden' }]);
  });

  test('without a tap, a socket that follows another begins where that one ended', async () => {
    const world = createTestWorld();
    world.server('wss://chat.test/socket', new HoldfastServer());
    const { environment } = world.page;
    const make = (): Socket => createSocket({ url: 'wss://chat.test/socket', protocol: holdfast(), environment });
    const [first, second] = [make(), make()];
    await world.clock.advance(1_000);
    const inspector = createInspector();
    const stop = inspector.attach(first);
    first.pause();
    await world.clock.advance(1_000);
    stop();
    const stopSecond = inspector.attach(second);
    const times = inspector.log.states.toArray().map(({ at }) => at);
    expect(times).toEqual([...times].sort((a, b) => a - b));
    expect(inspector.log.states.last?.phase).toBe('open');
    first.connect();
    await world.clock.advance(1_000);
    expect(inspector.log.states.length, 'nobody listens to the first one any more').toBe(3);
    stopSecond();
    expect(inspector.getSocket()).toBeNull();
  });

  test('everything that is kept is bounded', async () => {
    const { world, inspector, socket } = await start({ maxFrames: 50 });
    for (let n = 0; n < 300; n += 1) socket.send({ n });
    await world.clock.advance(5_000);
    expect(inspector.log.frames.length).toBe(50);
    expect(inspector.log.frames.dropped).toBeGreaterThan(500);
    for (let n = 0; n < 150; n += 1) {
      socket.reconnect();
      await world.clock.advance(200);
    }
    expect(inspector.log.connections.length).toBe(100);
    expect(inspector.log.sessions.length).toBe(50);
    expect(inspector.log.connections.last?.id).toBeGreaterThan(150);
    for (let n = 0; n < 200; n += 1) inspector.log.producer(`p${n}`, { sent: n });
    expect(inspector.log.producers.size).toBe(100);
  });

  test('a frame that breaks the protocol is told as such', async () => {
    const world = createTestWorld();
    world.server('wss://chat.test/socket', {
      onConnection: (peer) => peer.send('["welcome",{"session":"SECRET"}]'),
    });
    const inspector = createInspector();
    const { environment } = world.page;
    createSocket(inspector.tap({ url: 'wss://chat.test/socket', protocol: holdfast(), environment }));
    await world.clock.advance(100);
    const invalid = inspector.log.frames.toArray().find(({ kind }) => kind === 'invalid');
    expect(invalid?.text).toContain('welcome.key');
    expect(invalid?.text).not.toContain('SECRET');
  });
});

describe('tap', () => {
  test('gives the same environment for the same one, and never taps twice', () => {
    const { page } = createTestWorld();
    const inspector = createInspector();
    const first = inspector.tap({ environment: page.environment }).environment;
    expect(inspector.tap({ environment: page.environment }).environment).toBe(first);
    expect(inspector.tap({ environment: first }).environment).toBe(first);
    const [a, b] = [inspector.tap({}), inspector.tap({})] as { environment?: unknown }[];
    expect(a?.environment).toBe(b?.environment);
  });

  test('what an environment leaves out stays left out', () => {
    const { environment } = createTestWorld().page;
    const inspector = createInspector();
    expect('locks' in inspector.tap({ environment }).environment).toBe('locks' in environment);
    const { locks: _locks, tabStorage: _tabStorage, ...rest } = environment;
    const bare = inspector.tap({ environment: rest }).environment;
    expect(['locks' in bare, 'tabStorage' in bare]).toEqual([false, false]);
  });

  test('an app that keeps no inspector pays nothing', () => {
    const inspector = createInspector({ enabled: false });
    const options = { url: '/socket' };
    expect(inspector.tap(options)).toBe(options);
    expect(inspector.hasFaults).toBe(false);
  });

  test('a wrong bound is refused', () => {
    for (const maxFrames of [0, 1.5, Number.NaN]) expect(() => createInspector({ maxFrames })).toThrow(/maxFrames/);
  });
});

describe('faults', () => {
  test('cut: every connection ends, and nothing is lost', async () => {
    const { world, inspector, socket, chat } = await start();
    socket.send(1);
    inspector.faults.cut();
    socket.send(2);
    await world.clock.advance(0);
    await world.clock.advance(5_000);
    expect(chat.taken).toEqual([1, 2]);
    const ends = inspector.log.connections.toArray().map(({ endedBy }) => endedBy);
    expect(ends).toEqual(['fault', null]);
    expect(inspector.log.events.toArray().map(({ name }) => name)).toContain('fault.cut');
  });

  test('refuse: connections that are open stay, new ones fail until it is over', async () => {
    const { world, inspector, socket } = await start();
    inspector.faults.set({ isRefusing: true });
    await world.clock.advance(10_000);
    expect(socket.getState().phase).toBe('open');
    inspector.faults.cut();
    await world.clock.advance(10_000);
    expect(socket.getState().error?.code).toBe('CONNECT_FAILED');
    inspector.faults.heal();
    await world.clock.advance(20_000);
    expect(socket.getState().phase).toBe('open');
  });

  test('silence: the heartbeat finds it, and all that was held goes on in order', async () => {
    const { world, inspector, socket, chat } = await start();
    inspector.faults.set({ isSilent: true });
    const receipts = [1, 2, 3].map((n) => socket.send(n));
    await world.clock.advance(1_000);
    expect(chat.taken).toEqual([]);
    expect(socket.getState().phase).toBe('open');
    await world.clock.advance(60_000);
    expect(socket.getState().phase).not.toBe('open');
    inspector.faults.heal();
    await world.clock.until(Promise.all(receipts.map(({ delivered }) => delivered)));
    expect(chat.taken).toEqual([1, 2, 3]);
  });

  test('a short silence costs time only', async () => {
    const { world, inspector, socket, chat } = await start();
    inspector.faults.set({ isSilent: true });
    const receipts = [1, 2].map((n) => socket.send(n));
    await world.clock.advance(500);
    inspector.faults.set({ isSilent: false });
    await world.clock.until(Promise.all(receipts.map(({ delivered }) => delivered)));
    expect(chat.taken).toEqual([1, 2]);
    expect(inspector.log.connections.length).toBe(1);
  });

  test('delay: everything comes later each way, in order, and at once when it is over', async () => {
    const { world, inspector, socket, chat } = await start();
    inspector.faults.set({ delayMs: 500 });
    const first = socket.send(1);
    await world.clock.advance(400);
    expect(chat.taken).toEqual([]);
    const second = socket.send(2);
    await world.clock.advance(200);
    expect(chat.taken).toEqual([1]);
    expect(first.status).toBe('inFlight');
    await world.clock.until(second.delivered);
    expect(chat.taken).toEqual([1, 2]);
    inspector.faults.heal();
    await world.clock.advance(2_000);
    const third = socket.send(3);
    await world.clock.advance(100);
    expect(third.status).toBe('delivered');
  });

  test('offline: the socket is told so, nothing connects, and it is back when it is told', async () => {
    const { world, inspector, socket } = await start();
    inspector.faults.set({ isOffline: true });
    await world.clock.advance(5_000);
    expect(socket.getState()).toMatchObject({ phase: 'waiting', reason: 'offline' });
    world.page.online();
    await world.clock.advance(1_000);
    expect(socket.getState().phase, 'nobody else says otherwise').toBe('waiting');
    inspector.faults.heal();
    await world.clock.advance(1_000);
    expect(socket.getState().phase).toBe('open');
    expect(inspector.log.signals.toArray()).toMatchObject([
      { fact: 'offline', isFault: true },
      { fact: 'online', isFault: true },
    ]);
  });

  test('offline: when it is over, a browser that is offline is not said to be online', async () => {
    const { world, inspector, socket } = await start();
    inspector.faults.set({ isOffline: true });
    world.page.offline();
    inspector.faults.heal();
    await world.clock.advance(1_000);
    expect(inspector.log.signals.toArray().map(({ fact }) => fact)).not.toContain('online');
    expect(socket.getState().reason).toBe('offline');
    world.page.online();
    await world.clock.advance(1_000);
    expect(socket.getState().phase).toBe('open');
  });

  test('a connection that is closed while it is silent says so when it may', async () => {
    const { world, inspector, socket, chat } = await start();
    inspector.faults.set({ isSilent: true });
    socket.send('last');
    const closed = socket.close({ flushMs: 100 });
    await world.clock.until(closed);
    expect(chat.taken).toEqual([]);
    inspector.faults.heal();
    await world.clock.advance(1_000);
    expect(chat.taken).toEqual(['last']);
    expect(world.page.connections.some((connection) => connection.isLive)).toBe(false);
  });

  test('what holds back too much is cut', async () => {
    const world = createTestWorld();
    world.server('wss://chat.test/socket', {});
    const inspector = createInspector();
    const { environment } = inspector.tap({ environment: world.page.environment });
    const socket = environment.openWebSocket('wss://chat.test/socket', []);
    await world.clock.advance(100);
    inspector.faults.set({ isSilent: true });
    for (let n = 0; n < 17; n += 1) socket.send('x'.repeat(1_000_000));
    expect(inspector.log.connections.last?.endedBy).toBe('fault');
  });

  test('a server that floods a silent connection fills no memory', async () => {
    const world = createTestWorld();
    let send: (data: string) => void = () => {};
    world.server('wss://chat.test/socket', { onConnection: (peer) => (send = (data) => peer.send(data)) });
    const inspector = createInspector();
    const { environment } = inspector.tap({ environment: world.page.environment });
    const socket = environment.openWebSocket('wss://chat.test/socket', []);
    await world.clock.advance(100);
    inspector.faults.set({ isSilent: true });
    socket.close();
    for (let n = 0; n < 17; n += 1) send('x'.repeat(1_000_000));
    await world.clock.advance(1_000);
    expect(world.page.connections.some((connection) => connection.isLive)).toBe(false);
  });
});

describe.each([
  ['no fault', {}],
  ['a delay', { delayMs: 20 }],
])('a tapped WebSocket is a WebSocket, with %s', (_, fault) => {
  const world = createTestWorld({ timers: 'global', latencyMs: 1 });
  world.server('wss://echo.test/', {
    selectProtocol: ([first]) => first,
    onMessage: (peer, data) => peer.send(data),
  });
  const inspector = createInspector();
  inspector.faults.set(fault);
  const { environment } = inspector.tap({ environment: world.page.environment });
  const cases = webSocketConformance({
    openWebSocket: (protocols) => environment.openWebSocket('wss://echo.test/', protocols),
    openToNobody: () => environment.openWebSocket('wss://nobody.test/', []),
  });
  test.each(cases)('$name', ({ run }) => run());
});

test('a refused connection fails as one to nobody does', async () => {
  const world = createTestWorld({ timers: 'global' });
  const inspector = createInspector();
  inspector.faults.set({ isRefusing: true });
  const { environment } = inspector.tap({ environment: world.page.environment });
  const socket = environment.openWebSocket('wss://chat.test/socket', []);
  const heard: unknown[] = [];
  socket.onerror = () => heard.push('error');
  socket.onclose = ({ code, wasClean }) => heard.push([code, wasClean]);
  expect(() => socket.send('early')).toThrow(DOMException);
  await vi.waitFor(() => expect(heard).toEqual(['error', [1006, false]]));
});
