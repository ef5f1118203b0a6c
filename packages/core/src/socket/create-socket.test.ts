import { describe, expect, it } from 'vitest';
import { World } from './socket.fixture.ts';

const refused = { code: 'NO', message: 'no' };

describe('a socket', () => {
  it('connects at once, and tells each phase', async () => {
    const world = new World();
    expect(world.socket.getState()).toMatchObject({ phase: 'connecting', reason: 'start', attempt: 0, error: null });
    await world.welcome();
    expect([world.phases, world.socket.getState().phase]).toEqual([['open'], 'open']);
    expect(world.events('open')).toEqual([{ resumed: false, attempt: 0 }]);
    expect(world.socket.getState().since).toBe(world.environment.wallClock());
  });

  it('waits for connect() with autoConnect false', async () => {
    const world = await new World({ autoConnect: false }).settle();
    expect([world.environment.sockets.length, world.socket.getState().phase]).toEqual([0, 'idle']);
    world.socket.connect();
    await world.welcome();
    expect(world.socket.getState().phase).toBe('open');
  });

  it('sends what was queued meanwhile, in order, and tells when it was taken', async () => {
    const world = new World();
    const receipts = ['a', 'b'].map((text) => world.socket.send(text));
    expect(receipts.map(({ status }) => status)).toEqual(['queued', 'queued']);
    await world.welcome();
    expect([world.sent, receipts.map(({ status }) => status)]).toEqual([
      ['a', 'b'],
      ['inFlight', 'inFlight'],
    ]);
    world.wire.receive(['a', 0, 2]);
    await Promise.all(receipts.map(({ delivered }) => delivered));
    expect(receipts.map(({ status }) => status)).toEqual(['delivered', 'delivered']);
  });

  it('gives the app what the server sends, and says so to the server', async () => {
    const world = await new World().welcome();
    world.wire.receive(['m', 1, { a: 1 }], ['m', 2, null]);
    await world.environment.advance(25);
    expect([world.events('message'), world.wire.framesOf('a')]).toEqual([[{ a: 1 }, null], [['a', 2]]]);
  });

  it('connects again when it loses the connection, and sends again what is not taken', async () => {
    const world = await new World().welcome();
    const [first, second] = [world.socket.send(1), world.socket.send(2)];
    await world.settle();
    world.wire.closeBy(1006);
    expect(world.socket.getState()).toMatchObject({
      phase: 'waiting',
      attempt: 1,
      reason: 'lost',
      error: { code: 'CONNECTION_LOST' },
    });
    expect(world.socket.getState().retryAt).toBe(world.environment.wallClock() + 150);
    expect([world.events('close'), first.status]).toEqual([[{ code: 1006, reason: '', wasClean: false }], 'queued']);
    await world.environment.advance(150);
    await world.welcome({ resumed: true, taken: [[1, []]] });
    expect([world.sent, first.status, second.status]).toEqual([[2], 'delivered', 'inFlight']);
    expect(world.events('open').at(-1)).toEqual({ resumed: true, attempt: 1 });
  });

  it('starts its attempts over after five seconds of life', async () => {
    const world = await new World().welcome();
    world.wire.closeBy(1006);
    await world.environment.advance(150);
    await world.welcome();
    expect(world.socket.getState().attempt).toBe(1);
    await world.environment.advance(5_000);
    expect([world.socket.getState().attempt, world.phases.at(-1)]).toEqual([0, 'open']);
  });

  it('tells a loss of server messages', async () => {
    const world = await new World().welcome({ lost: { reason: 'buffer-overflow', from: 3, to: 9 } });
    expect(world.events('gap')).toEqual([{ reason: 'buffer-overflow', from: 3, to: 9 }]);
    expect(world.records.find(({ name }) => name === 'session.gap')).toMatchObject({ level: 'warn' });
  });

  it('asks a silent server, and replaces the connection of a dead one', async () => {
    const world = await new World({ heartbeat: { intervalMs: 10_000, timeoutMs: 4_000 } }).stable();
    const { environment } = world;
    const [wire] = environment.sockets;
    const silentSince = environment.now();
    while (environment.sockets.length === 1) await environment.advance(50);
    // At most one pause, then four parts of the deadline with a ping each, and a last hearing.
    expect(environment.now() - silentSince).toBeLessThanOrEqual(10_000 + 4 * 500 + 100 + 50);
    expect([wire?.isDeaf, wire?.closes[0]?.code, environment.liveSockets]).toEqual([true, 4408, [world.wire]]);
    // A link found dead after a stable life is replaced at once.
    expect(world.phases.at(-1)).toBe('connecting');
    expect(world.events('close').at(-1)).toMatchObject({ code: 4408, wasClean: false });
  });

  it('asks less often while the server answers, more often after trouble', async () => {
    const world = await new World({ heartbeat: { intervalMs: 16_000, timeoutMs: 4_000 } }).welcome();
    const asked: number[] = [];
    let { length } = world.wire.framesOf('p');
    for (let ms = 0; ms < 64_000; ms += 500) {
      await world.environment.advance(500);
      const pings = world.wire.framesOf('p').length;
      if (pings > length) {
        asked.push(world.environment.now());
        world.pong();
      }
      length = pings;
    }
    const pauses = asked.slice(1).map((at, index) => at - (asked[index] as number));
    expect(pauses.slice(0, 3).every((pause, index) => pause >= 4_000 * 2 ** index)).toBe(true);
    expect(Math.max(...pauses)).toBeLessThanOrEqual(17_000);
  });

  it("keeps to the shorter of the server's interval and its own, and asks never with heartbeat false", async () => {
    const shorter = await new World().welcome({ heartbeat: { intervalMs: 1_000, timeoutMs: 500 } });
    shorter.pong();
    await shorter.environment.advance(250);
    expect(shorter.wire.framesOf('p').length).toBe(2);
    const never = await new World({ heartbeat: false }).welcome();
    await never.environment.advance(100_000);
    expect([never.wire.framesOf('p'), never.socket.getState().phase]).toEqual([[], 'open']);
  });

  it('stops for good on a breach of the protocol, and the app may try again', async () => {
    const world = await new World().welcome();
    world.wire.receive(['m', 7, 'out of order']);
    await world.settle();
    expect(world.socket.getState()).toMatchObject({
      phase: 'suspended',
      reason: 'refused',
      error: { code: 'PROTOCOL_ERROR' },
    });
    expect(world.errors).toEqual(['PROTOCOL_ERROR']);
    world.socket.connect();
    await world.welcome();
    expect(world.socket.getState().phase).toBe('open');
  });

  it('says in every record whose it is, and never what was sent', async () => {
    const world = new World({ auth: () => 'secret-token' });
    world.socket.send('secret-payload');
    await world.welcome();
    world.wire.receive(['r', 0, 1, refused]);
    world.wire.closeBy(1006, 'gone');
    expect(world.records.length).toBeGreaterThan(3);
    expect(new Set(world.records.map(({ traceId }) => traceId)).size).toBe(1);
    expect(JSON.stringify(world.records)).not.toContain('secret');
  });

  it('asks for a fresh token at every attempt, and tries a rejected one once more', async () => {
    let count = 0;
    const world = await new World({ auth: () => `token-${(count += 1)}` }).accept();
    expect(world.hello).toMatchObject({ auth: 'token-1' });
    world.wire.closeBy(4401);
    await world.accept();
    expect(world.hello).toMatchObject({ auth: 'token-2' });
    world.wire.closeBy(4401);
    await world.settle();
    expect(world.socket.getState()).toMatchObject({ phase: 'suspended', error: { code: 'UNAUTHORIZED' } });
  });

  it('retries when its url function fails', async () => {
    let isWell = false;
    const world = new World({ url: () => (isWell ? 'wss://server.example' : Promise.reject(new Error('dns'))) });
    await world.settle();
    expect(world.socket.getState()).toMatchObject({
      phase: 'waiting',
      error: { code: 'URL_FAILED', cause: { message: 'dns' } },
    });
    isWell = true;
    await world.environment.advance(500);
    await world.welcome();
    expect(world.socket.getState().phase).toBe('open');
  });

  it('waits for as long as the server says', async () => {
    const world = await new World().welcome();
    world.wire.receive(['error', { code: 'OVERLOADED', message: '', retryAfterMs: 60_000 }]);
    world.wire.closeBy(1013);
    await world.settle();
    expect(world.environment.nextTimerMs).toBe(60_150);
  });
});

