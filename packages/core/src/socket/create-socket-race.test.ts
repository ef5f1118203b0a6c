import { describe, expect, it } from 'vitest';
import type { EnvironmentFact } from '../environment/ports.ts';
import { plain } from './protocols.ts';
import { inTheMiddle, leftBehind, NOTHING, World } from './socket.fixture.ts';
import type { SocketOptions } from './types.ts';

// After a hint (a wake-up, another network) links are often dead: the live one is asked at once, and when it is silent
// another one is opened beside it. The first that answers wins.

const HINTS: EnvironmentFact[] = ['online', 'visible', 'resumed', 'woke', 'network', 'focus'];

const newestPing = (world: World, index: number): unknown =>
  world.environment.sockets[index]?.framesOf('p').at(-1)?.[1];

describe('after a hint, with a heartbeat', () => {
  it.each([...HINTS, 'offline' as const])(
    '%s: the live connection is asked at once, and lives if it answers',
    async (fact) => {
      const world = await new World().stable();
      const before = world.wire.framesOf('p').length;
      world.environment.tell(fact);
      expect(world.wire.framesOf('p').length).toBe(before + 1);
      await world.environment.advance(100);
      world.pong();
      await world.environment.advance(1_000);
      expect([world.environment.sockets.length, world.socket.getState().phase]).toEqual([1, 'open']);
    },
  );

  it.each(HINTS)('%s: another connection races from a quarter of a second in silence on', async (fact) => {
    const world = await new World().stable();
    world.environment.tell(fact);
    await world.environment.advance(249);
    expect(world.environment.sockets.length).toBe(1);
    await world.environment.advance(1);
    expect([world.environment.sockets.length, world.environment.sockets[0]?.isDeaf]).toEqual([2, false]);
  });

  it('the old one answers first: the new one is not needed', async () => {
    const world = await inTheMiddle();
    const before = world.socket.getState();
    world.told.length = 0;
    world.environment.tell('network');
    await world.environment.advance(300);
    const [old, rival] = world.environment.sockets;
    world.pong(old);
    old?.receive(['a', 0, 3]);
    await world.environment.advance(250);
    rival?.open();
    await world.settle();
    expect([rival?.closes, rival?.sent]).toEqual([[{ code: 1000, reason: 'not needed' }], []]);
    expect([world.socket.getState(), world.environment.liveSockets, world.told]).toEqual([before, [old], []]);
    old?.receive(['m', 3, 3]);
    expect(world.events('message')).toEqual([3]);
  });

  it('anything that is heard of the old one is an answer', async () => {
    const world = await new World().stable();
    world.environment.tell('network');
    await world.environment.advance(300);
    const [old] = world.environment.sockets;
    old?.receive(['m', 1, 1]);
    await world.environment.advance(250);
    expect(world.environment.liveSockets).toEqual([old]);
  });

  it('the new one opens first: it takes over without a gap, and the state stays open', async () => {
    const world = await inTheMiddle();
    const before = world.socket.getState();
    world.told.length = 0;
    world.environment.tell('woke');
    await world.environment.advance(250);
    const [old] = world.environment.sockets;
    await world.accept();
    old?.receive(['m', 3, 'too late']);
    expect([world.hello.received, world.events('message'), world.socket.getState()]).toEqual([2, [], before]);
    await world.welcome({ resumed: true, offset: 2, taken: [[1, []]] });
    expect([world.sent, world.environment.liveSockets]).toEqual([['b', 'c'], [world.wire]]);
    expect([world.told.map(([type]) => type), world.socket.getState().since]).toEqual([['open'], before.since]);
  });

  it('the old one is found dead while the new one is on its way: that one goes on', async () => {
    const world = await inTheMiddle();
    world.environment.tell('woke');
    await world.environment.advance(4 * 250 + 100);
    const [old, rival] = world.environment.sockets;
    old?.receive(['m', 3, 'too late']);
    expect([world.environment.sockets.length, world.events('message').length, rival?.readyState]).toEqual([
      2,
      2,
      'connecting',
    ]);
    expect(world.socket.getState()).toMatchObject({
      phase: 'connecting',
      reason: 'lost',
      error: { code: 'HEARTBEAT_MISSED' },
    });
    await world.welcome({ resumed: true, offset: 2, taken: [[1, []]] });
    expect([world.sent, world.environment.liveSockets]).toEqual([['b', 'c'], [rival]]);
  });

  it('the old one ends in the handover: the new one goes on, and nobody hears of it', async () => {
    const world = await inTheMiddle();
    const before = world.socket.getState();
    world.environment.tell('woke');
    await world.environment.advance(250);
    const [old] = world.environment.sockets;
    await world.accept();
    old?.closeBy(1006);
    await world.settle();
    expect([world.socket.getState(), world.events('close')]).toEqual([before, []]);
    await world.welcome({ resumed: true, offset: 2, taken: [[1, []]] });
    expect([world.sent, world.environment.liveSockets]).toEqual([['b', 'c'], [world.wire]]);
  });

  it('a black hole is noticed and replaced in less than 3 s', async () => {
    for (const fact of HINTS) {
      const world = await new World().stable();
      world.environment.tell(fact);
      await world.environment.advance(300);
      await world.welcome({ resumed: true });
      expect([world.socket.getState().phase, world.environment.liveSockets]).toEqual(['open', [world.wire]]);
    }
  });

  it('the new one fails: the old one goes on, and is asked to the end', async () => {
    const world = await new World().stable();
    const [old] = world.environment.sockets;
    world.environment.tell('network');
    await world.environment.advance(300);
    world.wire.closeBy(1006);
    expect([world.socket.getState().phase, world.environment.liveSockets, world.events('close')]).toEqual([
      'open',
      [old],
      [],
    ]);
    await world.environment.advance(400);
    world.pong(old);
    await world.environment.advance(2_000);
    expect([world.socket.getState().phase, world.environment.liveSockets]).toEqual(['open', [old]]);
  });

  it('hints that follow one another are one race', async () => {
    const world = await new World().stable();
    for (const fact of HINTS) world.environment.tell(fact);
    await world.environment.advance(100);
    for (const fact of HINTS) world.environment.tell(fact);
    await world.environment.advance(400);
    expect(world.environment.liveSockets.length).toBe(2);
  });

  it('a link that was slow to open is given time from the first question on', async () => {
    const world = await new World().settle();
    await world.environment.advance(1_600);
    await world.welcome();
    world.environment.tell('focus');
    await world.environment.advance(1_000);
    expect(world.environment.sockets.length).toBe(1);
    await world.environment.advance(1_000);
    expect(world.environment.sockets.length).toBe(2);
  });

  it('a slow link is given the time that its answers take', async () => {
    const world = await new World().welcome();
    for (let round = 0; round < 3; round += 1) {
      while (newestPing(world, 0) !== round + 1) await world.environment.advance(100);
      await world.environment.advance(900);
      world.pong();
    }
    await world.environment.advance(1_500);
    world.environment.tell('focus');
    await world.environment.advance(1_000);
    expect(world.environment.sockets.length).toBe(1);
    world.pong();
  });
});

