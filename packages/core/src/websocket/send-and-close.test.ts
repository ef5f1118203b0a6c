import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import type { Ping } from '../machines/ping.ts';
import { HoldfastWebSocket } from './holdfast-websocket.ts';
import { World } from './world.fixture.ts';

const ping: Ping = { data: () => 'ping', isPong: (data) => data === 'pong' };

function contents(sent: readonly unknown[]): unknown[] {
  return sent.map((data) => (data instanceof Uint8Array ? [...data] : data));
}

describe('what is sent while no connection is open', () => {
  it('waits, and goes in order before open is fired', async () => {
    const world = new World();
    world.socket.addEventListener('open', () => world.socket.send('in open'));
    world.socket.send('one');
    world.native.closeBy();
    world.socket.send('two');
    await world.pass(300);
    world.socket.send('three');
    world.native.open();
    expect(world.native.sent).toEqual(['one', 'two', 'three', 'in open']);
    expect(world.socket.bufferedAmount).toBe(0);
  });

  it('is counted in bytes of UTF-8', () => {
    const { socket } = new World();
    socket.send('é🌍\ud800');
    expect(socket.bufferedAmount).toBe(2 + 4 + 3);
    socket.send(new Uint8Array(10));
    socket.send(new Blob(['xyz']));
    socket.send({ toString: () => 'ü' } as unknown as string);
    expect(socket.bufferedAmount).toBe(9 + 10 + 3 + 2);
  });

  it('keeps the bytes of the moment of the call, and the part that a view shows', () => {
    const world = new World();
    const bytes = new Uint8Array([1, 2, 3, 4]);
    world.socket.send(bytes.subarray(1, 3));
    world.socket.send(bytes.buffer);
    world.socket.send(new DataView(bytes.buffer, 3));
    const blob = new Blob(['xyz']);
    world.socket.send(blob);
    bytes.fill(9);
    world.native.open();
    // As bytes, not as a Blob: WebKit's `close` drops what it has not read yet.
    expect(contents(world.native.sent)).toEqual([[2, 3], [1, 2, 3, 4], [4], blob]);
  });

  it('is binary where it is of another realm, too', () => {
    const world = new World();
    // To this realm a Blob of another one has no prototype that it knows.
    const blob = Object.setPrototypeOf(new Blob(['xyz']), {
      size: 3,
      [Symbol.toStringTag]: 'Blob',
    }) as Blob;
    world.socket.send(runInNewContext('Uint8Array.of(1, 2).buffer') as ArrayBuffer);
    world.socket.send(runInNewContext('new DataView(Uint8Array.of(3, 4).buffer, 1)') as DataView<ArrayBuffer>);
    world.socket.send(blob);
    expect(world.socket.bufferedAmount).toBe(2 + 1 + 3);
    world.native.open();
    expect(contents(world.native.sent)).toEqual([[1, 2], [4], blob]);
  });

  it('is refused where it is a view of shared memory, or of memory that may grow, as the browser does', () => {
    const { socket } = new World();
    const growable = Reflect.construct(ArrayBuffer, [2, { maxByteLength: 4 }]) as ArrayBuffer;
    const shared = new Uint8Array(new SharedArrayBuffer(2)) as unknown as Uint8Array<ArrayBuffer>;
    for (const data of [shared, growable, new Uint8Array(growable)]) {
      expect(() => socket.send(data)).toThrow(TypeError);
    }
    expect(socket.bufferedAmount).toBe(0);
  });

  it('beyond the bounds throws, and nothing that waits is dropped', () => {
    const world = new World({ maxEnqueuedMessages: 2, maxEnqueuedBytes: 10 });
    const full = expect.objectContaining({ name: 'QuotaExceededError' });
    const thrown = (data: string): unknown => {
      try {
        return world.socket.send(data);
      } catch (error) {
        return error;
      }
    };
    world.socket.send('12345');
    expect(thrown('ééx')).toBeUndefined();
    expect(thrown('x')).toEqual(full);
    world.native.open();
    expect(world.native.sent).toEqual(['12345', 'ééx']);
    world.native.closeBy();
    expect(thrown('12345678901')).toEqual(full);
    expect(world.socket.bufferedAmount).toBe(0);
  });

  it('waits while the browser closes the connection, too: nothing goes into a socket that will not send it', async () => {
    const world = new World();
    const old = world.native.open();
    old.readyState = 2;
    world.socket.send('late');
    expect(old.sent).toEqual([]);
    expect(world.socket.readyState).toBe(2);
    old.closeBy(1001);
    await world.pass(300);
    world.native.open();
    expect(world.native.sent).toEqual(['late']);
  });

  it('after close() waits for reconnect()', () => {
    const world = new World();
    world.native.open();
    world.socket.close();
    world.native.closeBy(1000);
    world.socket.send('later');
    expect(world.socket.bufferedAmount).toBe(5);
    world.socket.reconnect();
    world.native.open();
    expect(world.native.sent).toEqual(['later']);
  });
});