describe('what the app may do at any time', () => {
  it('pause, and connect again', async () => {
    const world = await new World().welcome();
    const receipt = world.socket.send('kept');
    world.socket.pause();
    await world.environment.advance(100_000);
    expect([world.socket.getState().phase, receipt.status, world.environment.sockets.length]).toEqual([
      'paused',
      'queued',
      1,
    ]);
    expect(world.events('close')).toEqual([{ code: 1001, reason: 'paused', wasClean: true }]);
    world.socket.connect();
    await world.welcome();
    expect(world.sent).toEqual(['kept']);
  });

  it('reconnect, with a new WebSocket at once', async () => {
    const world = await new World().welcome();
    world.socket.reconnect();
    expect(world.socket.getState()).toMatchObject({ phase: 'connecting', reason: 'user' });
    await world.welcome();
    expect(world.environment.sockets.length).toBe(2);
  });

  it('reconnect in the middle of a message, and the rest of it comes again', async () => {
    const world = await new World().welcome();
    world.socket.on('message', (message) => message === 1 && world.socket.reconnect());
    world.wire.receive(['m', 1, 1], ['m', 2, 2]);
    await world.accept();
    expect([world.events('message'), world.hello]).toMatchObject([[1], { received: 1, session: 'session-1' }]);
  });

  // The new connection must not take the welcome of the old one for its own.
  it('reconnect when a loss is told, in the middle of the welcome', async () => {
    const world = new World();
    let count = 0;
    world.socket.on('gap', () => (count += 1) === 1 && world.socket.reconnect());
    await world.welcome({ lost: { reason: 'unknown-session', from: 1, to: null } });
    expect(world.events('open')).toEqual([]);
    await world.welcome();
    expect([world.events('open').length, world.environment.sockets.length]).toEqual([1, 2]);
  });

  it('throw in a listener: it is reported, and the others hear', async () => {
    const world = new World();
    const fault = new Error('mine');
    const heard: unknown[] = [];
    world.socket.on('message', () => {
      throw fault;
    });
    world.socket.on('message', (message) => heard.push(message));
    world.socket.on('error', () => {
      throw new Error('in the listener for errors, too');
    });
    await world.welcome();
    world.wire.receive(['m', 1, 'x']);
    expect([heard, world.errors]).toEqual([['x'], ['LISTENER_FAILED']]);
    expect(world.events('error')).toMatchObject([{ cause: fault, details: { type: 'message' } }]);
    expect(world.socket.getState().phase).toBe('open');
  });

  it('throw in the sink for records', async () => {
    const world = await new World({
      onEvent: () => {
        throw new Error('sink');
      },
    }).welcome();
    expect(world.socket.getState().phase).toBe('open');
  });

  it('call any method without its object', async () => {
    const world = new World();
    const { send, getState, subscribe, on, close } = world.socket;
    send('x');
    subscribe(() => {})();
    on('open', () => {})();
    expect(getState().phase).toBe('connecting');
    await close();
    expect(getState().phase).toBe('closed');
    expect(() => Object.assign(world.socket, { send: null })).toThrow(TypeError);
  });
});

