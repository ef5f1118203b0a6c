import { describe, expect, it } from 'vitest';
import { ERROR_CODES, HoldfastError } from '../lib/errors.ts';
import { HoldfastServer } from '../testing/holdfast-server.ts';
import type { TestPeer } from '../testing/server.ts';
import { createTestWorld } from '../testing/world.ts';
import { HoldfastWebSocket } from '../websocket/holdfast-websocket.ts';
import { createSocket } from './create-socket.ts';
import { endpoints, type EndpointsOptions } from './endpoints.ts';
import { holdfast, plain } from './protocols.ts';
import type { Socket } from './types.ts';

const EU = 'wss://eu.test/socket';
const US = 'wss://us.test/socket';
const ASIA = 'wss://asia.test/socket';

/** One service with three addresses, and a page that talks to it. */
function makeWorld(options: EndpointsOptions = {}, seed = 1) {
  const world = createTestWorld({ seed });
  const { clock, network, page } = world;
  const service = new HoldfastServer();
  const [eu, us, asia] = [EU, US, ASIA].map((url) => world.server(url, service));
  if (eu === undefined || us === undefined || asia === undefined) throw new Error('no servers');
  const servers = endpoints([EU, US, ASIA], { environment: page.environment, ...options });
  const socket = servers.open((where) => createSocket({ ...where, protocol: holdfast() }));
  /** The addresses of the connections that the page holds. */
  const held = (): string[] => network.connections.filter((one) => one.isClientOpen).map(({ url }) => url);
  const dialled = (from = 0): string[] => network.connections.slice(from).map(({ url }) => url);
  return { world, clock, network, page, service, eu, us, asia, servers, socket, held, dialled };
}

function closes(socket: Socket): unknown[] {
  const told: unknown[] = [];
  socket.on('close', (end) => told.push(end));
  return told;
}

