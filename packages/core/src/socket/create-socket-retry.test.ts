import { describe, expect, it, test } from 'vitest';
import { ERROR_CODES } from '../lib/errors.ts';
import { plain } from './protocols.ts';
import { World } from './socket.fixture.ts';
import type { ReconnectOptions, SocketOptions } from './types.ts';

// What follows the end of a connection: when the next try starts, and whether there is one.

const anOpen = (reconnect: ReconnectOptions = {}, options: Partial<SocketOptions> = {}): Promise<World> =>
  new World({ protocol: plain(), reconnect, ...options }).accept();

/** Milliseconds until the next try; null: none is due. */
function waitOf({ socket, environment }: World): number | null {
  const { retryAt } = socket.getState();
  return retryAt === null ? null : retryAt - environment.wallClock();
}

test('the url function is told how often it has failed: it may name another server', async () => {
  const servers = ['wss://one/', 'wss://two/', 'wss://three/'];
  const url: SocketOptions['url'] = ({ attempt }) => servers[Math.max(0, attempt - 1) % servers.length] ?? '';
  const world = new World({ protocol: plain(), url, reconnect: { jitter: 'none', factor: 1 } });
  await world.settle();
  for (let tries = 0; tries < 4; tries += 1) {
    world.wire.closeBy(1006);
    await world.environment.advance(300);
  }
  // Lost once it was stable: it is tried where it was first.
  await world.accept();
  await world.environment.advance(5_000);
  world.wire.closeBy(1006);
  await world.environment.advance(300);
  expect(world.environment.sockets.map((socket) => socket.url)).toEqual([
    ...['wss://one/', 'wss://one/', 'wss://two/', 'wss://three/', 'wss://one/'],
    'wss://one/',
  ]);
});

describe('the wait', () => {
  it.each([
    ['full', [150, 300, 600]],
    ['equal', [225, 450, 900]],
    ['none', [300, 600, 1_200]],
    // From 300 to three times the last one, half-way.
    ['decorrelated', [600, 1_050, 1_725]],
  ] as const)('grows, with %s jitter', async (jitter, waits) => {
    const world = await anOpen({ jitter, factor: 2 });
    for (const wait of waits) {
      world.wire.closeBy(1006);
      await world.settle();
      expect(waitOf(world)).toBe(wait);
      await world.environment.advance(wait);
    }
  });

  // A jitter that is clamped after it was added is none at the cap: all clients come back at once.
  it.each(['full', 'equal', 'decorrelated'] as const)('at the cap is spread all the same: %s', async (jitter) => {
    const waits = new Set<number | null>();
    for (const chance of [0.1, 0.5, 0.9]) {
      const world = await anOpen({ jitter, initialDelayMs: 400, maxDelayMs: 1_000, factor: 10 });
      world.environment.chance = chance;
      for (let tries = 0; tries < 5; tries += 1) {
        world.wire.closeBy(1006);
        await world.settle();
        const wait = waitOf(world) ?? 0;
        expect(wait).toBeLessThanOrEqual(1_000);
        if (tries === 4) waits.add(wait);
        await world.environment.advance(wait);
      }
    }
    expect(waits.size).toBe(3);
  });

  it('starts over only with a connection that has proved stable', async () => {
    const world = await anOpen({ jitter: 'none', factor: 2 });
    for (const wait of [300, 600, 1_200]) {
      world.wire.closeBy(1006);
      expect(waitOf(world)).toBe(wait);
      await world.environment.advance(wait);
      await world.accept();
    }
    await world.environment.advance(5_000);
    world.wire.closeBy(1006);
    expect(waitOf(world)).toBe(300);
  });

  it('is left out by connect(), by a page that comes to the front and by `online`', async () => {
    for (const go of ['connect', 'visible', 'online', 'woke', 'network', 'focus'] as const) {
      const world = await anOpen({ initialDelayMs: 60_000, maxDelayMs: 60_000 });
      world.wire.closeBy(1006);
      if (go === 'connect') world.socket.connect();
      else world.environment.tell(go);
      await world.settle();
      expect(world.environment.sockets.length, go).toBe(2);
    }
  });

  it('is long while the browser says that there is no network, and ends with it', async () => {
    const world = await anOpen({ jitter: 'none' });
    world.environment.tell('offline');
    world.wire.closeBy(1006);
    expect([world.socket.getState().reason, waitOf(world)]).toEqual(['offline', 30_000]);
    await world.environment.advance(10_000);
    world.environment.tell('online');
    await world.settle();
    expect([world.environment.sockets.length, world.socket.getState().reason]).toEqual([2, 'wake']);
  });
});

