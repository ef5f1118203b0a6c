import { describe, expect, it, vi } from 'vitest';
import { type FakeNative, World } from './world.fixture.ts';

describe('a connection that is lost', () => {
  it('fires close and opens again, with open, and keeps its listeners', async () => {
    const world = new World();
    expect(world.socket.readyState).toBe(0);
    world.native.open();
    world.native.closeBy(1011, 'oops');
    expect(world.news()).toEqual(['open 1', 'close 1011 0']);
    await world.pass(300);
    world.native.open().receive('hello');
    expect(world.news()).toEqual(['open 1', 'message hello 1']);
    expect(world.natives).toHaveLength(2);
  });

  it('tells a failed attempt by error and close', async () => {
    const world = new World();
    world.native.closeBy();
    expect(world.news()).toEqual(['error 0', 'close 1006 0']);
    expect(world.socket.getState()).toMatchObject({
      phase: 'waiting',
      attempt: 1,
      failure: { code: 'CONNECT_FAILED' },
    });
    await world.pass(300);
    world.native.open();
    expect(world.news()).toEqual(['open 1']);
  });

  it('is not mistaken for its successor: late events of the old socket change nothing', async () => {
    const world = new World();
    const old = world.native.open();
    old.closeBy();
    await world.pass(300);
    world.native.open();
    world.news();
    old.receive('late');
    old.closeBy(1000);
    old.dispatchEvent(new Event('error'));
    expect(world.news()).toEqual([]);
    expect(world.socket.readyState).toBe(1);
  });

  it('that the server closed with 1000 is opened again, too', async () => {
    const world = new World();
    world.native.open().closeBy(1000);
    await world.pass(300);
    expect(world.natives).toHaveLength(2);
  });

  it.each([1002, 1008, 4403, 4409])('for good, with %i, ends the retries, and reconnect() works', async (code) => {
    const world = new World();
    world.native.open().closeBy(code);
    expect(world.news()).toEqual(['open 1', `close ${code} 3`]);
    await world.pass(1e9);
    expect([world.natives.length, world.environment.timers, world.environment.isObserved]).toEqual([1, 0, false]);
    world.socket.reconnect();
    world.native.open();
    expect(world.news()).toEqual(['open 1']);
  });

  it('with a time to wait is not opened before', async () => {
    const world = new World();
    world.native.open().closeBy(1013, 'busy; retry-after-ms=5000');
    await world.pass(4_999);
    expect(world.natives).toHaveLength(1);
    await world.pass(8_000);
    expect(world.natives).toHaveLength(2);
  });

  it('with a time to wait is not opened before, with 1000 as well', async () => {
    const world = new World();
    world.native.open().closeBy(1000, 'idle; retry-after-ms=5000');
    await world.pass(4_999);
    expect(world.natives).toHaveLength(1);
    await world.pass(300);
    expect(world.natives).toHaveLength(2);
  });

  it('with maxRetries 0 is not opened again, right after `online` either', async () => {
    const world = new World({ maxRetries: 0 });
    world.environment.tell('online');
    world.native.closeBy();
    await world.pass(10_000);
    expect([world.natives.length, world.socket.readyState]).toEqual([1, 3]);
  });

  it('takes the type for binary data, and the last url, along', async () => {
    const world = new World();
    world.socket.binaryType = 'arraybuffer';
    expect(world.native.binaryType).toBe('arraybuffer');
    world.native.protocol = 'chat';
    world.native.open().closeBy();
    expect([world.socket.url, world.socket.protocol, world.socket.extensions]).toEqual(['wss://server/', '', '']);
    await world.pass(300);
    expect(world.native.binaryType).toBe('arraybuffer');
    expect(world.socket.binaryType).toBe('arraybuffer');
  });
});