describe('close', () => {
  it('ends the connection and the retries', async () => {
    const world = new World();
    const native = world.native.open();
    world.socket.close(3000, 'bye');
    expect([native.closes, world.socket.readyState]).toEqual([[[3000, 'bye']], 2]);
    native.closeBy(3000, 'bye');
    expect(world.news()).toEqual(['open 1', 'close 3000 3']);
    await world.pass(1e9);
    expect([world.natives.length, world.environment.timers, world.environment.isObserved]).toEqual([1, 0, false]);
  });

  it('while the browser already closes it still ends the retries', async () => {
    const world = new World();
    const native = world.native.open();
    native.readyState = 2;
    world.socket.close();
    native.closeBy(1001);
    await world.pass(60_000);
    expect(world.natives).toHaveLength(1);
    expect(world.news()).toEqual(['open 1', 'close 1001 3']);
  });

  it('between two attempts fires error and close, as while connecting, and leaves nothing behind', async () => {
    const world = new World();
    world.native.closeBy();
    world.news();
    world.socket.close();
    expect([world.socket.readyState, ...world.news()]).toEqual([2]);
    await world.pass(0);
    expect(world.news()).toEqual(['error 3', 'close 1006 3']);
    await world.pass(1e9);
    expect([world.natives.length, world.environment.timers]).toEqual([1, 0]);
  });

  it('before an async url has answered opens nothing', async () => {
    let answer: (url: string) => void = () => {};
    const world = new World({}, () => new Promise((resolve) => (answer = resolve)));
    world.socket.close();
    answer('wss://server/');
    await world.pass(60_000);
    expect(world.natives).toHaveLength(0);
    expect(world.news()).toEqual(['error 3', 'close 1006 3']);
  });

  it('checks its arguments where the browser has no socket that would, too', () => {
    const { socket } = new World({}, async () => 'wss://server/');
    const name = (...given: unknown[]): unknown => {
      try {
        return socket.close(...(given as [number, string]));
      } catch (error) {
        return (error as Error).name;
      }
    };
    for (const code of [0, 999, 1001, 2999, 5000, Number.NaN, 'x', null]) expect(name(code)).toBe('InvalidAccessError');
    expect(name(1000, 'é'.repeat(62))).toBe('SyntaxError');
    expect(name(3000n)).toBe('TypeError');
    expect(socket.readyState).toBe(0);
    expect(name('3000', 'x'.repeat(123))).toBeUndefined();
    expect(socket.readyState).toBe(2);
  });

  it.each([true, false])('on a dead link fires close 1006 after 2 s (reconnect: %s)', async (reconnect) => {
    const world = new World({ reconnect });
    const native = world.native.open();
    world.socket.close();
    await world.pass(1_999);
    expect(world.socket.readyState).toBe(2);
    await world.pass(1);
    expect(world.news()).toEqual(['open 1', 'close 1006 3']);
    native.dispatchEvent(new Event('error'));
    native.closeBy();
    expect(world.news()).toEqual([]);
    expect(world.environment.timers).toBe(0);
  });

  it('waits on while bytes flow out', async () => {
    const world = new World();
    const native = world.native.open();
    native.bufferedAmount = 1_000;
    world.socket.close();
    await world.pass(2_000);
    native.bufferedAmount = 500;
    await world.pass(2_000);
    expect(world.socket.readyState).toBe(2);
    await world.pass(2_000);
    expect(world.socket.readyState).toBe(3);
  });

  it('and reconnect() in one turn: the old end is told, and the new connection opens', () => {
    const world = new World();
    const old = world.native.open();
    world.socket.close();
    world.socket.reconnect();
    old.closeBy(1000);
    world.native.open();
    expect(world.news()).toEqual(['open 1', 'close 1006 0', 'open 1']);
    expect(world.natives).toHaveLength(2);
  });

  it('and reconnect() in a listener: one end, one new connection, nothing left of the old', async () => {
    const world = new World();
    world.socket.addEventListener(
      'open',
      () => {
        world.socket.close();
        world.socket.reconnect();
      },
      { once: true },
    );
    world.native.open();
    expect(world.natives).toHaveLength(2);
    world.native.open();
    await world.pass(60_000);
    expect(world.news()).toEqual(['open 1', 'close 1006 0', 'open 1']);
    expect(world.natives).toHaveLength(2);
    world.socket.close();
    world.native.closeBy(1000);
    expect([world.environment.timers, world.environment.isObserved]).toEqual([0, false]);
  });

  it('and reconnect(), whose close event calls reconnect() again, leaves one connection', () => {
    const world = new World();
    world.native.open();
    world.socket.addEventListener('close', () => world.socket.reconnect(), { once: true });
    world.socket.close();
    world.socket.reconnect();
    expect(world.natives.filter(({ readyState }) => readyState < 2)).toHaveLength(1);
    world.native.open();
    expect(world.socket.readyState).toBe(1);
  });

  it('twice in one listener is one end', async () => {
    const world = new World();
    world.socket.onopen = () => {
      world.socket.close();
      world.socket.close();
    };
    world.native.open().closeBy(1000);
    expect(world.environment.timers).toBe(0);
    await world.pass(2_000);
    expect(world.news()).toEqual(['open 1', 'close 1000 3']);
  });

  it('in the listener of open closes', async () => {
    const world = new World();
    world.socket.onopen = () => world.socket.close(3000);
    const native = world.native.open();
    native.closeBy(3000);
    await world.pass(60_000);
    expect(world.news()).toEqual(['open 1', 'close 3000 3']);
    expect(world.natives).toHaveLength(1);
  });
});