describe('after `online`', () => {
  it('a try that fails within 2 s goes again after 100 ms, and does not count', async () => {
    const world = await anOpen({ jitter: 'none', factor: 2 });
    world.environment.tell('offline');
    world.wire.closeBy(1006);
    await world.environment.advance(5_000);
    world.environment.tell('online');
    for (let tries = 0; tries < 5; tries += 1) {
      await world.settle();
      world.wire.closeBy(1006);
      expect([waitOf(world), world.socket.getState().attempt]).toEqual([100, 1]);
      await world.environment.advance(100);
    }
    await world.accept();
    expect(world.socket.getState().phase).toBe('open');
  });

  it('a try that fails later is one like any other', async () => {
    const world = await anOpen({ jitter: 'none', factor: 2 });
    world.environment.tell('offline');
    world.wire.closeBy(1006);
    world.environment.tell('online');
    await world.environment.advance(2_000);
    world.wire.closeBy(1006);
    expect([waitOf(world), world.socket.getState().attempt]).toEqual([600, 2]);
  });

  it('a handshake that began without a network starts anew', async () => {
    const world = await anOpen();
    world.environment.tell('offline');
    world.wire.closeBy(1006);
    await world.environment.advance(30_000);
    const stalled = world.wire;
    world.environment.tell('online');
    await world.settle();
    expect([world.wire === stalled, world.environment.liveSockets]).toEqual([false, [world.wire]]);
  });
});

describe('a server that says when to come back', () => {
  it('is given that time on top of the wait, and neither `online` nor a focus makes it shorter', async () => {
    const world = await anOpen({ jitter: 'none' });
    world.wire.closeBy(1013, 'busy; retry-after-ms=20000');
    expect([waitOf(world), world.socket.getState().error?.retryAfterMs]).toEqual([20_300, 20_000]);
    for (const fact of ['online', 'visible', 'woke', 'network', 'focus'] as const) world.environment.tell(fact);
    await world.environment.advance(20_299);
    expect(world.environment.sockets.length).toBe(1);
    await world.environment.advance(1);
    expect(world.environment.sockets.length).toBe(2);
  });

  it('is asked before by connect(): the app knows better', async () => {
    const world = await anOpen();
    world.wire.closeBy(1013, 'retry-after-ms=20000');
    world.socket.connect();
    await world.settle();
    expect(world.environment.sockets.length).toBe(2);
  });

  it('is given that time by a policy, too', async () => {
    const world = await anOpen({ jitter: 'none', policies: { SERVER_BUSY: { initialDelayMs: 10 } } });
    world.wire.closeBy(1013, 'retry-after-ms=5000');
    expect(waitOf(world)).toBe(5_010);
  });

  it('has had its wish once a connection was tried: a page that freezes later is back at once', async () => {
    const world = await anOpen();
    world.wire.closeBy(1013, 'retry-after-ms=600000');
    world.socket.connect();
    await world.accept();
    world.environment.tell('frozen');
    world.environment.tell('resumed');
    expect(world.socket.getState().phase).toBe('connecting');
  });

  it('is given that time by a page that was frozen meanwhile', async () => {
    const world = await anOpen();
    world.wire.closeBy(1013, 'retry-after-ms=20000');
    world.environment.tell('frozen');
    await world.environment.advance(5_000);
    world.environment.tell('resumed');
    await world.settle();
    expect(world.environment.sockets.length).toBe(1);
    await world.environment.advance(20_000);
    expect(world.environment.sockets.length).toBe(2);
  });

  it('with a slot is asked again at that very time, with the slot, once', async () => {
    const world = await anOpen({}, { protocol: plain({ subprotocols: ['chat'] }) });
    world.wire.closeBy(1013, 'busy; retry-after-ms=1500; slot=a1B2');
    expect(waitOf(world)).toBe(1_500);
    await world.environment.advance(1_499);
    expect(world.environment.sockets.length).toBe(1);
    await world.environment.advance(1);
    expect(world.wire.protocols).toEqual(['chat', 'holdfast.slot.a1B2']);
    world.wire.closeBy(1006);
    await world.environment.advance(1_000);
    expect([world.environment.sockets.length, world.wire.protocols]).toEqual([3, ['chat']]);
  });

  it('at a restart gives each client a time of its own, which is kept', async () => {
    for (const chance of [0, 0.25, 0.75]) {
      const world = await anOpen({ jitter: 'none' });
      world.environment.chance = chance;
      world.wire.closeBy(1012, 'restart; retry-after-ms=8000');
      expect(waitOf(world)).toBe(8_300);
    }
  });

  it('at a restart that keeps a place for it is asked at that very time', async () => {
    const world = await anOpen();
    world.wire.closeBy(1012, 'restart; retry-after-ms=8000; slot=a1B2');
    expect(waitOf(world)).toBe(8_000);
  });

  it('that is busy and says nothing is given 8.5 seconds, jittered', async () => {
    const world = await anOpen({ jitter: 'none' });
    world.wire.closeBy(1013);
    expect(waitOf(world)).toBe(8_500);
  });

  it('in a frame, before it closes, is heard as well', async () => {
    const world = await new World({ reconnect: { jitter: 'none' } }).welcome();
    world.wire.receive(['error', { code: 'OVERLOADED', message: '', retryAfterMs: 5_000 }]);
    world.wire.closeBy(1013);
    expect(waitOf(world)).toBe(5_300);
  });
});

