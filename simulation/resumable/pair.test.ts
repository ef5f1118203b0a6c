import { describe, expect, test } from 'vitest';
import { Pair } from './pair.fixture.ts';

const TTL_MS = 60_000;

async function anOpenPair(options = {}) {
  const pair = new Pair({ sessionTtlMs: TTL_MS, ...options });
  return { pair, ...(await pair.opened()) };
}

describe('a session between two libraries', () => {
  test('carries text as it is, both ways', async () => {
    const { pair, socket, told, served, toldServer } = await anOpenPair();
    const texts = ['', 'a "quoted"\nline', 'ü€😀\u2028', 'lone \ud800.'];
    for (const text of texts) {
      socket.send(text);
      served.send(text);
    }
    await pair.world.clock.advance(100);
    const expected = texts.map((text) => `message ${text.replace('\ud800', '\ufffd')}`);
    expect(toldServer).toEqual(expected);
    expect(told).toEqual(['open', ...expected]);
  });

  test('carries bytes as they are, in their place between texts, both ways', async () => {
    const { pair, socket, told, toldServer } = await anOpenPair();
    const bytes = Uint8Array.from([0, 1, 128, 255]);
    socket.send('one');
    socket.send(bytes);
    bytes.fill(7);
    socket.send(new Blob(['blob']));
    socket.send(new Uint16Array([1, 2, 3]).subarray(1, 2));
    socket.send(new ArrayBuffer(1));
    expect(socket.bufferedAmount).toBe(3 + 4 + 4 + 2 + 1);
    socket.send('two');
    socket.close(4000);
    // A Blob is read outside of the world's time.
    await expect.poll(() => pair.world.clock.advance(1_000).then(() => toldServer.length)).toBe(7);
    const first = 'message bytes \0\u0001\u0080\u00ff';
    expect(told.slice(0, -1)).toEqual(['open']);
    expect(toldServer).toEqual([
      'message one',
      first,
      'message bytes blob',
      'message bytes \u0002\0',
      'message bytes \0',
      'message two',
      'close 4000 ',
    ]);
    expect(first).not.toContain('\u0007');
  });

  test('hands bytes on as the client and the server want them', async () => {
    const { pair, socket, told, served } = await anOpenPair();
    const bytes = Buffer.from([1, 2]);
    const heard: unknown[] = [];
    served.on('message', (data) => heard.push(data));
    served.send('one');
    served.send(bytes);
    served.send('as bytes', { binary: true });
    served.send(Buffer.from('as text'), { binary: false });
    served.send([Buffer.from('a'), Buffer.from('b')]);
    for (const type of ['nodebuffer', 'arraybuffer', 'fragments'] as const) {
      served.binaryType = type;
      socket.send(bytes);
      await pair.world.clock.advance(100);
    }
    expect(told.slice(1)).toEqual([
      'message one',
      'message bytes \u0001\u0002',
      'message bytes as bytes',
      'message as text',
      'message bytes ab',
    ]);
    expect(heard).toEqual([bytes, Uint8Array.from(bytes).buffer, [bytes]]);
    socket.binaryType = 'blob';
    const blobs: unknown[] = [];
    socket.addEventListener('message', ({ data }) => blobs.push(data));
    served.send(bytes);
    await pair.world.clock.advance(100);
    expect(blobs).toMatchObject([{ size: 2 }]);
  });

  test('chooses the subprotocol on the server, from those of the library', async () => {
    const pair = new Pair({ handleProtocols: (protocols) => [...protocols].at(-1) ?? false });
    const { socket, told } = pair.open({}, ['one', 'two']);
    await pair.world.clock.until(() => told.length > 0);
    expect([told, socket.protocol, pair.served[0]?.protocol]).toEqual([['open'], 'two', 'two']);
  });

  test.each([false, 'three'] as const)('fails as a handshake does where the server chooses %s', async (choice) => {
    const pair = new Pair({ handleProtocols: () => choice });
    const { told } = pair.open({}, ['one', 'two']);
    await pair.world.clock.until(() => told.length > 1);
    await pair.world.clock.advance(100);
    expect(told).toEqual(['error', 'close 1006  false']);
    expect(pair.toldServer).toEqual([['close 1006 ']]);
  });

  test('a cut, a black hole, another network and a long sleep are seen by nobody', async () => {
    const { pair, socket, told, served, toldServer } = await anOpenPair();
    const { clock, network, page } = pair.world;
    const faults = [
      () => network.cut(),
      () => network.blackHole(),
      () => page.changeNetwork(),
      () => page.sleep(30_000),
      () => {
        network.refuse();
        network.cut();
      },
    ];
    for (const [index, fault] of faults.entries()) {
      socket.send(`up ${index} a`);
      served.send(`down ${index} a`);
      fault();
      socket.send(`up ${index} b`);
      served.send(`down ${index} b`);
      await clock.advance(15_000);
      network.heal();
      await clock.advance(45_000);
    }
    const all = (way: string): string[] => faults.flatMap((_, index) => [`${way} ${index} a`, `${way} ${index} b`]);
    expect(told).toEqual(['open', ...all('down').map((text) => `message ${text}`)]);
    expect(toldServer).toEqual(all('up').map((text) => `message ${text}`));
    expect([socket.readyState, socket.bufferedAmount, served.readyState, served.bufferedAmount]).toEqual([1, 0, 1, 0]);
    expect(network.connections.length).toBeGreaterThan(4);
  });

  test('close: behind what was sent, with code and reason, through a cut', async () => {
    const { pair, socket, told, served, toldServer } = await anOpenPair();
    pair.world.network.cut();
    socket.send('last');
    socket.close(4001, 'bye');
    expect(socket.readyState).toBe(2);
    await pair.world.clock.advance(10_000);
    expect(toldServer).toEqual(['message last', 'close 4001 bye']);
    expect(told).toEqual(['open', 'close 4001 bye true']);
    expect([socket.readyState, served.readyState]).toEqual([3, 3]);
    expect(pair.world.page.held.connections).toBe(0);
  });

  test("the server's close: the client's own last messages arrive before it is over", async () => {
    const { pair, socket, told, served, toldServer } = await anOpenPair();
    pair.world.network.blackHole();
    socket.send('on its way');
    served.send('before');
    served.close(1011, 'sorry');
    await pair.world.clock.advance(20_000);
    expect([socket.readyState, served.readyState]).toEqual([1, 2]);
    pair.world.network.heal();
    await pair.world.clock.advance(10_000);
    expect(toldServer).toEqual(['message on its way', 'close 1011 sorry']);
    expect(told).toEqual(['open', 'message before', 'close 1011 sorry true']);
  });

  test('a close without a code is 1005 on both sides; codes of both sides cross', async () => {
    const first = await anOpenPair();
    first.socket.close();
    await first.pair.world.clock.advance(1_000);
    expect([first.told.at(-1), first.toldServer]).toEqual(['close 1005  true', ['close 1005 ']]);

    const second = await anOpenPair();
    second.socket.close(4001, 'from the client');
    second.served.close(4002, 'from the server');
    await second.pair.world.clock.advance(1_000);
    expect(second.told).toEqual(['open', 'close 4002 from the server true']);
    expect(second.toldServer).toEqual(['close 4001 from the client']);
  });

  test('a client that never comes back: 1006 when the session has ended, on both sides', async () => {
    const { pair, socket, told, toldServer } = await anOpenPair();
    pair.world.page.offline();
    await pair.world.clock.advance(TTL_MS);
    expect([told, toldServer, socket.readyState]).toEqual([['open'], [], 1]);
    await pair.world.clock.advance(TTL_MS);
    expect(toldServer).toEqual(['close 1006 ']);
    expect(told).toEqual(['open', 'error', 'close 1006  false']);
  });

  test('CLOSING lasts until the session must be gone', async () => {
    const { pair, socket, told } = await anOpenPair();
    pair.world.page.offline();
    socket.close(4000);
    await pair.world.clock.advance(TTL_MS);
    expect(socket.readyState).toBe(2);
    await pair.world.clock.advance(TTL_MS);
    expect(told).toEqual(['open', 'error', 'close 1006  false']);
  });

  test('a client that comes back too late is told so at once', async () => {
    const { pair, told, toldServer } = await anOpenPair({ sessionTtlMs: 1_000 });
    pair.world.network.refuse();
    pair.world.network.cut();
    await pair.world.clock.advance(5_000);
    expect([toldServer, told]).toEqual([['close 1006 '], ['open']]);
    pair.world.network.heal();
    await pair.world.clock.advance(10_000);
    expect(told).toEqual(['open', 'error', 'close 1006  false']);
    expect(pair.served).toHaveLength(1);
  });

  test('terminate: both ends hear 1006, wherever the client is', async () => {
    const { pair, told, served, toldServer } = await anOpenPair();
    served.terminate();
    await pair.world.clock.advance(1_000);
    expect([told, toldServer]).toEqual([['open', 'close 1006  false'], ['close 1006 ']]);

    const away = await anOpenPair();
    away.pair.world.network.cut();
    away.served.terminate();
    await away.pair.world.clock.advance(10_000);
    expect(away.told).toEqual(['open', 'error', 'close 1006  false']);
  });

  test('pings are answered while the client is away, and not once the session is over', async () => {
    const { pair, served } = await anOpenPair();
    const pongs: string[] = [];
    served.on('pong', (data) => pongs.push(String(data)));
    pair.world.page.offline();
    await pair.world.clock.advance(TTL_MS / 2);
    served.ping('are you there?');
    await pair.world.clock.advance(10);
    expect(pongs).toEqual(['are you there?']);
    await pair.world.clock.advance(TTL_MS * 2);
    served.ping();
    await pair.world.clock.advance(10);
    expect(pongs).toHaveLength(1);
  });

  test('a first connect that fails is over, as with a native WebSocket', async () => {
    const pair = new Pair();
    pair.world.network.refuse();
    const { socket, told } = pair.open();
    await pair.world.clock.advance(60_000);
    expect(told).toEqual(['error', 'close 1006  false']);
    expect([socket.readyState, pair.world.network.connections.length]).toEqual([3, 1]);
  });

  test('from the welcome on a connect survives cuts', async () => {
    const pair = new Pair();
    const { told } = pair.open();
    // The handshake takes 20 ms, hello and welcome as long.
    await pair.world.clock.advance(45);
    pair.world.network.cut();
    await pair.world.clock.advance(5_000);
    expect([told, pair.served.length]).toEqual([['open'], 1]);
  });
});