describe('a ping', () => {
  /** A server that answers every ping until it does not any more. */
  async function answering(world: World, ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += 100) {
      const { native } = world;
      while (native.sent.at(-1) === 'ping') {
        native.sent.pop();
        native.receive('pong');
      }
      await world.pass(100);
    }
  }

  it('finds a black hole within 20 s, and the connection is replaced', async () => {
    const world = new World({ ping });
    const old = world.native.open();
    await answering(world, 60_000);
    expect(world.news()).toEqual(['open 1']);
    await world.pass(20_000);
    expect(world.news()).toEqual(['close 1006 0']);
    expect(world.natives).toHaveLength(2);
    expect(old.closes).toHaveLength(1);
    world.native.open();
    expect(world.news()).toEqual(['open 1']);
  });

  it('finds it within 3 s of a hint', async () => {
    const world = new World({ ping });
    world.native.open();
    await answering(world, 60_000);
    world.environment.tell('woke');
    await world.pass(3_000);
    expect(world.natives.length).toBeGreaterThan(1);
  });

  it('finds it within 3 s of data that is not answered', async () => {
    const world = new World({ ping, reconnect: false });
    world.native.open();
    await answering(world, 60_000);
    world.socket.send('question');
    await world.pass(3_000);
    expect(world.news()).toEqual(['open 1', 'close 1006 3']);
  });

  it('with reconnect: false leads to close 1006 alone, at once, and to no second connection', async () => {
    const world = new World({ ping, reconnect: false });
    const native = world.native.open();
    await answering(world, 60_000);
    await world.pass(20_000);
    expect(world.news()).toEqual(['open 1', 'close 1006 3']);
    native.closeBy();
    await world.pass(60_000);
    expect(world.news()).toEqual([]);
    expect([world.natives.length, world.environment.timers, world.environment.isObserved]).toEqual([1, 0, false]);
  });

  it('is answered out of sight; a pong that it did not ask for belongs to the app', async () => {
    const world = new World({ ping });
    world.native.open();
    expect(world.native.sent).toEqual(['ping']);
    world.native.receive('pong');
    world.native.receive('pong');
    world.native.receive('data');
    expect(world.news()).toEqual(['open 1', 'message pong 1', 'message data 1']);
  });
});

