import { describe, expect, it } from 'vitest';
import { plain } from './protocols.ts';
import { leftBehind, NOTHING, unhandledRejections, World } from './socket.fixture.ts';
import type { SocketOptions } from './types.ts';

// Nobody is ever stuck: whatever has ended a connection, the app can go on.

interface Ending {
  readonly phase: string;
  readonly options?: Partial<SocketOptions>;
  /** Brings a fresh socket to its end. What it returns makes the world well again. */
  readonly end: (world: World) => Promise<(() => void) | void>;
}

/** A function of the app's that is ill until it is healed; `go` brings its connection that far. */
const ill = (
  name: string,
  option: 'url' | 'auth' | 'onConnect',
  fault: () => unknown,
  go: (world: World) => Promise<unknown> = (world) => world.settle(),
): [string, () => Ending] => [
  name,
  () => {
    let isWell = false;
    const well = { url: 'wss://server.example', auth: 'token', onConnect: undefined }[option];
    return {
      phase: 'waiting',
      options: { [option]: () => (isWell ? well : fault()) },
      end: async (world) => {
        await go(world);
        return () => {
          isWell = true;
        };
      },
    };
  },
];

const throwing = (): never => {
  throw new Error('mine');
};
const rejecting = (): Promise<never> => Promise.reject(new Error('mine'));
const forEver = (): Promise<never> => new Promise(() => {});

/** A fresh one for each test. */
const made = (ending: Ending | (() => Ending)): Ending => (typeof ending === 'function' ? ending() : ending);

const closedBy = (closeCode: number, phase: string): [string, Ending] => [
  `close code ${closeCode}`,
  { phase, end: async (world) => (await world.welcome()).wire.closeBy(closeCode) },
];

const ENDS: [string, Ending | (() => Ending)][] = [
  closedBy(1000, 'suspended'),
  closedBy(1002, 'suspended'),
  closedBy(1003, 'suspended'),
  closedBy(1006, 'waiting'),
  closedBy(1007, 'suspended'),
  closedBy(1008, 'suspended'),
  closedBy(1011, 'waiting'),
  closedBy(1012, 'waiting'),
  closedBy(1013, 'waiting'),
  closedBy(4000, 'waiting'),
  closedBy(4403, 'suspended'),
  closedBy(4409, 'suspended'),
  closedBy(4429, 'waiting'),
  [
    'a rejected token, and a fresh one, too',
    {
      phase: 'suspended',
      end: async (world) => {
        (await world.accept()).wire.closeBy(4401);
        (await world.accept()).wire.closeBy(4401);
      },
    },
  ],
  ['a refused handshake', { phase: 'waiting', end: async (world) => (await world.settle()).wire.closeBy(1006) }],
  [
    'reconnect false',
    {
      phase: 'suspended',
      options: { reconnect: false },
      end: async (world) => (await world.welcome()).wire.closeBy(1006),
    },
  ],
  [
    'all retries used up',
    {
      phase: 'suspended',
      options: { reconnect: { maxAttempts: 1, coolDownMs: Number.POSITIVE_INFINITY } },
      end: async (world) => {
        for (let tries = 0; tries < 2; tries += 1) {
          (await world.settle()).wire.closeBy(1006);
          await world.environment.advance(150);
        }
      },
    },
  ],
  [
    'the breaker',
    {
      phase: 'suspended',
      options: { reconnect: { maxElapsedMs: 1 } },
      end: async (world) => {
        for (let tries = 0; tries < 2; tries += 1) {
          (await world.settle()).wire.closeBy(1006);
          await world.environment.advance(150);
        }
      },
    },
  ],
  [
    'a decide that stops',
    {
      phase: 'suspended',
      options: { reconnect: { decide: () => false } },
      end: async (world) => (await world.welcome()).wire.closeBy(1006),
    },
  ],
  [
    'a breach of the protocol',
    { phase: 'suspended', end: async (world) => (await world.welcome()).wire.receive(['m', 9, 'out of order']) },
  ],
  [
    'garbage instead of frames',
    { phase: 'suspended', end: async (world) => (await world.welcome()).wire.receiveRaw('<html>') },
  ],
  [
    'garbage instead of a welcome',
    { phase: 'suspended', end: async (world) => (await world.accept()).wire.receiveRaw(new ArrayBuffer(3)) },
  ],
  [
    'a WebSocket constructor that throws',
    {
      phase: 'waiting',
      options: { autoConnect: false },
      end: async (world) => {
        world.environment.refusal = new DOMException('mixed content', 'SecurityError');
        world.socket.connect();
        await world.settle();
      },
    },
  ],
  ill('a url function that throws', 'url', throwing),
  ill('a url function that rejects', 'url', rejecting),
  ill('a url function that gives garbage', 'url', () => ({ not: 'a url' })),
  ill('a url function that never answers', 'url', forEver, (world) => world.environment.advance(10_000)),
  ill('an auth function that throws', 'auth', throwing),
  ill('an auth function that rejects', 'auth', rejecting),
  ill('an auth function that gives garbage', 'auth', () => 7),
  ill('an auth function that never answers', 'auth', forEver, (world) => world.environment.advance(10_000)),
  ill('an onConnect that throws', 'onConnect', throwing, (world) => world.welcome()),
  ill('an onConnect that rejects', 'onConnect', rejecting, (world) => world.welcome()),
  ill('an onConnect that never ends', 'onConnect', forEver, async (world) =>
    (await world.welcome()).environment.advance(10_000),
  ),
  [
    'a server that never answers the handshake',
    { phase: 'waiting', end: async (world) => world.environment.advance(10_000) },
  ],
  [
    'a server that never welcomes',
    { phase: 'waiting', end: async (world) => (await world.accept()).environment.advance(10_000) },
  ],
  [
    'a server that falls silent',
    {
      phase: 'waiting',
      end: async (world) => {
        await world.welcome({ heartbeat: { intervalMs: 1_000, timeoutMs: 400 } });
        await world.environment.advance(750);
      },
    },
  ],
  ['pause()', { phase: 'paused', end: async (world) => (await world.welcome()).socket.pause() }],
  [
    'a hidden page that lets go',
    {
      phase: 'paused',
      options: { hidden: { releaseAfterMs: 1_000 } },
      end: async (world) => {
        await world.stable();
        world.environment.tell('hidden');
        await world.alive(1_000);
      },
    },
  ],
  [
    'a page that was frozen',
    {
      phase: 'paused',
      end: async (world) => {
        (await world.welcome()).environment.tell('frozen');
        return () => world.environment.tell('resumed');
      },
    },
  ],
];