describe('bounds', () => {
  test('past maxBufferedBytes of the client: error and 1006, and the server hears of it', async () => {
    const pair = new Pair();
    const { socket, told } = await pair.opened({ maxBufferedBytes: 1_000 });
    pair.world.network.blackHole();
    socket.send('x'.repeat(900));
    expect([socket.bufferedAmount, socket.readyState]).toEqual([900, 1]);
    socket.send('x'.repeat(101));
    expect(socket.bufferedAmount).toBe(1_001);
    await pair.world.clock.advance(10);
    expect(told).toEqual(['open', 'error', 'close 1006  false']);
  });

  test('past maxBufferedBytes of the server: 1006 there, and here when it is back', async () => {
    const { pair, told, served, toldServer } = await anOpenPair({ maxBufferedBytes: 4_000 });
    pair.world.network.blackHole();
    const errors: (Error | undefined)[] = [];
    for (let count = 0; count < 3; count += 1) served.send('x'.repeat(1_000), (error) => errors.push(error));
    await pair.world.clock.advance(10);
    expect(toldServer).toEqual(['close 1006 ']);
    expect(errors.filter((error) => error instanceof Error).length).toBeGreaterThan(0);
    pair.world.network.heal();
    await pair.world.clock.advance(30_000);
    expect(told.slice(1).filter((line) => !line.startsWith('message'))).toEqual(['close 1006  false']);
  });

  test('a message above maxPayload ends with 1009, before it leaves', async () => {
    const { pair, socket, told, toldServer } = await anOpenPair({ maxPayload: 1_000 });
    socket.send('x'.repeat(999));
    await pair.world.clock.advance(100);
    expect([told, toldServer]).toEqual([['open', 'error', 'close 1009  false'], ['close 1006 ']]);
  });

  test('bufferedAmount falls only by what leaves the page', async () => {
    const { pair, socket } = await anOpenPair();
    pair.world.network.blackHole('up');
    socket.send('x'.repeat(100));
    await pair.world.clock.advance(100);
    expect(socket.bufferedAmount).toBe(100);
    pair.world.network.cut();
    await pair.world.clock.advance(100);
    expect(socket.bufferedAmount).toBe(100);
    socket.send('y'.repeat(11));
    expect(socket.bufferedAmount).toBe(111);
    pair.world.network.heal();
    await pair.world.clock.advance(20_000);
    expect(socket.bufferedAmount).toBe(0);
    socket.close();
    socket.send('z');
    expect(socket.bufferedAmount).toBe(1);
  });

  test('a paused connection tells nothing, loses nothing and does not keep its client from coming back', async () => {
    const { pair, socket, served, toldServer } = await anOpenPair({ maxBufferedBytes: 10_000 });
    served.pause();
    socket.send('one');
    await pair.world.clock.advance(100);
    pair.world.network.cut();
    socket.send('two');
    socket.close(4000);
    await pair.world.clock.advance(10_000);
    expect([toldServer, served.isPaused]).toEqual([[], true]);
    served.resume();
    await pair.world.clock.advance(1_000);
    expect(toldServer).toEqual(['message one', 'message two', 'close 4000 ']);
  });
});