describe('the delays', () => {
  it('grow, differ between clients at the cap, too, and are never 0 for all', async () => {
    const delays: number[] = [];
    for (const chance of [0.25, 0.75]) {
      const world = new World();
      world.environment.chance = chance;
      for (let attempt = 1; attempt < 30; attempt += 1) {
        world.native.closeBy();
        const wait = world.socket.getState().retryInMs ?? 0;
        if (attempt === 1 || attempt === 29) delays.push(Math.round(wait));
        await world.pass(wait);
      }
    }
    expect(delays).toEqual([75, 1_500, 225, 4_500]);
  });

  it('go on growing while a server accepts and closes at once', async () => {
    const world = new World();
    const end = 60_000;
    let attempts = 0;
    for (let passed = 0; passed < end; attempts += 1) {
      world.native.open().closeBy(1000);
      const wait = world.socket.getState().retryInMs ?? 0;
      await world.pass(wait);
      passed += wait;
    }
    expect(attempts).toBeLessThan(32);
    expect(world.socket.getState().attempt).toBe(attempts);
  });

  it('start over once a connection has lived for minUptime', async () => {
    const world = new World({ minUptime: 1_000 });
    world.native.closeBy();
    await world.pass(300);
    world.native.open();
    await world.pass(1_000);
    expect(world.socket.getState().attempt).toBe(0);
  });

  it('follow the options by the names that others have for them', async () => {
    const world = new World({
      minReconnectionDelay: 1_000,
      maxReconnectionDelay: 3_000,
      reconnectionDelayGrowFactor: 2,
    });
    world.environment.chance = 0.999_999;
    const delays: number[] = [];
    for (let attempt = 0; attempt < 4; attempt += 1) {
      world.native.closeBy();
      const wait = world.socket.getState().retryInMs ?? 0;
      delays.push(Math.round(wait));
      await world.pass(wait);
    }
    expect(delays).toEqual([1_000, 2_000, 3_000, 3_000]);
  });

  it('are never 0, whatever the options and the chance', async () => {
    const world = new World({ minReconnectionDelay: 0, maxReconnectionDelay: 0, reconnectionDelayGrowFactor: 0 });
    world.environment.chance = 0.5;
    world.native.closeBy();
    expect(world.socket.getState().retryInMs).toBeGreaterThan(0);
    expect(world.natives).toHaveLength(1);
  });

  it('end at once when the network is back', async () => {
    const world = new World({ minReconnectionDelay: 5_000 });
    world.native.closeBy();
    expect(world.natives).toHaveLength(1);
    world.environment.tell('online');
    expect(world.natives).toHaveLength(2);
  });
});

describe('the end of the retries', () => {
  it('comes after exactly maxRetries, and reconnect() begins again', async () => {
    const world = new World({ maxRetries: 3 });
    for (let attempt = 0; attempt < 4; attempt += 1) {
      world.native.closeBy();
      await world.pass(10_000);
    }
    expect(world.natives).toHaveLength(4);
    expect(world.news().at(-1)).toBe('close 1006 3');
    expect(world.socket.getState()).toMatchObject({ phase: 'suspended', failure: { code: 'RETRIES_EXHAUSTED' } });
    world.environment.tell('online');
    await world.pass(1e9);
    expect(world.natives).toHaveLength(4);
    world.socket.reconnect();
    expect(world.socket.readyState).toBe(0);
    world.native.open();
    expect(world.socket.readyState).toBe(1);
  });

  it('can be undone in its own close event', async () => {
    const world = new World({ maxRetries: 0 });
    world.socket.onclose = () => world.socket.reconnect();
    world.native.closeBy();
    expect(world.natives).toHaveLength(2);
    world.native.open();
    await world.pass(1_000);
    expect(world.socket.readyState).toBe(1);
  });
});

