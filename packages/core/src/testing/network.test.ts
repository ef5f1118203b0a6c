import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ServerScript } from './server.ts';
import { createTestWorld, type TestWorld, type TestWorldOptions } from './world.ts';
import { webSocketConformance } from './web-socket-conformance.ts';

const URL = 'wss://echo.test/';

const echo: ServerScript = { onMessage: (peer, data) => peer.send(data) };

/** A world with a server that answers with what it gets. */
function aWorld(options: TestWorldOptions = {}, script: ServerScript = echo): TestWorld {
  const world = createTestWorld(options);
  world.server(URL, script);
  return world;
}

/** A socket, and what it tells: `type`, `data` or `code`, and the time. */
function told(world: TestWorld, protocols: string[] = [], url: string = URL): { socket: WebSocket; events: string[] } {
  const socket = new world.WebSocket(url, protocols);
  const events: string[] = [];
  for (const type of ['open', 'message', 'error', 'close'] as const) {
    socket.addEventListener(type, (event) => {
      const { data, code } = event as { data?: string; code?: number };
      events.push([type, data ?? code, `@${world.clock.now}`].filter((part) => part !== undefined).join(' '));
    });
  }
  return { socket, events };
}

describe("a page's WebSocket in the world", () => {
  const world = createTestWorld({ timers: 'global', latencyMs: 0 });
  world.server(URL, echo);
  const cases = webSocketConformance({
    openWebSocket: (protocols) => world.page.environment.openWebSocket(URL, protocols),
    openToNobody: () => world.page.environment.openWebSocket('wss://nobody.test/', []),
  });
  for (const { name, run } of cases) it(name, run);
});

describe('the suite for WebSockets', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  /** The names of the cases that a changed class fails. */
  async function failing(change: (socket: WebSocket) => WebSocket): Promise<readonly (string | null)[]> {
    const world = createTestWorld({ timers: 'global' });
    world.server(URL, echo);
    const cases = webSocketConformance({
      openWebSocket: (protocols) => change(new world.WebSocket(URL, [...protocols])) as never,
      openToNobody: () => change(new world.WebSocket('wss://nobody.test/')) as never,
    });
    const outcomes: (string | null)[] = [];
    const all = cases.map(({ name, run }, place) =>
      run().then(
        () => (outcomes[place] = null),
        () => (outcomes[place] = name),
      ),
    );
    // Some of it is read in real turns of the event loop.
    while (Object.keys(outcomes).length < all.length) await vi.advanceTimersByTimeAsync(100);
    return outcomes.filter((name) => name !== null);
  }

  it('finds what a class does wrong', async () => {
    expect(await failing((socket) => socket)).toEqual([]);
    expect(await failing((socket) => replacing(socket, 'close', () => {}))).toEqual([
      'refuses close codes and reasons that a page may not use, and stays open',
      'closes with the code and the reason of the page',
      'sends what was given before close',
      'counts what it can not send any more, and does not throw',
      'tells no open after a close while it connects',
      'tells a handler that was taken away nothing',
    ]);
    expect(await failing((socket) => replacing(socket, 'send', () => {}))).toEqual([
      'carries text in order, as it is',
      'carries the bytes that a view shows in the moment of send',
      'refuses to send while it connects',
      'refuses close codes and reasons that a page may not use, and stays open',
      'sends what was given before close',
      'counts what it can not send any more, and does not throw',
      'has nothing left in its buffer once all is sent',
    ]);
  });
});

/** The socket with one method replaced. */
function replacing(socket: WebSocket, method: 'send' | 'close', by: () => void): WebSocket {
  return Object.assign(socket, { [method]: by });
}