describe('a socket of several endpoints', () => {
  it('goes to another one when its own dies, and returns by itself when that is back', async () => {
    const { clock, eu, service, socket, held } = makeWorld();
    await clock.until(socket.whenOpen());
    eu.stop();
    const receipts = [1, 2, 3].map((number) => socket.send(number));
    await clock.until(Promise.all(receipts.map(({ delivered }) => delivered)));
    expect(held()).toEqual([US]);
    eu.start();
    const told = closes(socket);
    const { since } = socket.getState();
    await clock.advance(59_000);
    expect(held()).toEqual([US]);
    // Between once and twice the time.
    await clock.until(() => held().join() === EU, 62_000);
    await clock.until(socket.send(4).delivered);
    expect([service.taken, told, socket.getState().since]).toEqual([[1, 2, 3, 4], [], since]);
  });

  it('stays where it is while the preferred one refuses, and asks less and less often', async () => {
    const { clock, eu, socket, held, dialled, network } = makeWorld();
    eu.stop();
    await clock.until(socket.whenOpen());
    const told = closes(socket);
    const before = network.connections.length;
    await clock.advance(130_000);
    const first = dialled(before);
    // Five tries of a move, as ever, and none to the endpoint that it has.
    expect([new Set(first), first.length]).toEqual([new Set([EU]), 5]);
    await clock.advance(24 * 3_600_000);
    const aDay = dialled(before).length;
    // At the earliest every 16 minutes, five tries each.
    expect(aDay).toBeLessThan(5 * (6 + (24 * 60) / 16));
    expect(aDay).toBeGreaterThan(5 * ((24 * 60) / 32 - 1));
    expect([held(), told, socket.getState().phase]).toEqual([[US], [], 'open']);
  });

  it('returns to one that is better, if not the best', async () => {
    const { clock, eu, us, socket, held } = makeWorld();
    eu.stop();
    us.stop();
    await clock.until(socket.whenOpen());
    expect(held()).toEqual([ASIA]);
    us.start();
    await clock.until(() => held().join() === US, 130_000);
    eu.start();
    await clock.until(() => held().join() === EU, 300_000);
  });

  it('stays where a preferred one takes the handshake and turns it away', async () => {
    const { clock, page, server } = createTestWorld();
    const urls = ['wss://full.test/', 'wss://open.test/'];
    server('wss://full.test/', { onConnection: (peer) => peer.close(4429, 'busy; retry-after-ms=1000') });
    const open = server('wss://open.test/', new HoldfastServer());
    // The first dial finds nobody.
    let dials = 0;
    const openWebSocket = (url: string, protocols: readonly string[]) => {
      dials += 1;
      return page.environment.openWebSocket(dials === 1 ? 'wss://nowhere.test/' : url, protocols);
    };
    const environment = { ...page.environment, openWebSocket };
    const socket = endpoints(urls, { environment, returnAfterMs: 5_000 }).open((where) =>
      createSocket({ ...where, protocol: holdfast() }),
    );
    await clock.until(socket.whenOpen());
    const told = closes(socket);
    await clock.advance(600_000);
    expect([open.open.length, told, socket.getState().phase]).toEqual([1, [], 'open']);
    // Five tries each time, and less and less often, though it takes every handshake.
    expect(dials).toBeGreaterThan(15);
    expect(dials).toBeLessThan(50);
  });

  it('returns less and less often to one that takes the handshake and says nothing', async () => {
    const { clock, page, server } = createTestWorld();
    const urls = ['wss://mute.test/', 'wss://open.test/'];
    server('wss://mute.test/');
    server('wss://open.test/', new HoldfastServer());
    const socket = endpoints(urls, { environment: page.environment, returnAfterMs: 5_000 }).open((where) =>
      createSocket({ ...where, protocol: holdfast() }),
    );
    await clock.until(socket.whenOpen());
    const told = closes(socket);
    await clock.advance(3_600_000);
    // From the hello on there is no way back: each return costs the connection.
    expect(told.length).toBeLessThan(60);
    expect(page.connections.filter(({ isClientOpen }) => isClientOpen).map(({ url }) => url)).toContain(urls[1]);
  });

  it.each([
    ['plain', 'onConnection', 4429],
    ['plain', 'onConnection', 1008],
    ['holdfast', 'onMessage', 1013],
    ['holdfast', 'onMessage', 1008],
    ['holdfast', 'onMessage', 1002],
  ] as const)(
    'goes on where it was when the one that it returned to sends it away: %s, %s, %i',
    async (name, when, code) => {
      const { clock, page, server } = createTestWorld();
      const full = server('wss://full.test/', { [when]: (peer: TestPeer) => peer.close(code, 'no') });
      server('wss://open.test/', name === 'plain' ? {} : new HoldfastServer());
      full.stop();
      const protocol = name === 'plain' ? plain() : holdfast();
      const servers = endpoints(['wss://full.test/', 'wss://open.test/'], { environment: page.environment });
      const socket = servers.open((where) => createSocket({ ...where, protocol }));
      await clock.until(socket.whenOpen());
      full.start();
      let open = 0;
      for (let second = 0; second < 1_200; second += 1) {
        await clock.advance(1_000);
        if (socket.getState().phase === 'open') open += 1;
      }
      expect(open).toBeGreaterThan(1_180);
      const returns = page.connections.filter(({ url }) => url === 'wss://full.test/').length - 1;
      expect(returns).toBeGreaterThan(1);
      expect(returns).toBeLessThan(12);
    },
  );

  it('spreads the returns of a fleet over a time as long as the wait', async () => {
    const world = createTestWorld();
    const { clock } = world;
    const service = new HoldfastServer();
    const eu = world.server(EU, service);
    world.server(US, service);
    eu.stop();
    const sockets = Array.from({ length: 40 }, () =>
      endpoints([EU, US], { environment: world.openPage().environment }).open((where) =>
        createSocket({ ...where, protocol: holdfast() }),
      ),
    );
    await clock.until(Promise.all(sockets.map((socket) => socket.whenOpen())));
    eu.start();
    const counts: number[] = [];
    for (let second = 0; second < 120; second += 10) {
      await clock.advance(10_000);
      counts.push(eu.open.length);
    }
    expect([counts[5], counts.at(-1)]).toEqual([0, 40]);
    const steps = counts.slice(6).map((count, index) => count - (counts[index + 5] ?? 0));
    expect(Math.max(...steps)).toBeLessThan(15);
  });

  it('does not return while it is paused, and sets no timer where it is at home', async () => {
    const { clock, eu, socket, held, page } = makeWorld();
    await clock.until(socket.whenOpen());
    await clock.advance(100);
    const atHome = page.held.timers;
    eu.stop();
    await clock.until(() => held().join() === US);
    eu.start();
    socket.pause();
    await clock.advance(500_000);
    expect([held(), page.held.timers]).toEqual([[], 0]);
    socket.connect();
    await clock.until(() => held().join() === EU);
    await clock.advance(100);
    expect(page.held.timers).toBe(atHome);
  });

  it('returns as soon as ever once it has been at home', async () => {
    const { clock, eu, socket, held, dialled, network } = makeWorld({ coolDownMs: 600_000 });
    eu.stop();
    await clock.until(socket.whenOpen());
    // Some returns that fail, and a move of the app to where it is.
    await clock.advance(1_000_000);
    await clock.until(socket.migrate());
    eu.start();
    await clock.until(() => held().join() === EU, 2_000_000);
    await clock.advance(70_000);
    for (let failures = 0; failures < 2; failures += 1) {
      eu.stop();
      await clock.until(() => held().join() === US);
      eu.start();
      await clock.until(() => held().join() === EU, 125_000);
      // Well within the cool-down of the failure: it has opened since.
      await clock.advance(6_000);
      network.cut();
      await clock.until(() => socket.getState().phase !== 'open');
      await clock.until(socket.whenOpen());
      expect(held()).toEqual([EU]);
    }
    const before = network.connections.length;
    await clock.advance(1_000_000);
    expect(dialled(before)).toEqual([]);
  });

  it('returns from a connection whose end the browser does not tell', async () => {
    const world = createTestWorld();
    const { clock, page } = world;
    const service = new HoldfastServer({ heartbeat: { intervalMs: 1_000, timeoutMs: 1_000 } });
    world.server(EU, service);
    world.server(US, service);
    let isLost = false;
    const openWebSocket = (url: string, protocols: readonly string[]) => {
      const socket = page.environment.openWebSocket(url, protocols);
      if (isLost && url === EU) page.connections.at(-1)?.strand();
      return socket;
    };
    const environment = { ...page.environment, openWebSocket };
    const socket = endpoints([EU, US], { environment, returnAfterMs: 5_000 }).open((where) =>
      createSocket({ ...where, protocol: holdfast() }),
    );
    await clock.until(socket.whenOpen());
    isLost = true;
    page.connections[0]?.strand();
    await clock.until(() => page.connections.at(-1)?.url === US);
    await clock.until(socket.whenOpen());
    isLost = false;
    const { length } = page.connections;
    // A browser tells of the dead one after a minute.
    await clock.until(() => page.connections[length]?.url === EU, 12_000);
  });

  it('hands on what an environment has, and what it has not', async () => {
    const { page, server, clock } = createTestWorld();
    server(EU, new HoldfastServer());
    const { locks: _, tabStorage: __, ...bare } = page.environment;
    let steps = 0;
    const record = (): void => void (steps += 1);
    const given = (environment: typeof page.environment) =>
      endpoints([EU], { environment }).open((where) => where.environment);
    expect(Object.keys(given(bare))).not.toContain('locks');
    expect([given(page.environment).locks, given(page.environment).tabStorage]).toEqual([
      page.environment.locks,
      page.environment.tabStorage,
    ]);
    const environment = { ...page.environment, record };
    const socket = endpoints([EU], { environment }).open((where) =>
      createSocket({ ...where, protocol: holdfast(), outbox: page.outbox() }),
    );
    await clock.until(socket.send('hello').delivered);
    expect(steps).toBeGreaterThan(2);
  });

  it('never returns where that was asked for', async () => {
    const { clock, eu, socket, held } = makeWorld({ returnAfterMs: Infinity });
    eu.stop();
    await clock.until(socket.whenOpen());
    eu.start();
    await clock.advance(24 * 3_600_000);
    expect(held()).toEqual([US]);
  });

  it('dials the endpoint that it had, too, when that connection is lost in a return', async () => {
    const { clock, network, eu, socket, held, page } = makeWorld({ returnAfterMs: 1_000 });
    eu.stop();
    await clock.until(socket.whenOpen());
    eu.start();
    // The return gets no answer.
    network.hang();
    const before = network.connections.length;
    await clock.until(() => network.connections.length > before);
    await clock.advance(2_000);
    network.heal();
    for (const connection of network.connections.slice(before)) connection.strand();
    page.connections.find(({ isClientOpen, url }) => isClientOpen && url === US)?.cut();
    await clock.until(() => held().join() === US && socket.getState().phase === 'open', 2_000);
  });

  it('leaves nothing behind when it closes, in the middle of a race and of a return', async () => {
    for (const ms of [10, 300, 61_000, 119_950]) {
      const { clock, network, eu, socket, page } = makeWorld();
      eu.stop();
      if (ms < 1_000) network.hang();
      await clock.advance(ms);
      const closed = socket.close();
      await clock.until(closed);
      await clock.advance(1_000);
      expect(page.held).toEqual({ timers: 0, listeners: 0, connections: 0, locks: 0 });
    }
  });
});

