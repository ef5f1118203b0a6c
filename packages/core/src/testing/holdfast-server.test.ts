import { describe, expect, it } from 'vitest';
import type { MessageData } from '../protocol/frames.ts';
import { createSocket } from '../socket/create-socket.ts';
import { holdfast } from '../socket/protocols.ts';
import type { Socket, SocketOptions } from '../socket/types.ts';
import { HoldfastServer, type HoldfastServerOptions } from './holdfast-server.ts';
import type { TestPage } from './page.ts';
import type { TestServer } from './server.ts';
import { createTestWorld, type TestWorld } from './world.ts';

const URL = 'wss://chat.test/socket';

interface Chat {
  readonly world: TestWorld;
  readonly chat: HoldfastServer;
  readonly server: TestServer;
  /** A socket of the app on this page, whose messages go to `heard`. */
  start(page?: TestPage, options?: Partial<SocketOptions>): Socket;
  readonly heard: MessageData[];
}

function aChat(options: HoldfastServerOptions = {}): Chat {
  const world = createTestWorld();
  const chat = new HoldfastServer(options);
  const heard: MessageData[] = [];
  return {
    world,
    chat,
    server: world.server(URL, chat),
    heard,
    start(page = world.page, more = {}) {
      const { environment } = page;
      const socket = createSocket({ url: URL, protocol: holdfast(), outbox: page.outbox(), environment, ...more });
      socket.on('message', (message) => heard.push(message));
      return socket;
    },
  };
}

