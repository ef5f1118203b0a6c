import { describe, expect, it } from 'vitest';
import { plain } from './protocols.ts';
import { inTheMiddle, outcomeOf, World } from './socket.fixture.ts';

// Make before break: `migrate()` puts the conversation on another connection without a gap.

describe('migrate()', () => {
  it('opens the next connection beside the old one, which goes on until then', async () => {
    const world = await inTheMiddle();
    const [old] = world.environment.sockets;
    const moved = outcomeOf(world.socket.migrate());
    await world.settle();
    const [, next] = world.environment.sockets;
    world.socket.send('d');
    await world.settle();
    old?.receive(['m', 3, 3]);
    expect(old?.framesOf('m').map((frame) => frame[3])).toEqual(['a', 'b', 'c', 'd']);
    expect([world.events('message'), next?.sent, old?.isDeaf, moved.state]).toEqual([[1, 2, 3], [], false, 'pending']);
  });

  it('says hello on it, and hears and writes nothing more on the old one, which stays open', async () => {
    const world = await inTheMiddle();
    const [old] = world.environment.sockets;
    void world.socket.migrate();
    await world.accept();
    expect(world.hello).toMatchObject({ session: 'session-1', received: 2, n: 2 });
    const written = old?.sent.length;
    // What the server still sends there it sends again on the new one.
    old?.receive(['m', 3, 'too late']);
    world.socket.send('d');
    await world.settle();
    expect([old?.readyState, old?.sent.length, world.events('message')]).toEqual(['open', written, [1, 2]]);
  });

  it('loses nothing, doubles nothing and keeps the order, both ways', async () => {
    const world = await inTheMiddle();
    const moved = outcomeOf(world.socket.migrate());
    await world.accept();
    world.socket.send('d');
    // The server has taken b on the old connection; c it has not.
    await world.welcome({ resumed: true, offset: 2, taken: [[2, []]] });
    expect([world.sent, moved.state]).toEqual([['c', 'd'], 'resolved']);
    expect(world.wire.framesOf('m').map((frame) => frame[2])).toEqual([3, 4]);
    world.wire.receive(['m', 3, 3], ['a', 0, 4]);
    await world.settle();
    expect([world.events('message'), world.socket.getStats()]).toMatchObject([[1, 2, 3], { queued: 0, inFlight: 0 }]);
  });

  it('closes the old connection when the new one is welcomed, and not before', async () => {
    const world = await inTheMiddle();
    const [old] = world.environment.sockets;
    void world.socket.migrate();
    await world.accept();
    expect([old?.closes, world.environment.liveSockets.length]).toEqual([[], 2]);
    await world.welcome({ resumed: true, offset: 2, taken: [[2, []]] });
    expect([old?.closes, world.environment.liveSockets]).toEqual([[{ code: 1000, reason: 'replaced' }], [world.wire]]);
  });

  it('is no news: the state never leaves open, nothing closes, and only a record and an open event tell', async () => {
    const world = await inTheMiddle();
    const { socket } = world;
    const before = socket.getState();
    world.told.length = 0;
    world.records.length = 0;
    void socket.migrate();
    await world.settle();
    expect(socket.getState()).toBe(before);
    await world.accept();
    expect(socket.getState()).toBe(before);
    await world.welcome({ resumed: true, offset: 2, taken: [[2, []]] });
    world.wire.receive(['a', 0, 3]);
    await world.alive(10_000);
    expect(socket.getState()).toMatchObject({ phase: 'open', since: before.since, attempt: 0, error: null });
    expect(world.told.map(([type]) => type)).toEqual(['open']);
    expect(world.records.map(({ name }) => name)).toEqual(['connection.moved']);
  });

  it('runs onConnect on the new connection before anything flows there', async () => {
    let runs = 0;
    const world = new World({
      onConnect: ({ send }) => {
        runs += 1;
        return send(`prepared ${runs}`);
      },
    });
    const prepare = async (): Promise<void> => {
      await world.welcome({ resumed: runs > 0 });
      world.wire.receive(['taken', [[0, []]]]);
      await world.settle();
    };
    const taken = async (): Promise<void> => {
      world.wire.receive(['a', 1, 1]);
      await world.settle();
    };
    await prepare();
    await taken();
    expect(world.socket.getState().phase).toBe('open');
    const moved = outcomeOf(world.socket.migrate());
    world.socket.send('behind it');
    await prepare();
    expect([world.sent, moved.state]).toEqual([['prepared 2'], 'pending']);
    await taken();
    expect([world.sent, moved.state]).toEqual([['prepared 2', 'behind it'], 'resolved']);
  });

  it('moves as often as one likes', async () => {
    const world = await new World().stable();
    for (let count = 0; count < 5; count += 1) {
      const moved = outcomeOf(world.socket.migrate());
      await world.welcome({ resumed: true });
      expect([moved.state, world.environment.liveSockets]).toEqual(['resolved', [world.wire]]);
    }
    expect(world.events('close')).toEqual([]);
  });

  it('called twice is one move, and both calls hear of it', async () => {
    const world = await new World().stable();
    const moves = [outcomeOf(world.socket.migrate()), outcomeOf(world.socket.migrate())];
    await world.settle();
    expect(world.environment.sockets.length).toBe(2);
    await world.accept();
    expect(moves.map(({ state }) => state)).toEqual(['pending', 'pending']);
    await world.welcome({ resumed: true });
    expect(moves.map(({ state }) => state)).toEqual(['resolved', 'resolved']);
  });

  it('called in the middle of a handover hears of its end, too', async () => {
    const world = await new World().stable();
    void world.socket.migrate();
    await world.accept();
    const moved = outcomeOf(world.socket.migrate());
    await world.settle();
    expect([moved.state, world.environment.sockets.length]).toEqual(['pending', 2]);
    await world.welcome({ resumed: true });
    expect(moved.state).toBe('resolved');
  });

  it('takes over what a hint had begun', async () => {
    const world = await new World().stable();
    world.environment.tell('network');
    await world.environment.advance(250);
    const moved = outcomeOf(world.socket.migrate());
    await world.settle();
    // The old connection answers: for a race that would be the end of the rival, for a move it is not.
    world.environment.sockets[0]?.receive(['q', world.environment.sockets[0].framesOf('p').at(-1)?.[1]]);
    await world.environment.advance(250);
    await world.welcome({ resumed: true });
    expect([moved.state, world.environment.liveSockets]).toEqual(['resolved', [world.wire]]);
  });

  it('with plain() moves as soon as the new connection is open', async () => {
    const world = await new World({ protocol: plain() }).accept();
    const [old] = world.environment.sockets;
    const moved = outcomeOf(world.socket.migrate());
    await world.settle();
    world.socket.send('on the old one');
    await world.settle();
    await world.environment.advance(20);
    await world.accept();
    world.socket.send('on the new one');
    await world.settle();
    expect([old?.sent, world.wire.sent]).toEqual([['"on the old one"'], ['"on the new one"']]);
    expect([moved.state, world.environment.liveSockets]).toEqual(['resolved', [world.wire]]);
  });
});