it('a ping that throws is reported, and the heartbeat goes on', async () => {
  const failure = new Error('no ping');
  const reported: unknown[] = [];
  const others = process.listeners('uncaughtException');
  process.removeAllListeners('uncaughtException');
  process.on('uncaughtException', (error) => reported.push(error));
  try {
    const world = new World({
      ping: {
        data() {
          throw failure;
        },
      },
    });
    world.native.open();
    await world.pass(12_000);
    expect(world.news()).toEqual(['open 1', 'close 1006 0']);
  } finally {
    process.removeAllListeners('uncaughtException');
    for (const other of others) process.on('uncaughtException', other);
  }
  expect(new Set(reported)).toEqual(new Set([failure]));
});

describe('without reconnecting', () => {
  it.each(['online', 'offline', 'visible', 'hidden', 'frozen', 'resumed', 'woke', 'network', 'focus'] as const)(
    'the fact %s neither closes nor opens anything',
    async (fact) => {
      for (const isOpen of [true, false]) {
        const world = new World({ reconnect: false });
        if (isOpen) world.native.open();
        world.environment.tell(fact);
        world.environment.tell('online');
        await world.pass(9_000);
        expect(world.natives).toHaveLength(1);
        expect(world.natives[0]?.closes).toEqual([]);
        expect(world.news()).toEqual(isOpen ? ['open 1'] : []);
      }
    },
  );

  it('an end is an end, and reconnect() begins again', async () => {
    const world = new World({ reconnect: false });
    world.native.open().closeBy(1011, 'oops');
    await world.pass(1e9);
    expect(world.news()).toEqual(['open 1', 'close 1011 3']);
    expect([world.natives.length, world.environment.timers, world.environment.isObserved]).toEqual([1, 0, false]);
    world.socket.reconnect();
    world.native.open();
    expect(world.news()).toEqual(['open 1']);
  });

  it('after reconnect() with a url function the old socket is out of sight, and what is sent waits', async () => {
    const world = new World({ reconnect: false }, async () => 'wss://server/');
    await world.pass(0);
    const old = world.native.open();
    world.socket.reconnect();
    expect(world.socket.readyState).toBe(0);
    world.socket.send('next');
    await world.pass(0);
    world.native.open().closeBy();
    expect([old.sent, world.native.sent]).toEqual([[], ['next']]);
    world.socket.reconnect();
    expect(world.socket.readyState).toBe(0);
    expect(world.news()).toEqual(['open 1', 'close 1006 0', 'open 1', 'close 1006 3']);
  });

  it('a handshake without an answer ends with connectionTimeout', async () => {
    const world = new World({ reconnect: false });
    const { native } = world;
    await world.pass(10_000);
    expect(world.news()).toEqual(['error 3', 'close 1006 3']);
    expect(native.closes).toHaveLength(1);
  });
});

it('a listener with once hears once, and one that is added twice hears once', () => {
  const world = new World();
  const calls = { once: 0, twice: 0 };
  world.socket.addEventListener('message', () => (calls.once += 1), { once: true });
  const listener = (): void => void (calls.twice += 1);
  world.socket.addEventListener('message', listener);
  world.socket.addEventListener('message', listener);
  world.native.open();
  world.native.receive('a');
  world.native.receive('b');
  expect(calls).toEqual({ once: 1, twice: 2 });
});

it('on a server it can be imported, and says what is missing when it is used', () => {
  expect('WebSocket' in globalThis && Number(process.versions.node.split('.')[0]) < 22).toBe(false);
  if ('WebSocket' in globalThis) return;
  expect(() => new HoldfastWebSocket('ws://localhost')).toThrow('no WebSocket here');
});