describe('the network', () => {
  it('opens after a round trip, and carries each message one way at a time', async () => {
    const world = aWorld({ latencyMs: 25 });
    const { socket, events } = told(world);
    expect(socket.readyState).toBe(0);
    socket.onopen = () => socket.send('x');
    await world.clock.advance(1_000);
    expect(events).toEqual(['open @50', 'message x @100']);
  });

  it('never lets messages overtake, however much the time on the way varies, and goes the same way for one seed', async () => {
    const run = async (seed: number): Promise<string[]> => {
      const world = aWorld({ seed, latencyMs: 5, jitterMs: 100 });
      const { socket, events } = told(world);
      socket.onopen = () => {
        for (let n = 0; n < 20; n += 1) socket.send(String(n));
      };
      await world.clock.advance(1_000);
      return events;
    };
    const first = await run(1);
    expect(first.slice(1).map((line) => Number(line.split(' ')[1]))).toEqual(
      Array.from({ length: 20 }, (_, index) => index),
    );
    expect(await run(1)).toEqual(first);
    expect(await run(2)).not.toEqual(first);
  });

  it('fails where there is no server, or one that has stopped', async () => {
    const world = createTestWorld();
    const { events } = told(world, [], 'wss://nobody.test/');
    await world.clock.advance(100);
    expect(events).toEqual(['error @20', 'close 1006 @20']);
    const server = world.server(URL);
    const open = told(world);
    await world.clock.advance(100);
    server.stop();
    const late = told(world);
    await world.clock.advance(100);
    server.start();
    const again = told(world);
    await world.clock.advance(100);
    expect([open.events, late.events, again.events]).toEqual([
      ['open @120', 'close 1006 @210'],
      ['error @220', 'close 1006 @220'],
      ['open @320'],
    ]);
  });

  it('finds a server by host and path, whatever the query, and takes one for each', async () => {
    const world = createTestWorld();
    const here = world.server('https://a.test/here');
    const there = world.server('wss://a.test/there');
    expect(() => world.server('wss://a.test/here?x=1')).toThrow('there is a server at wss://a.test/here');
    told(world, [], 'wss://a.test/there?token=1');
    await world.clock.advance(100);
    expect([here.peers.length, there.peer.url]).toEqual([0, 'wss://a.test/there?token=1']);
    expect(() => here.peer).toThrow('nobody has connected to https://a.test/here');
  });

  it('cuts: both ends hear it, and what is on the way is lost', async () => {
    const closes: unknown[] = [];
    const world = aWorld({}, { ...echo, onClose: (_, code) => void closes.push(code) });
    const { socket, events } = told(world);
    await world.clock.advance(20);
    socket.send('lost');
    world.network.cut();
    expect(socket.readyState).toBe(1);
    await world.clock.advance(100);
    expect([events, closes]).toEqual([['open @20', 'error @20', 'close 1006 @20'], [1006]]);
    expect(world.network.live).toEqual([]);
    const connecting = told(world);
    await world.clock.advance(15);
    world.network.cut();
    await world.clock.advance(100);
    expect(connecting.events).toEqual(['error @135', 'close 1006 @135']);
  });

  it.each(['up', 'down', 'both'] as const)(
    'has a black hole %s until it heals: then all arrives',
    async (direction) => {
      const world = aWorld();
      const { socket, events } = told(world);
      await world.clock.advance(20);
      world.network.blackHole(direction);
      socket.send('a');
      socket.send('bc');
      const late = told(world);
      await world.clock.advance(100_000);
      expect([events, late.events, socket.readyState]).toEqual([['open @20'], [], 1]);
      expect(socket.bufferedAmount).toBe(direction === 'down' ? 0 : 3);
      const [{ peer } = { peer: null }] = world.network.connections;
      expect(peer?.messages).toEqual(direction === 'down' ? ['a', 'bc'] : []);
      world.network.heal();
      await world.clock.advance(0);
      expect(socket.bufferedAmount).toBe(0);
      await world.clock.advance(1_000);
      expect(events.map((line) => line.split(' @')[0])).toEqual(['open', 'message a', 'message bc']);
      expect(late.events.map((line) => line.split(' @')[0])).toEqual(['open']);
    },
  );

  it('refuses and hangs new connections only, until it heals', async () => {
    const world = aWorld();
    const open = told(world);
    await world.clock.advance(20);
    world.network.refuse();
    const refused = told(world);
    await world.clock.advance(20);
    world.network.heal();
    world.network.hang();
    const hanging = told(world);
    open.socket.send('x');
    await world.clock.advance(60_000);
    expect([open.events, refused.events, hanging.events]).toEqual([
      ['open @20', 'message x @60'],
      ['error @40', 'close 1006 @40'],
      [],
    ]);
    world.network.heal();
    await world.clock.advance(100);
    expect(hanging.events).toEqual(['open @60060']);
  });

  it('takes a change of the latency at once', async () => {
    const world = aWorld();
    const { socket, events } = told(world);
    await world.clock.advance(20);
    world.network.latencyMs = 500;
    socket.send('x');
    await world.clock.advance(2_000);
    expect(events).toEqual(['open @20', 'message x @1020']);
  });
});