describe('migrate() where no connection is open', () => {
  it.each<[string, (world: World) => void | Promise<void>]>([
    ['idle', () => {}],
    ['connecting', ({ socket }) => socket.connect()],
    [
      'waiting',
      async (world) => {
        world.socket.connect();
        await world.accept();
        world.wire.closeBy(1006);
      },
    ],
    [
      'suspended',
      async (world) => {
        world.socket.connect();
        await world.accept();
        world.wire.closeBy(1008);
      },
    ],
    ['paused', ({ socket }) => socket.pause()],
  ])('%s: connects, and resolves when that is open', async (phase, begin) => {
    const world = new World({ autoConnect: false });
    await begin(world);
    await world.settle();
    expect(world.socket.getState().phase).toBe(phase);
    const moved = outcomeOf(world.socket.migrate());
    await world.settle();
    expect([world.socket.getState().phase, moved.state]).toEqual(['connecting', 'pending']);
    await world.welcome();
    expect([moved.state, world.environment.liveSockets]).toEqual(['resolved', [world.wire]]);
  });

  it('closed: rejects', async () => {
    const world = new World();
    await world.socket.close();
    await expect(world.socket.migrate()).rejects.toMatchObject({ code: 'CLOSED' });
  });

  it.each(['open', 'state'] as const)('called by a listener of %s is a move like any other', async (type) => {
    const world = new World();
    let moved: ReturnType<typeof outcomeOf> | null = null;
    world.socket.on(type, () => {
      if (world.socket.getState().phase === 'open') moved ??= outcomeOf(world.socket.migrate());
    });
    await world.welcome();
    expect([moved, world.environment.sockets.length]).toEqual([{ state: 'pending', code: null }, 2]);
    await world.welcome({ resumed: true });
    expect(moved).toEqual({ state: 'resolved', code: null });
  });
});