describe('the server for holdfast()', () => {
  it('takes bytes and gives bytes, between text, and again on the next connection', async () => {
    const { world, chat, heard, server, start } = aChat();
    const socket = start();
    for (const data of ['a', Uint8Array.of(1, 2), 'b']) socket.send(data);
    await world.clock.advance(1_000);
    expect(chat.taken).toEqual(['a', Uint8Array.of(1, 2), 'b']);
    const [session] = chat.sessions;
    session?.send(Uint8Array.of(3));
    await world.clock.advance(1_000);
    server.stop();
    session?.send(Uint8Array.of(4));
    session?.send('c');
    server.start();
    await world.clock.advance(10_000);
    expect(heard).toEqual([Uint8Array.of(3), Uint8Array.of(4), 'c']);
  });

  it('takes messages in order, and acknowledges each', async () => {
    const ids: string[] = [];
    const { world, chat, start } = aChat({ onMessage: ({ id }) => void ids.push(id) });
    const socket = start();
    const receipts = ['a', 'b', { c: 1 }].map((data) => socket.send(data));
    await world.clock.until(Promise.all(receipts.map(({ delivered }) => delivered)));
    expect(chat.taken).toEqual(['a', 'b', { c: 1 }]);
    expect(ids).toEqual(receipts.map(({ id }) => id));
    expect(world.storage.messages()).toEqual(['a', 'b', { c: 1 }]);
    await world.clock.advance(1_000);
    expect(world.storage.messages()).toEqual([]);
  });

  it('refuses for good what its handler throws at', async () => {
    const { world, chat, start } = aChat({
      onMessage: ({ data }) => {
        if (data === 'bad') throw Object.assign(new Error('not today'), { code: 'NOT_TODAY', details: { day: 1 } });
      },
    });
    const socket = start();
    const [good, bad, next] = ['good', 'bad', 'next'].map((data) => socket.send(data));
    await expect(world.clock.until(bad!.delivered)).rejects.toMatchObject({
      code: 'REFUSED',
      message: 'not today',
      details: { code: 'NOT_TODAY', day: 1 },
    });
    await world.clock.until(Promise.all([good!.delivered, next!.delivered]));
    expect(chat.taken).toEqual(['good', 'next']);
  });

  it('runs one message of a page at a time, and none again after a cut in the middle', async () => {
    let running = 0;
    const { world, chat, start } = aChat({
      onMessage: async () => {
        running += 1;
        expect(running).toBe(1);
        await new Promise<void>((resolve) => world.clock.after(50, resolve));
        running -= 1;
      },
    });
    const socket = start();
    const receipts = [1, 2, 3, 4].map((data) => socket.send(data));
    await world.clock.until(() => running === 1);
    world.network.cut();
    await world.clock.until(Promise.all(receipts.map(({ delivered }) => delivered)));
    expect(chat.taken).toEqual([1, 2, 3, 4]);
    expect(world.network.connections).toHaveLength(2);
  });

  it('tells a refusal that was lost on the way again', async () => {
    const { world, start, server } = aChat({
      onMessage: () => {
        throw new Error('never');
      },
    });
    const socket = start();
    await world.clock.until(() => socket.getState().phase === 'open');
    const { delivered } = socket.send('x');
    world.network.blackHole('down');
    await world.clock.until(() => server.peer.messages.some((text) => String(text).includes('"x"')));
    await world.clock.advance(20);
    world.network.cut();
    world.network.heal();
    await expect(world.clock.until(delivered)).rejects.toMatchObject({ code: 'REFUSED', message: 'never' });
  });

  it('resumes a session: what it said meanwhile arrives once and in order', async () => {
    const { world, chat, heard, start } = aChat();
    const socket = start();
    await world.clock.until(() => socket.getState().phase === 'open');
    chat.broadcast(1);
    await world.clock.until(() => heard.length === 1);
    world.network.cut();
    for (const data of [2, 3]) chat.broadcast(data);
    const resumed = new Promise((resolve) => socket.on('open', resolve));
    expect(await world.clock.until(resumed)).toMatchObject({ resumed: true });
    chat.broadcast(4);
    await world.clock.until(() => heard.length === 4);
    expect(heard).toEqual([1, 2, 3, 4]);
    expect(chat.sessions).toHaveLength(1);
  });

  it('tells a client whose session it has forgotten what may be missing', async () => {
    const { world, chat, start } = aChat();
    const socket = start();
    await world.clock.until(() => socket.getState().phase === 'open');
    const gap = new Promise((resolve) => socket.on('gap', resolve));
    chat.forgetSessions();
    world.network.cut();
    expect(await world.clock.until(gap)).toEqual({ reason: 'unknown-session', from: 1, to: null });
    const { delivered } = socket.send('after');
    await world.clock.until(delivered);
  });

  it('delivers once what a reloaded page had stored', async () => {
    const { world, chat, server, start } = aChat();
    server.stop();
    const receipt = start().send('before the reload');
    await world.clock.until(receipt.stored);
    const page = world.page.reload();
    start(page).send('after it');
    server.start();
    await world.clock.until(() => chat.taken.length === 2);
    await world.clock.advance(30_000);
    expect(chat.taken).toEqual(['before the reload', 'after it']);
    expect(world.storage.messages()).toEqual([]);
  });

  it('moves its clients by drain, with no gap', async () => {
    const { world, chat, server, heard, start } = aChat();
    const socket = start();
    await world.clock.until(() => socket.getState().phase === 'open');
    chat.drain(1_000);
    for (let n = 1; n <= 20; n += 1) {
      world.clock.after(n * 50, () => {
        chat.broadcast(n);
        socket.send(n);
      });
    }
    await world.clock.until(() => chat.taken.length === 20 && heard.length === 20);
    const numbers = Array.from({ length: 20 }, (_, index) => index + 1);
    expect([chat.taken, heard]).toEqual([numbers, numbers]);
    await world.clock.advance(5_000);
    expect([server.peers.length, server.open.length]).toEqual([2, 1]);
    expect(server.peers[0]?.closed?.code).toBe(4409);
  });

  it('asks for an identity, and refuses a token', async () => {
    const { world, chat, start } = aChat({
      authenticate: (token) => {
        if (token !== 'good') throw new Error('no');
        return 'ada';
      },
    });
    const bad = start(world.page, { auth: () => 'bad' });
    await expect(world.clock.until(bad.whenOpen())).rejects.toMatchObject({ code: 'UNAUTHORIZED' });
    const good = start(world.openPage(), { auth: () => 'good' });
    await world.clock.until(good.whenOpen());
    expect(chat.sessions.map(({ identity }) => identity)).toEqual(['ada']);
  });

  it('ends a session that its client closes, and holds nothing then', async () => {
    const { world, chat, start } = aChat();
    const socket = start();
    await world.clock.until(socket.whenOpen());
    expect(chat.sessions[0]?.peer).not.toBe(null);
    await world.clock.until(socket.close());
    await world.clock.advance(100);
    expect(chat.sessions).toEqual([]);
    expect(world.page.held).toEqual({ timers: 0, listeners: 0, connections: 0, locks: 0 });
  });

  it('refuses a hello that is older than the last, forgets a producer at fin, and answers pings', async () => {
    const { world, server } = aChat();
    const hello = (changes: object): string =>
      JSON.stringify(['hello', { v: 1, client: 'c', producers: [['p', 3, 3, 0]], ...changes }]);
    const open = async (text: string): Promise<{ heard: string[]; socket: WebSocket }> => {
      const socket = new world.WebSocket(URL, 'holdfast.v1');
      const heard: string[] = [];
      socket.onopen = () => socket.send(text);
      socket.onmessage = ({ data }) => heard.push(data as string);
      await world.clock.advance(100);
      return { heard, socket };
    };
    const first = await open(hello({ n: 2 }));
    expect(JSON.parse(first.heard[0] ?? '')).toMatchObject(['welcome', { resumed: false, taken: [[2, []]] }]);
    first.socket.send('["p",1]');
    first.socket.send('["fin","p"]');
    first.socket.send('["producers",[["p",1,1,0]]]');
    await world.clock.advance(100);
    expect(first.heard.slice(1)).toEqual(['["q",1]', '["taken",[[0,[]]]]']);
    const resumption = { session: 'session-1', key: 'k', epoch: 'e', received: 0 };
    const late = await open(hello({ n: 2, ...resumption }));
    expect([late.heard, late.socket.readyState, first.socket.readyState]).toEqual([[], 3, 1]);
    await open(hello({ n: 3, ...resumption }));
    expect(server.peers.map(({ closed }) => closed?.code)).toEqual([4409, 4409, undefined]);
  });

  it('closes with 1002 on what is no frame', async () => {
    const { world, server } = aChat();
    const socket = new world.WebSocket(URL, 'holdfast.v1');
    socket.onopen = () => socket.send('garbage');
    await world.clock.runUntilIdle();
    expect(server.peer.closed?.code).toBe(1002);
  });

  it('is found dead in a black hole, and left for a new connection', async () => {
    const { world, chat, start } = aChat({ heartbeat: { intervalMs: 2_000, timeoutMs: 1_000 } });
    const socket = start();
    await world.clock.advance(10_000);
    const [dead] = world.network.live;
    dead?.strand();
    const receipt = socket.send('x');
    await world.clock.until(receipt.delivered, 10_000);
    expect(world.network.connections).toHaveLength(2);
    expect(chat.taken).toEqual(['x']);
  });
});