describe('facts about the page', () => {
  it('frozen and resumed: the connection goes and comes back', async () => {
    const world = await new World().welcome();
    world.environment.tell('frozen');
    expect(world.socket.getState()).toMatchObject({ phase: 'paused', reason: 'frozen' });
    world.environment.tell('resumed');
    expect(world.socket.getState()).toMatchObject({ phase: 'connecting', reason: 'wake' });
  });

  it('online: the next try is at once', async () => {
    const world = await new World().accept();
    world.wire.closeBy(1006);
    world.environment.tell('online');
    await world.settle();
    expect([world.environment.sockets.length, world.socket.getState().phase]).toEqual([2, 'connecting']);
  });

  it('offline: the live connection is asked, and lives if it answers', async () => {
    const world = await new World().welcome();
    world.environment.tell('offline');
    expect(world.wire.framesOf('p').length).toBe(2);
    world.wire.receive(['q', 2]);
    await world.environment.advance(2_000);
    expect(world.socket.getState().phase).toBe('open');
    world.environment.tell('visible');
    await world.environment.advance(2_100);
    expect(world.socket.getState().phase).not.toBe('open');
  });
});

it('is the same client and the same session over all its connections', async () => {
  const world = await new World().welcome({ session: 's', key: 'k', epoch: 'e' });
  const { client } = world.hello;
  world.socket.reconnect();
  await world.accept();
  expect(world.hello).toMatchObject({ client, session: 's', key: 'k', epoch: 'e', n: 2 });
});