describe('after a hint, without a ping', () => {
  const anOpen = (options: Partial<SocketOptions> = {}): Promise<World> =>
    new World({ protocol: plain(), ...options }).accept();

  it.each(HINTS)('%s: another connection replaces the silent one as soon as it opens', async (fact) => {
    const world = await anOpen();
    const before = world.socket.getState();
    const [old] = world.environment.sockets;
    world.environment.tell(fact);
    await world.environment.advance(249);
    expect(world.environment.sockets.length).toBe(1);
    await world.environment.advance(1);
    world.socket.send('on the old one');
    await world.environment.advance(20);
    await world.accept();
    expect([old?.sent, old?.readyState, world.environment.liveSockets]).toEqual([
      ['"on the old one"'],
      'closed',
      [world.wire],
    ]);
    expect([world.socket.getState().phase, world.socket.getState().since, world.events('close')]).toEqual([
      'open',
      before.since,
      [],
    ]);
  });

  it('one that was heard of since the hint is alive', async () => {
    const world = await anOpen();
    world.environment.tell('network');
    await world.environment.advance(100);
    world.wire.receiveRaw('"still here"');
    await world.environment.advance(10_000);
    expect([world.environment.sockets.length, world.events('message')]).toEqual([1, ['still here']]);
  });

  it('the silent one stays where the new one fails', async () => {
    const world = await anOpen();
    world.environment.tell('network');
    await world.environment.advance(300);
    world.wire.closeBy(1006);
    await world.environment.advance(60_000);
    world.environment.sockets[0]?.receiveRaw('"still here"');
    expect([world.socket.getState().phase, world.events('message'), world.environment.sockets.length]).toEqual([
      'open',
      ['still here'],
      2,
    ]);
  });

  it('steady silence is not noticed: nobody could tell', async () => {
    const world = await anOpen();
    await world.environment.advance(3_600_000);
    expect([world.environment.sockets.length, world.socket.getState().phase]).toEqual([1, 'open']);
  });
});