describe('a connection', () => {
  it('is closed by the page: the server hears code and reason, and answers', async () => {
    const closes: unknown[] = [];
    const world = aWorld({}, { onClose: (peer, code, reason) => void closes.push([code, reason, peer.isOpen]) });
    const { socket, events } = told(world);
    await world.clock.advance(20);
    const ended = new Promise<CloseEvent>((resolve) => {
      socket.onclose = resolve;
    });
    socket.send('before');
    socket.close(3_001, 'bye');
    socket.close(3_002, 'again');
    socket.send('after');
    expect([socket.readyState, socket.bufferedAmount]).toEqual([2, 11]);
    const { code, reason, wasClean } = await world.clock.until(ended);
    expect([code, reason, wasClean, closes, events.at(-1)]).toEqual([
      3_001,
      'bye',
      true,
      [[3_001, 'bye', false]],
      'close 3001 @40',
    ]);
    expect(world.network.connections[0]?.peer?.messages).toEqual(['before']);
    expect([socket.readyState, socket.bufferedAmount]).toEqual([3, 5]);
    // The minute in which an answer might have come is over, too.
    await world.clock.runUntilIdle(1_000);
    socket.close();
    expect(socket.readyState).toBe(3);
  });

  it('is closed by the server, with what it sent before', async () => {
    const closes: unknown[] = [];
    const world = aWorld(
      {},
      {
        onConnection: (peer) => {
          peer.send('last');
          peer.close(4_000, 'go');
          peer.send('too late');
          expect(peer.isOpen).toBe(false);
        },
        onClose: (_, code, reason) => void closes.push([code, reason]),
      },
    );
    const { socket, events } = told(world);
    const ended = new Promise<CloseEvent>((resolve) => {
      socket.onclose = resolve;
    });
    const { reason, wasClean } = await world.clock.until(ended);
    await world.clock.advance(100);
    expect([events, reason, wasClean]).toEqual([['open @20', 'message last @20', 'close 4000 @20'], 'go', true]);
    expect(closes).toEqual([[4_000, 'go']]);
  });

  it('is closed with 1005 where nobody gives a code, and with 1006 where the server drops it', async () => {
    const world = aWorld();
    const [byPage, byServer, dropped] = [told(world), told(world), told(world)];
    await world.clock.advance(20);
    byPage.socket.close();
    world.network.connections[1]?.peer?.close();
    world.network.connections[2]?.peer?.terminate();
    await world.clock.advance(100);
    expect([byPage.events, byServer.events, dropped.events]).toEqual([
      ['open @20', 'close 1005 @40'],
      ['open @20', 'close 1005 @30'],
      ['open @20', 'close 1006 @30'],
    ]);
    expect(world.network.connections.map(({ peer }) => peer?.closed?.code)).toEqual([1005, 1005, 1006]);
  });

  it('is given up a minute after a close that nobody answers', async () => {
    const world = aWorld();
    const { socket, events } = told(world);
    await world.clock.advance(20);
    world.network.blackHole();
    socket.close();
    await world.clock.advance(59_999);
    expect(events).toEqual(['open @20']);
    await world.clock.advance(1);
    expect(events.at(-1)).toBe('close 1006 @60020');
  });

  it.each([1004, 1006, 1015, 999, 2_000, 5_000])('is never closed by a server with %i', async (code) => {
    const world = aWorld();
    told(world);
    await world.clock.advance(20);
    expect(() => world.network.connections[0]?.peer?.close(code)).toThrow(RangeError);
  });

  it('speaks the subprotocol that the server selects, or none at all', async () => {
    const offered: unknown[] = [];
    const choices = ['b', undefined, 'c', '', undefined];
    const world = aWorld(
      {},
      {
        selectProtocol: (protocols) => {
          offered.push(protocols);
          return choices[offered.length - 1];
        },
      },
    );
    const sockets = [['a', 'b'], ['a'], ['a', 'b'], [], []].map((protocols) => told(world, protocols));
    await world.clock.advance(100);
    expect(offered[0]).toEqual(['a', 'b']);
    expect(sockets.map(({ socket, events }) => `${socket.protocol} ${events.at(-1)}`)).toEqual([
      'b open @20',
      ' close 1006 @20',
      ' close 1006 @20',
      ' open @20',
      ' open @20',
    ]);
    const plain = createTestWorld();
    const server = plain.server(URL);
    const first = told(plain, ['first', 'second']);
    await plain.clock.advance(100);
    expect([first.socket.protocol, server.peer.protocol, server.peer.offeredProtocols]).toEqual([
      'first',
      'first',
      ['first', 'second'],
    ]);
  });

  it('carries bytes as the page wants them, blobs in their order, and text without lone surrogates', async () => {
    const world = aWorld();
    const { socket } = told(world);
    const received: unknown[] = [];
    socket.onmessage = ({ data }) => received.push(data);
    await world.clock.advance(20);
    socket.binaryType = 'arraybuffer';
    socket.send(new Blob(['ab']));
    socket.send('\ud800 🐟');
    socket.send(new Blob(['c']));
    socket.send(Uint8Array.of(1, 2).buffer);
    // A Blob is read in real turns of the event loop.
    for (let turns = 0; received.length < 4 && turns < 50; turns += 1) await world.clock.advance(50);
    const texts = received.map((data) => (typeof data === 'string' ? data : [...new Uint8Array(data as ArrayBuffer)]));
    expect(texts).toEqual([[97, 98], '\ufffd 🐟', [99], [1, 2]]);
    expect(socket.bufferedAmount).toBe(0);
    socket.binaryType = 'blob';
    socket.send(Uint8Array.of(7));
    await world.clock.advance(50);
    const blob = received.at(-1) as Blob;
    expect([blob instanceof Blob, blob.size]).toEqual([true, 1]);
  });

  it('waits with what follows until every Blob before it is read, and with its close', async () => {
    let read = (): void => {};
    const gate = new Promise<void>((resolve) => {
      read = resolve;
    });
    class SlowBlob extends Blob {
      override arrayBuffer(): Promise<ArrayBuffer> {
        return gate.then(() => new Uint8Array([7]).buffer);
      }
    }
    class QuickBlob extends Blob {
      override arrayBuffer(): Promise<ArrayBuffer> {
        return Promise.resolve(new Uint8Array([6]).buffer);
      }
    }
    const world = createTestWorld();
    const server = world.server(URL);
    const { socket } = told(world);
    await world.clock.advance(20);
    socket.send(new QuickBlob(['x']));
    socket.send(new SlowBlob(['x']));
    await world.clock.advance(100);
    expect(server.messages).toEqual([Uint8Array.of(6)]);
    socket.send('after');
    socket.close();
    await world.clock.advance(100);
    expect([server.messages.length, socket.readyState, socket.bufferedAmount]).toEqual([1, 2, 7]);
    read();
    await world.clock.advance(100);
    expect([server.messages, socket.readyState]).toEqual([[Uint8Array.of(6), Uint8Array.of(7), 'after'], 3]);
  });

  it('is a WebSocket to script', () => {
    const world = createTestWorld();
    const { WebSocket } = world;
    expect([WebSocket.name, WebSocket.OPEN, WebSocket.prototype.CLOSED]).toEqual(['WebSocket', 1, 3]);
    for (const url of ['nowhere', 'ftp://a.test/', 'wss://a.test/#x']) {
      expect(() => new WebSocket(url)).toThrow(expect.objectContaining({ name: 'SyntaxError' }) as Error);
    }
    for (const protocols of ['', 'a b', ['a', 'a'], ['é']]) {
      expect(() => new WebSocket(URL, protocols)).toThrow(expect.objectContaining({ name: 'SyntaxError' }) as Error);
    }
    const socket = new WebSocket('https://a.test/x');
    expect([socket.url, socket.readyState, socket.binaryType, socket.extensions, socket.protocol]).toEqual([
      'wss://a.test/x',
      0,
      'blob',
      '',
      '',
    ]);
    expect(() => socket.send('x')).toThrow(expect.objectContaining({ name: 'InvalidStateError' }) as Error);
    socket.binaryType = 'text' as BinaryType;
    expect(socket.binaryType).toBe('blob');
    const onopen = (): void => {};
    socket.onopen = onopen;
    expect([socket.onopen, socket.onclose, Object.prototype.toString.call(socket)]).toEqual([
      onopen,
      null,
      '[object WebSocket]',
    ]);
    socket.close();
    expect(socket.readyState).toBe(2);
  });
});

describe("with the test runner's timers", () => {
  it('goes by them, for code that uses the globals', async () => {
    vi.useFakeTimers();
    try {
      const world = aWorld({ timers: 'global' });
      vi.stubGlobal('WebSocket', world.WebSocket);
      const socket = new WebSocket(URL);
      const heard: unknown[] = [];
      socket.onopen = () => setTimeout(() => socket.send('a second later'), 1_000);
      socket.onmessage = ({ data }) => heard.push(data);
      await vi.advanceTimersByTimeAsync(1_039);
      expect(heard).toEqual([]);
      await vi.advanceTimersByTimeAsync(1);
      expect(heard).toEqual(['a second later']);
      expect(world.network.connections[0]?.peer?.time).toBe(Date.now());
    } finally {
      vi.useRealTimers();
      vi.unstubAllGlobals();
    }
  });
});