describe('a url function', () => {
  it('is told how often it has failed', async () => {
    const world = new World({}, ({ attempt }) => `wss://server/${attempt}`);
    await world.pass(0);
    for (let tries = 0; tries < 2; tries += 1) {
      world.native.closeBy();
      await world.pass(1_000);
    }
    expect(world.natives.map(({ url }) => url)).toEqual(['wss://server/0', 'wss://server/1', 'wss://server/2']);
  });

  it('is asked at every attempt, async or not', async () => {
    let calls = 0;
    const world = new World({}, async () => `wss://server/${(calls += 1)}`);
    expect(world.socket.url).toBe('');
    await world.pass(0);
    world.native.closeBy();
    await world.pass(300);
    expect(world.natives.map(({ url }) => url)).toEqual(['wss://server/1', 'wss://server/2']);
    expect(world.socket.url).toBe('wss://server/2');
  });

  it('may give protocols, too, or none', async () => {
    const offers = ['chat', ['a', 'b'], null, undefined];
    const world = new World({}, 'wss://server/', async () => offers.shift());
    for (let attempt = 0; attempt < 4; attempt += 1) {
      await world.pass(10_000);
      world.native.closeBy();
    }
    expect(world.natives.map(({ protocols }) => protocols)).toEqual([['chat'], ['a', 'b'], [], []]);
  });

  it.each([
    [
      'throws',
      () => {
        throw new Error('no url');
      },
    ],
    ['rejects', () => Promise.reject(new Error('no url'))],
    ['gives no URL', () => 5 as unknown as string],
  ])('that %s is a failed attempt: asked again after a delay, and no loop', async (_, failing) => {
    const url = vi.fn(failing as () => string);
    const world = new World({}, url);
    await world.pass(0);
    expect(world.news()).toEqual(['error 0', 'close 1006 0']);
    expect(world.socket.getState().failure).toMatchObject({ code: 'URL_FAILED', cause: expect.any(Error) });
    await world.pass(60_000);
    expect(url.mock.calls.length).toBeGreaterThan(5);
    expect(url.mock.calls.length).toBeLessThan(40);
    url.mockReturnValue('wss://server/');
    await world.pass(10_000);
    world.native.open();
    expect(world.socket.readyState).toBe(1);
  });

  it('that never answers ends with connectionTimeout, and its late answer opens nothing', async () => {
    let answer: (url: string) => void = () => {};
    const url = vi.fn(() => new Promise<string>((resolve) => (answer = resolve)));
    const world = new World({ connectionTimeout: 1_000, maxRetries: 0 }, url);
    await world.pass(1_000);
    expect(world.news()).toEqual(['error 3', 'close 1006 3']);
    answer('wss://server/');
    await world.pass(1_000);
    expect(world.natives).toHaveLength(0);
  });

  it('whose URL the browser refuses is a failed attempt', async () => {
    const world = new World({}, async () => 'wss://server/');
    world.environment.refusal = new DOMException('bad', 'SyntaxError');
    await world.pass(0);
    expect(world.news()).toEqual(['error 0', 'close 1006 0']);
    await world.pass(300);
    expect(world.natives).toHaveLength(1);
  });
});

it('a server that never answers the handshake is left after connectionTimeout', async () => {
  const world = new World({ connectionTimeout: 2_000 });
  const { native } = world;
  await world.pass(2_000);
  expect(world.news()).toEqual(['error 0', 'close 1006 0']);
  expect(native.closes).toHaveLength(1);
  await world.pass(300);
  expect(world.natives).toHaveLength(2);
});

it('reconnect() replaces the open connection: close, then open', () => {
  const world = new World();
  const old = world.native.open();
  world.socket.reconnect();
  expect(old.closes).toHaveLength(1);
  world.native.open();
  expect(world.news()).toEqual(['open 1', 'close 1006 0', 'open 1']);
});

it('a hint without a ping opens a second connection beside a silent one, and moves there', async () => {
  const world = new World();
  const old = world.native.open();
  await world.pass(10_000);
  world.environment.tell('woke');
  await world.pass(300);
  expect(world.natives).toHaveLength(2);
  expect(world.socket.readyState).toBe(1);
  world.native.open();
  expect(world.news()).toEqual(['open 1', 'close 1006 0', 'open 1']);
  expect(old.closes).toHaveLength(1);
  world.socket.send('here');
  expect([old.sent, world.native.sent]).toEqual([[], ['here']]);
  old.receive('late');
  expect(world.news()).toEqual([]);
});

it('a silent connection that was lost while its rival opens is replaced by that one', async () => {
  const world = new World();
  world.native.open();
  world.environment.tell('network');
  await world.pass(300);
  const [old, rival] = world.natives as [FakeNative, FakeNative];
  old.closeBy();
  expect(world.news()).toEqual(['open 1', 'close 1006 0']);
  rival.open();
  expect(world.news()).toEqual(['open 1']);
  expect(world.natives).toHaveLength(2);
});

it('startClosed opens nothing before reconnect()', () => {
  const world = new World({ startClosed: true });
  expect([world.natives.length, world.socket.readyState, world.socket.getState().phase]).toEqual([0, 3, 'idle']);
  world.socket.reconnect();
  world.native.open();
  expect(world.news()).toEqual(['open 1']);
});

it('takes a ping that is one, not the function that makes it', () => {
  expect(() => new World({ ping: (() => ({ data: () => '' })) as never })).toThrow(
    new TypeError('option ping must have a data function'),
  );
});

it.each(['maxRetries', 'connectionTimeout', 'maxEnqueuedBytes'])('%s must be a number from 0 up', (name) => {
  for (const value of [-1, Number.NaN, 'soon']) {
    expect(() => new World({ [name]: value })).toThrow(new TypeError(`option ${name} must be a number from 0 up`));
  }
});