it('with heartbeat false a hint makes the same of holdfast(), and nothing is lost', async () => {
  const world = await new World({ heartbeat: false }).welcome();
  world.socket.send('a');
  world.environment.tell('woke');
  await world.environment.advance(250);
  await world.welcome({ resumed: true });
  expect([world.sent, world.socket.getState().phase, world.events('close')]).toEqual([['a'], 'open', []]);
  expect(world.environment.liveSockets).toEqual([world.wire]);
});

describe('what is sent into silence', () => {
  it('shows a dead link in less than 3 s, and is sent again on the next one', async () => {
    const world = await new World().stable();
    await world.alive(20_000);
    const receipt = world.socket.send('anybody there?');
    const sentAt = world.environment.now();
    while (world.environment.sockets.length === 1) await world.environment.advance(20);
    expect(world.environment.now() - sentAt).toBeLessThan(3_000);
    expect(world.socket.getState()).toMatchObject({ phase: 'connecting', error: { code: 'HEARTBEAT_MISSED' } });
    await world.welcome({ resumed: true });
    world.wire.receive(['a', 0, 1]);
    await receipt.delivered;
  });

  it('shows nothing where the server answers, however much is sent', async () => {
    const world = await new World().stable();
    for (let seq = 1; seq <= 50; seq += 1) {
      world.socket.send(seq);
      await world.environment.advance(150);
      world.wire.receive(['a', 0, seq]);
      if (seq % 4 === 0) world.pong();
    }
    expect([world.environment.sockets.length, world.socket.getState().phase]).toEqual([1, 'open']);
  });

  // All clients of a slow server would double its connections.
  it('opens no second connection beside one that is only slow', async () => {
    const world = await new World().stable();
    world.socket.send(1);
    await world.environment.advance(1_400);
    world.pong();
    world.wire.receive(['a', 0, 1]);
    await world.environment.advance(1_500);
    expect([world.environment.sockets.length, world.socket.getState().phase]).toEqual([1, 'open']);
  });
});

it.each<[string, (world: World) => Promise<unknown>]>([
  ['before its turn', (world) => world.settle()],
  ['while it opens', (world) => world.environment.advance(300)],
  ['while it says hello', (world) => world.environment.advance(300).then(() => world.accept())],
])('close() in a race leaves nothing behind: %s', async (_when, go) => {
  for (const options of [{}, { protocol: plain() }]) {
    const world = new World(options);
    await ('protocol' in options ? world.accept() : world.stable());
    world.environment.tell('woke');
    await go(world);
    await world.socket.close();
    expect(leftBehind(world)).toEqual(NOTHING);
    const { length } = world.environment.sockets;
    await world.environment.advance(100_000);
    expect(world.environment.sockets.length).toBe(length);
  }
});
