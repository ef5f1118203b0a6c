import { describe, expect, it } from 'vitest';
import { aWelcome } from '../testing-fakes/frames.fixture.ts';
import { inTheMiddle, leftBehind, NOTHING, outcomeOf, World } from './socket.fixture.ts';

describe('a move that fails', () => {
  it('is tried again, and keeps the old connection when all tries fail', async () => {
    const world = await inTheMiddle();
    const [old] = world.environment.sockets;
    const before = world.socket.getState();
    const moved = outcomeOf(world.socket.migrate());
    for (let count = 0; count < 20 && moved.state === 'pending'; count += 1) {
      await world.settle();
      if (world.wire !== old) world.wire.closeBy(1006);
      await world.environment.advance(2_000);
      world.pong(old);
    }
    expect(moved).toEqual({ state: 'rejected', code: 'CONNECT_FAILED' });
    expect([world.socket.getState(), world.environment.liveSockets]).toEqual([before, [old]]);
    expect(world.environment.sockets.length).toBeLessThanOrEqual(6);
    world.socket.send('d');
    await world.settle();
    expect(old?.framesOf('m').at(-1)?.[3]).toBe('d');
    expect([world.events('close'), world.errors]).toEqual([[], []]);
  });

  it('succeeds when a later try does', async () => {
    const world = await new World().stable();
    const moved = outcomeOf(world.socket.migrate());
    await world.settle();
    world.wire.closeBy(1006);
    await world.environment.advance(300);
    expect([moved.state, world.environment.sockets.length]).toEqual(['pending', 3]);
    await world.welcome({ resumed: true });
    expect(moved.state).toBe('resolved');
  });

  it('by a url function that never answers ends all the same', async () => {
    let isStuck = false;
    const world = new World({
      url: () => (isStuck ? new Promise<string>(() => {}) : 'wss://server.example'),
      reconnect: { connectTimeoutMs: 1_000 },
    });
    await world.stable();
    isStuck = true;
    const moved = outcomeOf(world.socket.migrate());
    await world.alive(15_000);
    expect([moved.state, world.socket.getState().phase]).toEqual(['rejected', 'open']);
  });

  it('by a WebSocket that the browser refuses is tried again', async () => {
    const world = await new World().stable();
    world.environment.refusal = new DOMException('mixed content', 'SecurityError');
    const moved = outcomeOf(world.socket.migrate());
    await world.settle();
    expect([moved.state, world.environment.sockets.length, world.socket.getState().phase]).toEqual([
      'pending',
      1,
      'open',
    ]);
    await world.environment.advance(300);
    await world.welcome({ resumed: true });
    expect(moved.state).toBe('resolved');
  });

  it('in onConnect is a failed attempt: the socket connects again', async () => {
    let isIll = false;
    const world = await new World({
      onConnect: () => {
        if (isIll) throw new Error('mine');
      },
    }).stable();
    isIll = true;
    const moved = outcomeOf(world.socket.migrate());
    await world.welcome({ resumed: true });
    expect([moved.state, world.socket.getState()]).toMatchObject([
      'rejected',
      { phase: 'waiting', error: { code: 'PREPARE_FAILED' } },
    ]);
    expect(world.environment.liveSockets).toEqual([]);
  });

  // From the hello on the session is the new connection's: there is no way back to the old one.
  it('after its hello is the loss of a connection: the socket connects again, and nothing is lost', async () => {
    const world = await inTheMiddle();
    const moved = outcomeOf(world.socket.migrate());
    await world.accept();
    world.wire.closeBy(1006);
    await world.settle();
    expect([moved.state, world.socket.getState().phase, world.environment.liveSockets]).toEqual([
      'rejected',
      'waiting',
      [],
    ]);
    await world.environment.advance(300);
    await world.welcome({ resumed: true, offset: 2, taken: [[1, []]] });
    expect(world.sent).toEqual(['b', 'c']);
  });

  it.each<[string, (world: World) => void, phase: string]>([
    ['pause()', ({ socket }) => socket.pause(), 'paused'],
    ['reconnect()', ({ socket }) => socket.reconnect(), 'connecting'],
    ['close()', ({ socket }) => void socket.close(), 'closed'],
    ['close({ flushMs })', ({ socket }) => void socket.close({ flushMs: 1_000 }), 'closed'],
    ['a page that freezes', ({ environment }) => environment.tell('frozen'), 'paused'],
  ])('by %s rejects, on its way and in the handover', async (_name, end, phase) => {
    for (const isHandover of [false, true]) {
      const world = await new World().stable();
      const moved = outcomeOf(world.socket.migrate());
      await world.settle();
      if (isHandover) await world.accept();
      end(world);
      await world.settle();
      expect([moved.state, world.socket.getState().phase]).toEqual(['rejected', phase]);
      expect(world.environment.liveSockets.length).toBe(phase === 'connecting' ? 1 : 0);
      await world.socket.close();
      expect(leftBehind(world)).toEqual(NOTHING);
    }
  });

  it('does not take from close({ flushMs }) what it promises: what waits goes on the new connection', async () => {
    const world = await inTheMiddle();
    void world.socket.migrate().catch(() => {});
    await world.accept();
    const closed = outcomeOf(world.socket.close({ flushMs: 5_000 }));
    await world.settle();
    world.wire.receive(['welcome', aWelcome({ resumed: true, offset: 2, taken: [[1, []]] })]);
    await world.settle();
    expect([world.sent, world.socket.getState().phase]).toEqual([['b', 'c'], 'closing']);
    world.wire.receive(['a', 0, 3]);
    await world.settle();
    expect([closed.state, leftBehind(world)]).toEqual(['resolved', NOTHING]);
  });

  it('ends close({ flushMs }) when it fails', async () => {
    const world = await inTheMiddle();
    void world.socket.migrate().catch(() => {});
    await world.accept();
    const closed = outcomeOf(world.socket.close({ flushMs: 5_000 }));
    world.wire.closeBy(1006);
    await world.settle();
    expect([closed.state, leftBehind(world)]).toEqual(['resolved', NOTHING]);
  });

  it('goes on when the old connection is lost meanwhile', async () => {
    const world = await inTheMiddle();
    const [old] = world.environment.sockets;
    const { socket } = world;
    void socket.migrate().catch(() => {});
    await world.settle();
    old?.closeBy(1006);
    expect([socket.getState(), world.events('close')]).toMatchObject([
      { phase: 'connecting', reason: 'lost' },
      [{ code: 1006 }],
    ]);
    await world.welcome({ resumed: true, offset: 2, taken: [[1, []]] });
    expect([world.sent, world.environment.sockets.length]).toEqual([['b', 'c'], 2]);
  });

  it('in a handover that the welcome refuses ends as any refusal does', async () => {
    const world = await inTheMiddle();
    const moved = outcomeOf(world.socket.migrate());
    await world.accept();
    world.wire.closeBy(4403);
    await world.settle();
    expect([moved.state, world.socket.getState()]).toMatchObject([
      'rejected',
      { phase: 'suspended', error: { code: 'FORBIDDEN' } },
    ]);
    expect([world.environment.liveSockets, world.environment.timers]).toEqual([[], 0]);
  });

  it('for a server that is busy waits as long as it says, and then takes its slot', async () => {
    const world = await new World().stable();
    const moved = outcomeOf(world.socket.migrate());
    await world.settle();
    world.wire.closeBy(1013, 'busy; retry-after-ms=4000; slot=a1B2');
    const [old] = world.environment.sockets;
    for (let ms = 0; ms < 3_500; ms += 500) {
      await world.environment.advance(500);
      world.pong(old);
    }
    await world.environment.advance(499);
    expect(world.environment.sockets.length).toBe(2);
    await world.environment.advance(1);
    expect(world.environment.sockets.map(({ protocols }) => protocols.length)).toEqual([1, 1, 2]);
    await world.welcome({ resumed: true });
    expect(moved.state).toBe('resolved');
  });
});