describe('the end', () => {
  // A client that retries at once with the same for ever does not honour its own word that the retry can help.
  it.each([
    1000, 1001, 1002, 1003, 1005, 1006, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 1015, 4000, 4403, 4408, 4409,
    4429,
  ])('with close code %i is retried where that can help, and only there', async (closeCode) => {
    const world = await anOpen();
    world.wire.closeBy(closeCode);
    const { phase, error } = world.socket.getState();
    expect(error?.details).toMatchObject({ closeCode });
    expect(phase).toBe(ERROR_CODES[error!.code].retryable ? 'waiting' : 'suspended');
  });

  it('with a token that is rejected is retried with a fresh one, at once and once', async () => {
    const world = await anOpen();
    world.wire.closeBy(4401);
    await world.accept();
    expect(world.environment.sockets.length).toBe(2);
    world.wire.closeBy(4401);
    expect(world.socket.getState()).toMatchObject({ phase: 'suspended', error: { code: 'UNAUTHORIZED' } });
  });

  it('right after every open does not make a loop', async () => {
    for (const [code, most] of [
      [1006, 60],
      [1011, 60],
      [1012, 30],
      [1000, 1],
      [4401, 2],
    ] as const) {
      const world = await anOpen();
      const end = world.environment.now() + 60_000;
      while (world.environment.now() < end) {
        await world.accept();
        if (world.wire.readyState === 'open') world.wire.closeBy(code);
        // One that connects again at once is accepted at once.
        if (world.socket.getState().phase !== 'connecting')
          await world.environment.advance(world.environment.nextTimerMs ?? 60_000);
      }
      expect(world.environment.sockets.length, `${code}`).toBeLessThanOrEqual(most);
    }
  });

  it('by a rejected token is forgotten when the app pauses and connects', async () => {
    const world = await anOpen();
    for (const phase of ['connecting', 'suspended']) {
      world.wire.closeBy(4401);
      expect(world.socket.getState().phase).toBe(phase);
      await world.accept();
    }
    world.socket.pause();
    world.socket.connect();
    await world.accept();
    world.wire.closeBy(4401);
    expect(world.socket.getState().phase).toBe('connecting');
  });
});