describe('the drop-in class with several endpoints', () => {
  it('goes to the first that is there; its url is that of the first that was dialled', async () => {
    const world = createTestWorld();
    const { clock, page } = world;
    const echo = { onMessage: (peer: { send(data: string): void }, data: unknown) => peer.send(data as string) };
    const eu = world.server(EU, echo);
    world.server(US, echo);
    eu.stop();
    const socket = endpoints([EU, US], { environment: page.environment }).open(
      ({ url, environment }) => new HoldfastWebSocket(url(), [], { environment }),
    );
    socket.binaryType = 'arraybuffer';
    const told: string[] = [];
    for (const type of ['open', 'error', 'close'] as const) socket.addEventListener(type, () => told.push(type));
    const heard: unknown[] = [];
    socket.onmessage = ({ data }) => heard.push(data);
    socket.send('first');
    await clock.until(() => heard.length === 1);
    expect([socket.url, socket.readyState, socket.binaryType, told]).toEqual([EU, 1, 'arraybuffer', ['open']]);
    expect(page.connections.at(-1)?.url).toBe(US);
    socket.send(new Uint8Array([1, 2]));
    await clock.until(() => heard.length === 2);
    expect(new Uint8Array(heard[1] as ArrayBuffer)).toEqual(new Uint8Array([1, 2]));
    socket.binaryType = 'blob';
    socket.send(new Uint8Array([3]));
    await clock.until(() => heard.length === 3);
    expect(heard[2]).toBeInstanceOf(Blob);
    socket.close(1000, 'done');
    expect(() => socket.close(999)).toThrow(DOMException);
    await clock.until(() => told.includes('close'));
    expect([told, socket.readyState]).toEqual([['open', 'close'], 3]);
    expect(page.held).toMatchObject({ timers: 0, connections: 0 });
  });

  it('tells one error and one close when all have failed, and tries again', async () => {
    const world = createTestWorld();
    const { clock, page } = world;
    const [eu, us] = [world.server(EU), world.server(US)];
    eu.stop();
    us.stop();
    const socket = endpoints([EU, US], { environment: page.environment }).open(
      ({ url, environment }) => new HoldfastWebSocket(url(), [], { environment, minReconnectionDelay: 1_000 }),
    );
    const told: string[] = [];
    for (const type of ['open', 'error', 'close'] as const) socket.addEventListener(type, () => told.push(type));
    await clock.until(() => told.length === 2);
    expect([told, page.connections.map(({ url }) => url), socket.readyState]).toEqual([
      ['error', 'close'],
      [EU, US],
      0,
    ]);
    us.start();
    await clock.until(() => told.includes('open'));
    socket.close();
    await clock.advance(3_000);
    expect(told).toEqual(['error', 'close', 'open', 'close']);
  });

  it('gets bytes as it asked for them before there was a connection', async () => {
    const world = createTestWorld();
    const { clock, page } = world;
    world.server(EU).stop();
    world.server(US, { onConnection: (peer) => peer.send(new Uint8Array([1])) });
    const socket = endpoints([EU, US], { environment: page.environment }).open(
      ({ url, environment }) => new HoldfastWebSocket(url(), [], { environment }),
    );
    const heard: unknown[] = [];
    socket.onmessage = ({ data }) => heard.push(data);
    await clock.until(() => heard.length === 1);
    // As a browser gives them where nothing was said.
    expect(heard[0]).toBeInstanceOf(Blob);
    socket.close();
  });

  it('closes at once when the newest has failed and an older one is on its way', async () => {
    const { clock, page } = createTestWorld();
    const openWebSocket = (url: string, protocols: readonly string[]) => {
      const socket = page.environment.openWebSocket(url, protocols);
      if (url === EU) page.connections.at(-1)?.strand();
      return socket;
    };
    const environment = { ...page.environment, openWebSocket };
    const socket = endpoints([EU, US], { environment }).open(
      ({ url, environment: outside }) => new HoldfastWebSocket(url(), [], { environment: outside }),
    );
    const told: string[] = [];
    socket.addEventListener('close', () => told.push('close'));
    await clock.advance(400);
    socket.close();
    await clock.advance(100);
    expect(told).toEqual(['close']);
  });

  it('closes while all of them are on their way', async () => {
    const world = createTestWorld();
    const { clock, page, network } = world;
    world.server(EU);
    world.server(US);
    network.hang();
    const socket = endpoints([EU, US], { environment: page.environment }).open(
      ({ url, environment }) => new HoldfastWebSocket(url(), [], { environment }),
    );
    const told: string[] = [];
    for (const type of ['open', 'error', 'close'] as const) socket.addEventListener(type, () => told.push(type));
    await clock.advance(400);
    socket.close();
    await clock.advance(100);
    expect([told, socket.readyState]).toEqual([['error', 'close'], 3]);
    expect(page.held).toMatchObject({ timers: 0, connections: 0 });
  });
});

