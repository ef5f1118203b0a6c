import { describe, expect, it } from 'vitest';
import { plain } from './protocols.ts';
import { leftBehind, NOTHING, outcomeOf, World } from './socket.fixture.ts';
import type { ReconnectOptions } from './types.ts';

// The circuit breaker: after its limits a socket leaves the server alone for a while, then sends one try ahead.

const limits: ReconnectOptions = { jitter: 'none', initialDelayMs: 100, factor: 1, maxAttempts: 2, coolDownMs: 30_000 };

/** One that has failed as often as it may. */
async function aTripped(reconnect: ReconnectOptions = {}): Promise<World> {
  const world = new World({ protocol: plain(), reconnect: { ...limits, ...reconnect } });
  await world.settle();
  while (world.socket.getState().phase === 'connecting') {
    world.wire.closeBy(1006);
    await world.environment.advance(100);
  }
  return world;
}

const retryInMs = ({ socket, environment }: World): number =>
  (socket.getState().retryAt ?? Number.NaN) - environment.wallClock();

describe('the breaker', () => {
  it('opens after maxAttempts retries: suspended, with the time of its next try', async () => {
    const world = await aTripped();
    expect(world.environment.sockets.length).toBe(3);
    expect(world.socket.getState()).toMatchObject({
      phase: 'suspended',
      reason: 'exhausted',
      breaker: 'open',
      error: { code: 'RETRIES_EXHAUSTED', details: { attempts: 2, last: 'CONNECT_FAILED' } },
    });
    expect([world.errors, retryInMs(world)]).toEqual([['RETRIES_EXHAUSTED'], 30_000 - 100]);
  });

  it('opens after maxElapsedMs of failing tries', async () => {
    const world = await aTripped({ maxAttempts: Number.POSITIVE_INFINITY, maxElapsedMs: 950 });
    expect([world.environment.sockets.length, world.socket.getState().breaker]).toEqual([11, 'open']);
    expect(world.socket.getState().error?.details).toMatchObject({ elapsedMs: 1_000 });
  });

  it('counts the time only while it fails', async () => {
    const world = await new World({ protocol: plain(), reconnect: { ...limits, maxElapsedMs: 950 } }).accept();
    for (let round = 0; round < 3; round += 1) {
      await world.environment.advance(10_000);
      world.wire.closeBy(1006);
      await world.environment.advance(100);
      await world.accept();
    }
    expect(world.socket.getState()).toMatchObject({ phase: 'open', breaker: 'closed' });
  });

  it('sends one try ahead after its cool-down: half-open', async () => {
    const world = await aTripped();
    await world.environment.advance(30_000 - 101);
    expect(world.environment.sockets.length).toBe(3);
    await world.environment.advance(1);
    expect(world.environment.sockets.length).toBe(4);
    expect(world.socket.getState()).toMatchObject({ phase: 'connecting', breaker: 'half-open', reason: 'retry' });
  });

  it.each(['online', 'visible', 'woke', 'network', 'resumed'] as const)('sends one ahead on %s', async (fact) => {
    const world = await aTripped();
    world.environment.tell(fact);
    await world.settle();
    expect([world.environment.sockets.length, world.socket.getState().breaker]).toEqual([4, 'half-open']);
  });

  it('sends none ahead on a focus, which is no sign that anything changed', async () => {
    const world = await aTripped();
    world.environment.tell('focus');
    world.environment.tell('hidden');
    world.environment.tell('offline');
    await world.settle();
    expect([world.environment.sockets.length, world.socket.getState().breaker]).toEqual([3, 'open']);
  });

  it('opens again when that try fails, each time for twice as long, up to sixteen times', async () => {
    const world = await aTripped();
    await world.environment.advance(30_000 - 100);
    const waits: number[] = [];
    for (let trip = 0; trip < 6; trip += 1) {
      world.wire.closeBy(1006);
      expect(world.socket.getState()).toMatchObject({ phase: 'suspended', breaker: 'open' });
      waits.push(retryInMs(world));
      await world.environment.advance(retryInMs(world));
    }
    expect(waits).toEqual([60_000, 120_000, 240_000, 480_000, 480_000, 480_000]);
    // Each try was one.
    expect(world.environment.sockets.length).toBe(10);
  });

  it('closes when a connection has proved stable, and not before', async () => {
    const world = await aTripped();
    world.environment.tell('online');
    await world.accept();
    expect(world.socket.getState()).toMatchObject({ phase: 'open', breaker: 'half-open' });
    await world.environment.advance(5_000);
    expect(world.socket.getState()).toMatchObject({ phase: 'open', breaker: 'closed', attempt: 0 });
    world.wire.closeBy(1006);
    expect(world.socket.getState()).toMatchObject({ phase: 'waiting', breaker: 'closed', attempt: 1 });
  });

  it('opens again when that connection does not last', async () => {
    const world = await aTripped();
    world.environment.tell('online');
    await world.accept();
    await world.environment.advance(4_999);
    world.wire.closeBy(1006);
    expect(world.socket.getState()).toMatchObject({ phase: 'suspended', breaker: 'open' });
    expect(retryInMs(world)).toBe(60_000);
  });

  it('leaves the server the time that it asks for on top', async () => {
    const world = await aTripped();
    await world.environment.advance(30_000 - 100);
    world.wire.closeBy(1013, 'retry-after-ms=7000');
    expect(retryInMs(world)).toBe(67_000);
    world.environment.tell('visible');
    await world.settle();
    expect(world.socket.getState().breaker).toBe('open');
  });

  it.each<[string, (world: World) => void]>([
    ['connect()', ({ socket }) => socket.connect()],
    ['reconnect()', ({ socket }) => socket.reconnect()],
    ['migrate()', ({ socket }) => void socket.migrate().catch(() => {})],
    [
      'connect() after pause()',
      ({ socket }) => {
        socket.pause();
        socket.connect();
      },
    ],
  ])('%s closes it, with all its tries', async (_name, go) => {
    const world = await aTripped();
    go(world);
    await world.settle();
    expect(world.socket.getState()).toMatchObject({ phase: 'connecting', breaker: 'closed', attempt: 0 });
    world.wire.closeBy(1006);
    expect(world.socket.getState()).toMatchObject({ phase: 'waiting', breaker: 'closed', attempt: 1 });
  });

  it('with a coolDownMs of Infinity stays open until the app asks', async () => {
    const world = await aTripped({ coolDownMs: Number.POSITIVE_INFINITY });
    expect(world.socket.getState()).toMatchObject({ phase: 'suspended', retryAt: null });
    world.environment.tell('online');
    await world.environment.advance(3_600_000);
    expect([world.environment.sockets.length, world.environment.timers]).toEqual([3, 0]);
    world.socket.connect();
    await world.accept();
    expect(world.socket.getState().phase).toBe('open');
  });

  it('is not for what a server refuses for good: there only the app goes on', async () => {
    const world = await new World({ protocol: plain(), reconnect: limits }).accept();
    world.wire.closeBy(1008);
    expect(world.socket.getState()).toMatchObject({
      phase: 'suspended',
      reason: 'refused',
      breaker: 'closed',
      retryAt: null,
    });
    for (const fact of ['online', 'visible', 'resumed', 'woke', 'network', 'focus'] as const) {
      world.environment.tell(fact);
    }
    await world.environment.advance(3_600_000);
    expect(world.environment.sockets.length).toBe(1);
  });

  it('with reconnect false is neither: it never tries by itself', async () => {
    const world = await new World({ protocol: plain(), reconnect: false }).accept();
    world.wire.closeBy(1006);
    expect(world.socket.getState()).toMatchObject({
      phase: 'suspended',
      error: { code: 'CONNECTION_LOST' },
      retryAt: null,
    });
    world.environment.tell('online');
    await world.environment.advance(3_600_000);
    expect(world.environment.sockets.length).toBe(1);
  });

  it('keeps what is sent, and sends it when it is closed again', async () => {
    const world = await aTripped();
    const receipt = world.socket.send('kept');
    await world.environment.advance(1_000);
    expect([receipt.status, world.socket.getState().phase]).toEqual(['queued', 'suspended']);
    world.environment.tell('online');
    await world.accept();
    expect(world.wire.sent).toEqual(['"kept"']);
  });

  it('lets whenOpen() reject at once, and leaves nothing behind', async () => {
    const world = await aTripped();
    await expect(world.socket.whenOpen()).rejects.toMatchObject({ code: 'RETRIES_EXHAUSTED' });
    const closed = outcomeOf(world.socket.close());
    await world.settle();
    expect([closed.state, leftBehind(world)]).toEqual(['resolved', NOTHING]);
  });

  it('stays half-open in the first moments after `online`, in which a failed try says nothing', async () => {
    const world = await aTripped();
    world.environment.tell('online');
    await world.settle();
    world.wire.closeBy(1006);
    expect(world.socket.getState()).toMatchObject({ phase: 'waiting', breaker: 'half-open' });
    expect(retryInMs(world)).toBe(100);
    await world.environment.advance(2_000);
    world.wire.closeBy(1006);
    expect([world.socket.getState().breaker, retryInMs(world)]).toEqual(['open', 60_000]);
  });

  it('says that it is exhausted without a cool-down, too', async () => {
    const world = await aTripped({ coolDownMs: Number.POSITIVE_INFINITY });
    expect(world.socket.getState()).toMatchObject({ reason: 'exhausted', error: { code: 'RETRIES_EXHAUSTED' } });
  });

  it('is no matter of reconnect: false, which does not try again after `online` either', async () => {
    const world = new World({ protocol: plain(), reconnect: false });
    world.environment.tell('online');
    await world.settle();
    world.wire.closeBy(1006);
    await world.environment.advance(10_000);
    expect([world.environment.sockets.length, world.socket.getState().phase]).toEqual([1, 'suspended']);
  });
});
