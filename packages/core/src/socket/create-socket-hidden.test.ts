import { describe, expect, it } from 'vitest';
import { plain } from './protocols.ts';
import { leftBehind, NOTHING, World } from './socket.fixture.ts';
import type { SocketOptions } from './types.ts';

// What a hidden page does with its connection.

const RELEASE: Partial<SocketOptions> = { hidden: { releaseAfterMs: 60_000 } };

/** Pauses between the pings of an hour, the server answering each. */
async function pausesOf(options: Partial<SocketOptions>): Promise<number> {
  const world = await new World(options).stable();
  world.environment.tell('hidden');
  await world.alive(600_000);
  const before = world.wire.framesOf('p').length;
  await world.alive(600_000);
  return 600_000 / (world.wire.framesOf('p').length - before);
}

describe('a hidden page', () => {
  it('that keeps pings as ever, one that is slow half as often', async () => {
    const [keep, slow, fallback] = [
      await pausesOf({ hidden: 'keep' }),
      await pausesOf({ hidden: 'slow' }),
      await pausesOf({}),
    ];
    expect(slow / keep).toBeGreaterThan(1.8);
    expect([fallback, keep]).toEqual([slow, expect.toSatisfy((ms: number) => ms >= 15_000 && ms < 16_000)]);
  });

  it('is asked at once when it comes to the front', async () => {
    const world = await new World({ hidden: 'slow' }).stable();
    world.environment.tell('hidden');
    await world.alive(300_000);
    const before = world.wire.framesOf('p').length;
    world.environment.tell('visible');
    expect(world.wire.framesOf('p').length).toBe(before + 1);
  });

  it.each<Partial<SocketOptions>>([{ hidden: 'keep' }, { hidden: 'slow' }, {}])(
    'with %o is never let go of',
    async (options) => {
      const world = await new World(options).stable();
      world.environment.tell('hidden');
      await world.alive(3_600_000);
      expect([world.environment.sockets.length, world.socket.getState().phase]).toEqual([1, 'open']);
    },
  );
});

