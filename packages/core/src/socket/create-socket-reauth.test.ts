import { describe, expect, it } from 'vitest';
import { leftBehind, NOTHING, World } from './socket.fixture.ts';

/** Tokens given to the server on the newest wire, with the hello and after it. */
const given = (world: World): unknown[] => [world.hello.auth, ...world.wire.framesOf('auth').map((frame) => frame[1])];

describe('a server that asks for a fresh token', () => {
  it('gets one on the live connection, and nothing else happens', async () => {
    let tokens = 0;
    const world = await new World({ auth: () => `token-${(tokens += 1)}` }).stable();
    world.wire.receive(['reauth', { within: 30_000 }]);
    await world.alive(60_000);
    expect(given(world)).toEqual(['token-1', 'token-2']);
    expect([world.environment.sockets.length, world.events('close'), world.errors]).toEqual([1, [], []]);
    expect(JSON.stringify(world.records)).not.toContain('token-');
    await world.socket.close();
    expect(leftBehind(world)).toEqual(NOTHING);
  });

  it('gets it before onConnect is done', async () => {
    const world = await new World({ auth: () => 'token', onConnect: () => new Promise(() => {}) }).welcome();
    world.wire.receive(['reauth', { within: 30_000 }]);
    await world.settle();
    expect(given(world)).toEqual(['token', 'token']);
  });

  it('a function that fails is reported and asked again while there is time', async () => {
    let fails = 0;
    const world = await new World({
      auth: () => {
        if (fails === 0) return 'token';
        fails -= 1;
        throw new Error('no network');
      },
    }).stable();
    fails = 3;
    world.wire.receive(['reauth', { within: 30_000 }]);
    await world.alive(500 + 1_000 + 2_000 - 1);
    expect([given(world).length, world.errors]).toEqual([1, ['TOKEN_FAILED', 'TOKEN_FAILED', 'TOKEN_FAILED']]);
    await world.alive(1);
    expect(given(world)).toEqual(['token', 'token']);
  });

  it('is not asked for longer than it waits; then it ends the connection, and the next brings a token', async () => {
    let isBroken = false;
    const world = await new World({
      auth: () => (isBroken ? Promise.reject(new Error('no network')) : 'token'),
    }).stable();
    isBroken = true;
    world.wire.receive(['reauth', { within: 4_000 }]);
    await world.alive(4_000);
    expect(world.errors).toEqual(['TOKEN_FAILED', 'TOKEN_FAILED', 'TOKEN_FAILED', 'TOKEN_FAILED']);
    isBroken = false;
    world.wire.closeBy(4401);
    await world.welcome({ resumed: true });
    expect([given(world), world.socket.getState().phase]).toEqual([['token'], 'open']);
  });

  it('an answer that comes too late is not given to the connection after', async () => {
    const open: ((token: string) => void)[] = [];
    const world = new World({ auth: () => new Promise((resolve) => open.push(resolve)) });
    await world.settle();
    open[0]?.('first');
    await world.stable();
    world.wire.receive(['reauth', { within: 30_000 }]);
    world.wire.closeBy(1006);
    await world.environment.advance(300);
    open[2]?.('third');
    await world.welcome({ resumed: true });
    open[1]?.('second');
    await world.settle();
    expect(given(world)).toEqual(['third']);
  });

  it('close() in the middle leaves nothing behind', async () => {
    let isBroken = false;
    const world = await new World({
      auth: () => (isBroken ? Promise.reject(new Error('no network')) : 'token'),
    }).stable();
    isBroken = true;
    world.wire.receive(['reauth', { within: 30_000 }]);
    await world.settle();
    await world.socket.close();
    expect(leftBehind(world)).toEqual(NOTHING);
  });

  it('is told by a report when the app has no function', async () => {
    const world = await new World().stable();
    world.wire.receive(['reauth', { within: 30_000 }]);
    await world.settle();
    expect([world.errors, given(world)]).toEqual([['TOKEN_FAILED'], [undefined]]);
  });

  it('another identity is the end: 4403 is not tried again', async () => {
    const world = await new World({ auth: () => 'token' }).stable();
    world.wire.receive(['reauth', { within: 30_000 }]);
    await world.settle();
    world.wire.closeBy(4403);
    await world.environment.advance(60_000);
    expect([world.environment.sockets.length, world.socket.getState().error?.code]).toEqual([1, 'FORBIDDEN']);
  });
});