describe('after every end', () => {
  it.each(ENDS)('connect() works: %s', async (_name, ending) => {
    const { phase, options = {}, end } = made(ending);
    const world = new World(options);
    const heal = await end(world);
    await world.settle();
    expect(world.socket.getState().phase).toBe(phase);
    const kept = world.socket.send('kept');
    heal?.();
    world.socket.connect();
    await world.welcome();
    expect([world.socket.getState().phase, world.sent, kept.status]).toEqual(['open', ['kept'], 'inFlight']);
    expect(world.environment.liveSockets).toEqual([world.wire]);
    await world.socket.close();
    expect(leftBehind(world)).toEqual(NOTHING);
  });

  it.each(ENDS)('close() leaves nothing behind: %s', async (_name, ending) => {
    const { phase, options = {}, end } = made(ending);
    const world = new World(options);
    await end(world);
    await world.settle();
    expect(world.socket.getState().phase).toBe(phase);
    const { length } = world.environment.sockets;
    await world.socket.close();
    expect(leftBehind(world)).toEqual(NOTHING);
    await world.environment.advance(600_000);
    expect([world.environment.sockets.length, world.socket.getState().phase]).toEqual([length, 'closed']);
  });
});

describe('a server that accepts and closes at once', () => {
  it.each([
    ['holdfast(), before the welcome', undefined, false],
    ['holdfast(), after it', undefined, true],
    ['plain()', plain(), false],
  ])('%s: bounded tries, and open as soon as it is well', async (_name, protocol, welcomes) => {
    const world = new World(protocol === undefined ? {} : { protocol });
    const end = world.environment.now() + 120_000;
    while (world.environment.now() < end) {
      await (welcomes ? world.welcome() : world.accept());
      world.wire.closeBy(1006);
      await world.environment.advance(world.environment.nextTimerMs ?? 120_000);
    }
    // As many as the backoff allows whose longest delay is 6 s, and not one more.
    expect(world.environment.sockets.length).toBeLessThan(55);
    if (world.socket.getState().phase === 'waiting') world.socket.connect();
    await (protocol === undefined ? world.welcome() : world.accept());
    expect(world.socket.getState().phase).toBe('open');
  });

  it('closed within the turn in which it opens', async () => {
    const world = await new World({ protocol: plain() }).settle();
    world.wire.open();
    world.wire.closeBy(1006);
    await world.settle();
    expect([world.socket.getState().phase, world.environment.liveSockets]).toEqual(['waiting', []]);
  });
});

it('rejects nothing that nobody waits for, whatever ends', async () => {
  const unhandled = await unhandledRejections(async () => {
    for (const [, ending] of ENDS) {
      const { options = {}, end } = made(ending);
      const world = new World(options);
      await end(world);
      await world.socket.close();
    }
    const moved = await new World().stable();
    void moved.socket.whenOpen();
    moved.environment.tell('woke');
    await moved.environment.advance(300);
    await moved.socket.close();
  });
  expect(unhandled).toEqual([]);
});