describe('with releaseAfterMs', () => {
  it('lets go after that time, and not before', async () => {
    const world = await new World(RELEASE).stable();
    world.environment.tell('hidden');
    await world.alive(59_999);
    expect(world.socket.getState().phase).toBe('open');
    await world.environment.advance(1);
    expect(world.socket.getState()).toMatchObject({ phase: 'paused', reason: 'hidden', error: null });
    expect([world.environment.liveSockets, world.events('close'), world.environment.timers]).toEqual([
      [],
      [{ code: 1001, reason: 'paused', wasClean: true }],
      0,
    ]);
  });

  it('is back when the page comes to the front', async () => {
    const world = await new World(RELEASE).stable();
    world.environment.tell('hidden');
    await world.alive(60_000);
    await world.environment.advance(3_600_000);
    expect(world.environment.sockets.length).toBe(1);
    world.environment.tell('visible');
    expect(world.socket.getState()).toMatchObject({ phase: 'connecting', reason: 'wake' });
    await world.welcome({ resumed: true });
    await world.alive(600_000);
    expect(world.socket.getState().phase).toBe('open');
  });

  it('is back when something is sent, and lets go again when that is delivered', async () => {
    const world = await new World(RELEASE).stable();
    world.environment.tell('hidden');
    await world.alive(60_000);
    const receipt = world.socket.send('from behind');
    await world.settle();
    expect(world.socket.getState().phase).toBe('connecting');
    await world.welcome({ resumed: true });
    expect(world.sent).toEqual(['from behind']);
    world.wire.receive(['a', 0, 1]);
    await receipt.delivered;
    await world.alive(65_000);
    expect([world.socket.getState().phase, world.socket.getState().reason]).toEqual(['paused', 'hidden']);
  });

  it('never lets go while anything is unsent or unconfirmed', async () => {
    const world = await new World(RELEASE).stable();
    world.environment.tell('hidden');
    await world.alive(30_000);
    world.socket.send('on its way');
    await world.alive(300_000);
    expect(world.socket.getState().phase).toBe('open');
    world.wire.receive(['a', 0, 1]);
    await world.alive(60_000);
    expect(world.socket.getState().reason).toBe('hidden');
  });

  it('counts from the last time that it was hidden', async () => {
    const world = await new World(RELEASE).stable();
    for (const fact of ['hidden', 'visible', 'hidden'] as const) {
      world.environment.tell(fact);
      await world.alive(40_000);
    }
    expect(world.socket.getState().phase).toBe('open');
    await world.alive(20_000);
    expect(world.socket.getState().phase).toBe('paused');
  });

  it('does not let go of a page that is seen', async () => {
    const world = await new World(RELEASE).stable();
    world.environment.tell('hidden');
    await world.alive(59_000);
    world.environment.tell('visible');
    await world.alive(600_000);
    expect([world.socket.getState().phase, world.environment.sockets.length]).toEqual(['open', 1]);
  });

  it('lets go of one that was opened behind, or was never in front', async () => {
    const world = new World(RELEASE);
    world.environment.tell('hidden');
    await world.stable();
    await world.alive(60_000);
    expect(world.socket.getState()).toMatchObject({ phase: 'paused', reason: 'hidden' });
  });

  it('takes nothing from what the app paused: showing the page is not connect()', async () => {
    const world = await new World(RELEASE).stable();
    world.environment.tell('hidden');
    await world.alive(60_000);
    world.socket.pause();
    expect(world.socket.getState().reason).toBe('user');
    world.environment.tell('visible');
    world.socket.send('kept');
    await world.environment.advance(100_000);
    expect([world.environment.sockets.length, world.socket.getState()]).toMatchObject([
      1,
      { phase: 'paused', reason: 'user' },
    ]);
    world.socket.connect();
    await world.welcome({ resumed: true });
    expect(world.sent).toEqual(['kept']);
  });

  it('connects for the app all the same: connect(), reconnect() and migrate() ask for it', async () => {
    for (const call of ['connect', 'reconnect', 'migrate'] as const) {
      const world = await new World(RELEASE).stable();
      world.environment.tell('hidden');
      await world.alive(60_000);
      void world.socket[call]();
      await world.welcome({ resumed: true });
      expect(world.socket.getState().phase, call).toBe('open');
    }
  });

  it('is back with plain(), too, when something is sent', async () => {
    const world = await new World({ ...RELEASE, protocol: plain() }).accept();
    world.environment.tell('hidden');
    await world.environment.advance(70_000);
    expect(world.socket.getState().reason).toBe('hidden');
    world.socket.send('from behind');
    await world.accept();
    expect(world.wire.sent).toEqual(['"from behind"']);
  });

  it('lets go with plain(), too, when the browser has written all', async () => {
    const world = await new World({ ...RELEASE, protocol: plain() }).accept();
    world.wire.holdsBack = true;
    world.environment.tell('hidden');
    world.socket.send('slowly');
    await world.environment.advance(200_000);
    expect(world.socket.getState().phase).toBe('open');
    world.wire.drain();
    await world.environment.advance(60_100);
    expect(world.socket.getState().reason).toBe('hidden');
  });

  it('and freezes meanwhile: it is back when it is both running and seen', async () => {
    const world = await new World(RELEASE).stable();
    world.environment.tell('hidden');
    await world.alive(60_000);
    world.environment.tell('frozen');
    expect(world.socket.getState()).toMatchObject({ phase: 'paused', reason: 'frozen' });
    world.environment.tell('resumed');
    expect(world.socket.getState()).toMatchObject({ phase: 'paused', reason: 'hidden' });
    world.environment.tell('visible');
    expect(world.socket.getState().phase).toBe('connecting');
  });

  it('leaves nothing behind', async () => {
    for (const ms of [1_000, 70_000]) {
      const world = await new World(RELEASE).stable();
      world.environment.tell('hidden');
      await world.alive(ms);
      await world.socket.close();
      expect(leftBehind(world)).toEqual(NOTHING);
    }
  });
});