describe('the arguments of endpoints', () => {
  const wrong: readonly (readonly [what: string, urls: unknown, options: unknown, option: string])[] = [
    ['no list', 'wss://a.test/', {}, 'urls'],
    ['an empty list', [], {}, 'urls'],
    ['a list that is too long', Array.from({ length: 9 }, (_, index) => `wss://${index}.test/`), {}, 'urls'],
    ['the same one twice', [EU, new URL(EU)], {}, 'urls'],
    ['no URL', [EU, 7], {}, 'urls[1]'],
    ['a URL of something else', ['ftp://a.test/'], {}, 'urls[0]'],
    ['no options', [EU], null, 'endpoints'],
    ['a time that is none', [EU], { hedgeAfterMs: 0 }, 'endpoints.hedgeAfterMs'],
    ['a time that is text', [EU], { coolDownMs: '1' }, 'endpoints.coolDownMs'],
    ['a time that is no number', [EU], { returnAfterMs: Number.NaN }, 'endpoints.returnAfterMs'],
    ['an environment that is none', [EU], { environment: {} }, 'endpoints.environment'],
    ['an option that there is not', [EU], { retries: 3 }, 'endpoints.retries'],
  ];
  it.each(wrong)('%s is refused', (_what, urls, options, option) => {
    const call = (): unknown => endpoints(urls as string[], options as EndpointsOptions);
    expect(call).toThrow(HoldfastError);
    try {
      call();
    } catch (error) {
      const { code, details } = error as HoldfastError;
      expect([code in ERROR_CODES, code, details['option']]).toEqual([true, 'INVALID_OPTION', option]);
    }
  });

  it('may be paths, and are looked at again by nobody who changes the list', async () => {
    const world = createTestWorld();
    world.server(EU, { onConnection: (peer) => peer.send('1') });
    const urls = [EU];
    const servers = endpoints(urls, { environment: world.page.environment });
    urls[0] = 'nowhere';
    const socket = servers.open((where) => createSocket({ ...where, protocol: plain() }));
    await world.clock.until(socket.whenOpen());
    expect(() => endpoints(['/socket', '/other'])).not.toThrow();
  });

  it('come back as what was made: anything that takes a URL and an environment', () => {
    const { environment } = createTestWorld().page;
    expect(endpoints([EU], { environment }).open(({ url }) => `${url()}!`)).toBe(`${EU}!`);
  });
});
