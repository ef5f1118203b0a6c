import { describe, expect, it } from 'vitest';
import { type FakeNative, World } from './world.fixture.ts';

// Listeners that call the object in the middle of what it is telling them.

type Call = (world: World) => void;

const ENDS: readonly (readonly [name: string, Call])[] = [
  ['close()', ({ socket }) => socket.close()],
  [
    'reconnect() and close()',
    ({ socket }) => {
      socket.reconnect();
      socket.close();
    },
  ],
];
const STARTS: readonly (readonly [name: string, Call])[] = [
  ['reconnect()', ({ socket }) => socket.reconnect()],
  [
    'close() and reconnect()',
    ({ socket }) => {
      socket.close();
      socket.reconnect();
    },
  ],
];
const SCENES: readonly (readonly [name: string, (world: World) => void | Promise<unknown>])[] = [
  ['a lost connection', ({ natives }) => natives[0]?.closeBy(1006)],
  ['a last end', ({ natives }) => natives[0]?.closeBy(1008)],
  [
    'a race',
    async (world) => {
      world.environment.tell('focus');
      await world.pass(250);
      if (world.native.readyState === 0) world.native.open();
    },
  ],
];

const alive = (world: World): FakeNative[] => world.natives.filter(({ readyState }) => readyState < 2);

/** In the first event of that type, `call`; everything on the way to it happens. */
async function play(type: string, call: Call, scene: (world: World) => void | Promise<unknown>): Promise<World> {
  const world = new World();
  world.socket.addEventListener(type, () => call(world), { once: true });
  if (type === 'error') world.native.closeBy();
  else {
    world.native.open().receive('x');
    await scene(world);
  }
  await world.pass(1_000);
  return world;
}

describe.each(['open', 'message', 'error', 'close'])('in a listener of %s', (type) => {
  describe.each(SCENES)('with %s', (_name, scene) => {
    it.each(ENDS)('%s is the end, with one last close, and leaves nothing behind', async (_call, call) => {
      const world = await play(type, call, scene);
      for (const native of world.natives) if (native.readyState === 2) native.closeBy(1006);
      await world.pass(10_000);
      expect([world.socket.readyState, world.environment.timers, world.environment.isObserved]).toEqual([3, 0, false]);
      expect([world.told.at(-1), alive(world)]).toEqual([expect.stringMatching(/^close \d+ 3$/), []]);
    });

    it.each(STARTS)('%s begins one life', async (_call, call) => {
      const world = await play(type, call, scene);
      if (world.native.readyState === 0) world.native.open();
      expect([world.socket.readyState, alive(world)]).toEqual([1, [world.native]]);
      world.news();
      world.native.receive('y');
      expect(world.news()).toEqual(['message y 1']);
    });
  });
});

it('what a listener of close sends in a race goes behind what waited', async () => {
  const world = new World();
  const old = world.native.open();
  world.environment.tell('focus');
  await world.pass(250);
  old.readyState = 2;
  world.socket.send('first');
  world.socket.addEventListener('close', () => world.socket.send('second'));
  world.native.open();
  expect(world.native.sent).toEqual(['first', 'second']);
});
