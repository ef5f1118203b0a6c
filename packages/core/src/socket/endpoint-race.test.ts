import { describe, expect, it } from 'vitest';
import { FakeEnvironment } from '../testing-fakes/fake-environment.fixture.ts';
import type { FakeWebSocket } from '../testing-fakes/fake-web-socket.fixture.ts';
import { webSocketConformance } from '../testing/web-socket-conformance.ts';
import { createTestWorld } from '../testing/world.ts';
import { endpoints, type EndpointsOptions, type EndpointsTarget } from './endpoints.ts';
import { plain } from './protocols.ts';
import { leftBehind, NOTHING, World } from './socket.fixture.ts';

const A = 'wss://a.example/';
const B = 'wss://b.example/';
const C = 'wss://c.example/';

/** A socket of several endpoints, of a plain server unless the options say otherwise. */
function start(
  urls: readonly string[],
  options: EndpointsOptions = {},
  more: (where: EndpointsTarget) => object = () => ({ protocol: plain() }),
): World {
  const outside = new FakeEnvironment();
  const servers = endpoints(urls, { environment: outside, ...options });
  let world: World | undefined;
  servers.open((where) => {
    world = new World({ ...where, ...more(where) }, outside);
    return world.socket;
  });
  return world as World;
}

function dialled({ environment }: World): string[] {
  return environment.sockets.map(({ url }) => url);
}

function at(world: World, place: number): FakeWebSocket {
  return world.environment.sockets[place] as FakeWebSocket;
}

describe('a race of endpoints', () => {
  it('dials the preferred one alone where it opens in time', async () => {
    const world = await start([A, B]).accept();
    await world.environment.advance(10_000);
    expect([dialled(world), world.socket.getState().phase]).toEqual([[A], 'open']);
  });

  it('dials the next one beside it after 250 ms, as RFC 8305 recommends, and the one after that', async () => {
    const world = await start([A, B, C]).settle();
    await world.environment.advance(249);
    expect(dialled(world)).toEqual([A]);
    await world.environment.advance(1);
    expect(dialled(world)).toEqual([A, B]);
    await world.environment.advance(250);
    expect(dialled(world)).toEqual([A, B, C]);
    await world.environment.advance(2_000);
    expect(dialled(world)).toEqual([A, B, C]);
  });

  it('keeps the first that opens; the losers are closed at once, and deaf', async () => {
    const world = await start([A, B]).settle();
    await world.environment.advance(250);
    at(world, 1).open();
    await world.settle();
    const loser = at(world, 0);
    expect(loser).toMatchObject({ closes: [{ code: 1000, reason: 'not needed' }], isDeaf: true });
    // Whatever it says now.
    loser.onopen?.({} as never);
    loser.closeBy(1006);
    world.socket.send('hello');
    await world.settle();
    at(world, 1).receiveRaw('"hi"');
    expect([world.phases, at(world, 1).sent, world.events('message')]).toEqual([['open'], ['"hello"'], ['hi']]);
  });

  it('starts the next one at once when one fails', async () => {
    const world = await start([A, B, C]).settle();
    at(world, 0).closeBy(1006);
    expect(dialled(world)).toEqual([A, B]);
    // The time of the next one counts from its own start.
    await world.environment.advance(249);
    expect(dialled(world)).toEqual([A, B]);
    await world.environment.advance(1);
    expect(dialled(world)).toEqual([A, B, C]);
    expect(world.events('close')).toEqual([]);
  });

  it('goes on with those that are left when one fails beside them', async () => {
    const world = await start([A, B]).settle();
    await world.environment.advance(250);
    at(world, 1).closeBy(1006);
    await world.settle();
    expect(world.events('close')).toEqual([]);
    at(world, 0).open();
    await world.settle();
    expect(world.socket.getState().phase).toBe('open');
  });

  it('tells one close when all have failed, which counts as one try', async () => {
    const world = await start([A, B], {}, () => ({ protocol: plain(), reconnect: { jitter: 'none' } })).settle();
    at(world, 0).closeBy(1006);
    at(world, 1).closeBy(1006);
    await world.settle();
    expect(world.events('close')).toEqual([{ code: 1006, reason: '', wasClean: false }]);
    expect(world.socket.getState()).toMatchObject({ phase: 'waiting', attempt: 1, error: { code: 'CONNECT_FAILED' } });
    await world.environment.advance(300);
    expect(dialled(world)).toEqual([A, B, A]);
  });

  it('ends with its try: after connectTimeoutMs nothing is left of it', async () => {
    const world = await start([A, B], {}, () => ({ protocol: plain(), reconnect: { jitter: 'none' } })).settle();
    await world.environment.advance(10_000);
    expect(world.socket.getState()).toMatchObject({ phase: 'waiting', error: { code: 'CONNECT_TIMEOUT' } });
    expect(world.environment.liveSockets).toEqual([]);
    // Only that of the retry.
    expect(world.environment.timers).toBe(1);
  });

  it('is over when the socket is closed', async () => {
    const world = await start([A, B]).settle();
    await world.environment.advance(250);
    const closed = world.socket.close();
    for (const socket of world.environment.sockets) socket.closeBy(1006);
    await closed;
    expect(leftBehind(world)).toEqual({ ...NOTHING, listeners: 0 });
  });

  it('passes over an endpoint whose constructor throws', async () => {
    const world = start([A, B]);
    world.environment.refusal = new Error('blocked by policy');
    await world.accept();
    world.socket.reconnect();
    await world.settle();
    // And asks it last from here on.
    expect(dialled(world)).toEqual([B, B]);
  });

  it('fails as one constructor does where each of them throws', async () => {
    const outside = new FakeEnvironment();
    const refusal = new Error('blocked by policy');
    outside.openWebSocket = () => {
      throw refusal;
    };
    const world = start([A, B], { environment: outside });
    await world.settle();
    expect(world.socket.getState().error).toMatchObject({ code: 'URL_FAILED', cause: refusal });
  });

  it('carries the query of a url function to every endpoint, and else keeps the own one of each', async () => {
    const urls = [`${A}?x=1`, `${B}?y=2`];
    const tokens = ['t1', 't2'];
    const own = await start(urls).settle();
    const world = await start(urls, {}, ({ url }) => ({
      protocol: plain(),
      url: async () => `${new URL(url()).origin}/?token=${tokens.shift()}`,
    })).settle();
    for (const each of [own, world]) at(each, 0).closeBy(1006);
    expect([dialled(own), dialled(world)]).toEqual([urls, [`${A}?token=t1`, `${B}?token=t1`]]);
  });

  it('gives an endpoint that is far away twice the time of its last handshake', async () => {
    const world = await start([A, B], { hedgeAfterMs: 500 }).settle();
    await world.environment.advance(400);
    at(world, 0).open();
    await world.settle();
    world.socket.reconnect();
    await world.settle();
    await world.environment.advance(799);
    expect(dialled(world)).toEqual([A, A]);
    await world.environment.advance(1);
    expect(dialled(world)).toEqual([A, A, B]);
  });

  it('never hedges where that was asked for, and fails over all the same', async () => {
    const world = await start([A, B], { hedgeAfterMs: Infinity }).settle();
    await world.environment.advance(9_000);
    expect(dialled(world)).toEqual([A]);
    // No timer but that of the try.
    expect(world.environment.timers).toBe(1);
    at(world, 0).closeBy(1006);
    expect(dialled(world)).toEqual([A, B]);
  });
});

it.each([Infinity, 15_000])(
  'goes on to the next one when a try times out that was never hedged (%s)',
  async (hedgeAfterMs) => {
    const world = await start([A, B], { hedgeAfterMs }).settle();
    await world.environment.advance(17_000);
    expect(dialled(world)).toEqual([A, B]);
  },
);

describe('an endpoint that failed lately', () => {
  it('is asked last, so that it costs nothing at the next connect', async () => {
    const world = await start([A, B]).settle();
    at(world, 0).closeBy(1006);
    await world.accept();
    world.socket.reconnect();
    await world.accept();
    expect(dialled(world)).toEqual([A, B, B]);
  });

  it('is asked first again after coolDownMs', async () => {
    const world = await start([A, B], { coolDownMs: 5_000, returnAfterMs: Infinity }).settle();
    at(world, 0).closeBy(1006);
    await world.accept();
    await world.environment.advance(5_000);
    world.socket.reconnect();
    await world.accept();
    expect(dialled(world)).toEqual([A, B, A]);
  });

  it('is one that another has outrun, too: a black hole never fails', async () => {
    const world = await start([A, B]).settle();
    await world.environment.advance(250);
    at(world, 1).open();
    await world.settle();
    world.socket.reconnect();
    await world.settle();
    expect(dialled(world)).toEqual([A, B, B]);
  });

  it('is not one that was dialled just before another opened', async () => {
    const world = await start([A, B, C]).settle();
    await world.environment.advance(300);
    at(world, 0).open();
    await world.settle();
    world.socket.reconnect();
    await world.settle();
    at(world, 2).closeBy(1006);
    expect(dialled(world)).toEqual([A, B, A, B]);
  });

  it('is one that opened and ended without a word', async () => {
    const world = await start([A, B], {}, () => ({ protocol: plain(), reconnect: { jitter: 'none' } })).accept();
    world.wire.closeBy(1006);
    await world.environment.advance(300);
    expect(dialled(world)).toEqual([A, B]);
  });

  it('is one that opened and never answered the hello', async () => {
    const world = await start([A, B], {}, () => ({ reconnect: { jitter: 'none' } })).accept();
    await world.environment.advance(10_300);
    expect(dialled(world)).toEqual([A, B]);
  });

  it('is not dialled beside one that is only slow: a near one that is mute would win each race', async () => {
    const world = await start([A, B], {}, () => ({ reconnect: { jitter: 'none' } })).accept();
    await world.environment.advance(10_300);
    expect(dialled(world)).toEqual([A, B]);
    await world.environment.advance(1_999);
    expect(dialled(world)).toEqual([A, B]);
    // Beside a black hole it is better than none.
    await world.environment.advance(1);
    expect(dialled(world)).toEqual([A, B, A]);
  });

  /** Both have failed, and the second one opens at the next try. */
  async function openSecond(more: () => object): Promise<World> {
    const world = await start([A, B], { returnAfterMs: Infinity }, more).settle();
    at(world, 0).closeBy(1006);
    at(world, 1).closeBy(1006);
    await world.environment.advance(300);
    at(world, 2).closeBy(1006);
    await world.accept();
    return world;
  }

  it('stays one when it takes a handshake, until it says something', async () => {
    const world = await openSecond(() => ({ reconnect: { jitter: 'none' } }));
    world.socket.reconnect();
    await world.settle();
    at(world, 4).closeBy(1006);
    await world.welcome();
    world.socket.reconnect();
    await world.settle();
    expect(dialled(world)).toEqual([A, B, A, B, A, B, B]);
  });

  it('is none any more once it proves stable, though it says nothing', async () => {
    const world = await openSecond(() => ({ protocol: plain(), reconnect: { jitter: 'none' } }));
    await world.environment.advance(4_999);
    world.socket.reconnect();
    await world.settle();
    at(world, 4).closeBy(1006);
    await world.accept();
    await world.environment.advance(5_000);
    world.socket.reconnect();
    await world.settle();
    expect(dialled(world)).toEqual([A, B, A, B, A, B, B]);
  });

  it('is not one that was lost after it had spoken', async () => {
    const world = await start([A, B], {}, () => ({ reconnect: { jitter: 'none' } })).welcome();
    world.wire.closeBy(1006);
    await world.environment.advance(300);
    expect(dialled(world)).toEqual([A, A]);
  });

  it('is not one of a silent server that was lost after it had proved stable', async () => {
    const world = await start([A, B], {}, () => ({ protocol: plain(), reconnect: { jitter: 'none' } })).accept();
    await world.environment.advance(5_000);
    world.wire.closeBy(1006);
    await world.environment.advance(300);
    expect(dialled(world)).toEqual([A, A]);
  });

  it('is not the one that is about to take over when the connection beside it is lost', async () => {
    const world = await start([A, B], {}, () => ({})).welcome();
    void world.socket.migrate().catch(() => {});
    await world.settle();
    at(world, 1).open();
    at(world, 0).closeBy(1006);
    await world.welcome();
    expect(world.socket.getState().phase).toBe('open');
    world.socket.reconnect();
    await world.settle();
    expect(dialled(world)).toEqual([A, A, A]);
  });

  it('is known to all sockets of these endpoints', async () => {
    const outside = new FakeEnvironment();
    const servers = endpoints([A, B], { environment: outside });
    const first = servers.open((where) => new World({ ...where, protocol: plain() }, outside));
    await first.settle();
    first.wire.closeBy(1006);
    await first.accept();
    await servers.open((where) => new World({ ...where, protocol: plain() }, outside)).settle();
    expect(dialled(first)).toEqual([A, B, B]);
  });
});

describe('an endpoint that takes the handshake and is busy', () => {
  it('has answered: the socket comes back when it says, and asks no other one', async () => {
    const world = await start([A, B], {}, () => ({ reconnect: { jitter: 'none' } })).accept();
    world.wire.closeBy(4429, 'busy; retry-after-ms=5000; slot=a1');
    await world.environment.advance(4_999);
    expect(dialled(world)).toEqual([A]);
    await world.environment.advance(1);
    expect([dialled(world), world.wire.protocols.at(-1)]).toEqual([[A, A], 'holdfast.slot.a1']);
  });
});

describe('a race to who holds it is a WebSocket', () => {
  const { page, server } = createTestWorld({ timers: 'global', latencyMs: 0 });
  server('wss://echo.test/', { onMessage: (peer, data) => peer.send(data) });
  const open = (urls: readonly string[], protocols: readonly string[]) =>
    endpoints(urls, { environment: page.environment }).open(({ url, environment }) =>
      environment.openWebSocket(url(), protocols),
    );
  const cases = webSocketConformance({
    openWebSocket: (protocols) => open(['wss://nobody.test/', 'wss://echo.test/'], protocols),
    openToNobody: () => open(['wss://nobody.test/', 'wss://neither.test/'], []),
  });
  for (const { name, run } of cases) it(name, run);
});
