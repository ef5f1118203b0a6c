import { closeControl } from '@holdfast/core/protocol';
import { once } from 'node:events';
import { createServer, request, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { WebSocket as Plain } from 'ws';
import { Forbidden } from '../session/errors.ts';
import { SessionClient } from './session-client.fixture.ts';
import type { VerifyInfo, WebSocket, WebSocketServerOptions } from './types.ts';
import { WebSocketServer } from './web-socket-server.ts';

const ends: (() => unknown)[] = [];

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function start(options: Partial<WebSocketServerOptions> = {}): Promise<{ server: WebSocketServer; url: string }> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', ...options });
  await once(server, 'listening');
  ends.push(() => stop(server));
  return { server, url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}/live` };
}

function stop(server: WebSocketServer): Promise<void> {
  for (const client of server.clients ?? []) client.terminate();
  return new Promise((resolve) => {
    server.close(() => resolve());
  });
}

async function connected(server: WebSocketServer): Promise<{ socket: WebSocket; upgrade: IncomingMessage }> {
  const [socket, upgrade] = await once(server, 'connection');
  return { socket: socket as WebSocket, upgrade: upgrade as IncomingMessage };
}

async function aSession(
  options: Partial<WebSocketServerOptions> = {},
  path = '',
): Promise<{
  server: WebSocketServer;
  client: SessionClient;
  socket: WebSocket;
  upgrade: IncomingMessage;
  url: string;
  welcome: Awaited<ReturnType<SessionClient['hello']>>;
}> {
  const { server, url } = await start(options);
  const client = new SessionClient(url + path);
  const [found, welcome] = await Promise.all([
    connected(server),
    client.hello().then(async (answer) => {
      await client.open('chat');
      return answer;
    }),
  ]);
  return { server, client, url, welcome, ...found };
}

/** Refused at the upgrade, with this status. */
async function refusal(socket: Plain): Promise<number | undefined> {
  const [, response] = (await once(socket, 'unexpected-response')) as [unknown, IncomingMessage];
  socket.on('error', () => {});
  socket.terminate();
  return response.statusCode;
}

describe('WebSocketServer', () => {
  test('serves sessions and plain connections side by side', async () => {
    const { server, url, socket, upgrade } = await aSession();
    expect([upgrade.url, socket.protocol, socket.readyState]).toEqual(['/live', 'chat', 1]);
    const native = new Plain(url, ['chat']);
    const { socket: plain } = await connected(server);
    await once(native, 'open');
    expect([server.clients?.size, plain.protocol]).toEqual([2, 'chat']);
    plain.on('message', (data, isBinary) => plain.send(data as Buffer, { binary: isBinary }));
    native.send('hello');
    const [echo] = (await once(native, 'message')) as [Buffer];
    expect(echo.toString()).toBe('hello');
    native.close(4000);
    await once(plain, 'close');
    expect(server.clients).toEqual(new Set([socket]));
  });

  test('hands messages on as ws does, and acknowledges them behind the event', async () => {
    const { client, socket } = await aSession();
    const heard: unknown[] = [];
    socket.on('message', (data, isBinary) => heard.push([(data as Buffer).toString(), isBinary]));
    socket.addEventListener('message', ({ data, target, type }) => heard.push([data, target === socket, type]));
    socket.onmessage = ({ data }) => heard.push(data);
    client.payload(2, 'one');
    expect(await client.next('a')).toEqual(['a', 0, 2]);
    expect(heard).toEqual([['one', false], ['one', true, 'message'], 'one']);
    socket.onmessage = null;
    expect(socket.onmessage).toBe(null);
    client.payload(3, 'two');
    await client.next('a');
    expect(heard).toHaveLength(5);
  });

  test('removeEventListener, once and handleEvent', async () => {
    const { client, socket } = await aSession();
    const heard: string[] = [];
    const listener = (): void => void heard.push('removed');
    socket.addEventListener('message', listener);
    socket.addEventListener('message', listener);
    socket.removeEventListener('message', listener);
    socket.addEventListener('message', { handleEvent: () => heard.push('once') }, { once: true });
    for (const seq of [2, 3]) {
      client.payload(seq, 'text');
      await client.next('a');
    }
    expect(heard).toEqual(['once']);
  });

  test('send tells when a message has left, bufferedAmount falls with it, and an end is an error', async () => {
    const { client, socket } = await aSession();
    await new Promise<void>((resolve, reject) => {
      socket.send('text', (error) => (error ? reject(error) : resolve()));
      expect(socket.bufferedAmount).toBe(4);
    });
    expect(socket.bufferedAmount).toBe(0);
    expect((await client.next('m'))[2]).toBe('text');
    client.socket.terminate();
    await once(client.socket, 'close');
    const error = await new Promise<Error | undefined>((resolve) => {
      socket.send('never', resolve);
      socket.terminate();
    });
    expect(error?.message).toBe('the session ended before this was sent');
    const late = await new Promise<Error | undefined>((resolve) => socket.send('late', {}, resolve));
    expect(late?.message).toBe('WebSocket is not open: readyState 3 (CLOSED)');
    expect(socket.bufferedAmount).toBe(9);
  });

  test('a session goes on over another socket, with no event of it', async () => {
    const { server, client, socket, url, welcome } = await aSession();
    let connections = 0;
    server.on('connection', () => (connections += 1));
    const told: string[] = [];
    for (const type of ['close', 'error', 'message'] as const) socket.on(type, () => told.push(type));
    client.socket.terminate();
    await once(client.socket, 'close');
    socket.send('while away');
    const next = new SessionClient(url, {}, client.id);
    expect((await next.hello(undefined, welcome)).resumed).toBe(true);
    // The answer to the opening was never confirmed.
    expect((await next.next('m'))[1]).toBe(1);
    expect((await next.next('m'))[2]).toBe('while away');
    expect([connections, told, socket.readyState, server.clients?.size]).toEqual([0, [], 1, 1]);
  });

  test('a session is nobody else’s: neither another path nor another identity takes it', async () => {
    const authenticate = ({
      token,
      request: upgrade,
    }: {
      token: string | undefined;
      request: IncomingMessage;
    }): string => {
      if (token === 'forbidden' || upgrade.headers['x-user'] === undefined) throw new Forbidden('no');
      return upgrade.headers['x-user'] as string;
    };
    const { server, url } = await start({ authenticate });
    const mine = new SessionClient(url, { 'x-user': 'ada' });
    const welcome = await mine.hello();
    await mine.open();
    const others = [
      [url, { 'x-user': 'eve' }],
      [url, {}],
      [`${url}/other`, { 'x-user': 'ada' }],
    ] as const;
    for (const [where, headers] of others) {
      const other = new SessionClient(where, headers, mine.id);
      void other.hello(undefined, welcome);
      expect((await once(other.socket, 'close'))[0]).toBe(4403);
    }
    const again = new SessionClient(`${url}?token=new`, { 'x-user': 'ada' }, mine.id);
    expect((await again.hello(undefined, welcome)).resumed).toBe(true);
    expect(server.clients?.size).toBe(1);
  });

  test('verifyClient is asked at every upgrade, in both forms', async () => {
    let isAllowed = true;
    const asked: string[] = [];
    const { url } = await start({
      verifyClient: ({ req }: VerifyInfo) => {
        asked.push(String(req.headers['sec-websocket-protocol']));
        return isAllowed;
      },
    });
    const client = new SessionClient(url);
    const welcome = await client.hello();
    isAllowed = false;
    expect(await refusal(new SessionClient(url).socket)).toBe(401);
    expect(await refusal(new Plain(url))).toBe(401);
    expect([asked, welcome.resumed]).toEqual([['holdfast.v1', 'holdfast.v1', 'undefined'], false]);

    const { url: other } = await start({ verifyClient: (_info, done) => done(false, 403, 'no') });
    expect(await refusal(new SessionClient(other).socket)).toBe(403);
  });

  test('handleProtocols is asked once, with the first request', async () => {
    const asked: unknown[] = [];
    const { url } = await start({
      handleProtocols: (protocols, { headers }) => {
        asked.push([[...protocols], headers['x-first']]);
        return 'two';
      },
    });
    const client = new SessionClient(url, { 'x-first': 'yes' });
    await client.hello();
    expect(await client.open('one', 'two')).toMatchObject({ opened: { protocol: 'two', goneAfterMs: 140_000 } });
    expect(asked).toEqual([[['one', 'two'], 'yes']]);
  });

  test('path, shouldHandle and noServer decide who is upgraded', async () => {
    const http = createServer();
    const server = new WebSocketServer({ noServer: true, path: '/live' });
    http.on('upgrade', (incoming, socket, head) =>
      server.handleUpgrade(incoming, socket, head, (webSocket, from) => server.emit('connection', webSocket, from)),
    );
    await once(http.listen(0, '127.0.0.1'), 'listening');
    ends.push(
      () => http.close(),
      () => stop(server),
    );
    const url = `ws://127.0.0.1:${(http.address() as AddressInfo).port}`;
    expect(() => server.address()).toThrow('noServer');
    expect(await refusal(new SessionClient(`${url}/other`).socket)).toBe(400);
    const client = new SessionClient(`${url}/live?room=1`);
    await client.hello();
    const [{ upgrade }] = await Promise.all([connected(server), client.open()]);
    expect(upgrade.url).toBe('/live?room=1');
    server.shouldHandle = () => false;
    expect(await refusal(new SessionClient(`${url}/live`).socket)).toBe(400);
  });

  test('tells of headers and of clients that speak no WebSocket', async () => {
    const { server, url } = await start();
    const told: string[] = [];
    server.on('headers', (headers) => told.push(headers[0] ?? ''));
    server.on('wsClientError', (error, socket) => {
      told.push(error.message);
      socket.destroy();
    });
    await new SessionClient(url).hello();
    const bad = request(url.replace('ws:', 'http:'), {
      headers: { connection: 'upgrade', upgrade: 'websocket', 'sec-websocket-protocol': 'holdfast.v1' },
    });
    bad.end();
    await once(bad, 'error');
    expect(told).toEqual(['HTTP/1.1 101 Switching Protocols', 'Missing or invalid Sec-WebSocket-Key header']);
  });

  test('a client that is no library is put out', async () => {
    const { url } = await start();
    for (const payload of [{ open: { protocols: ['no token'] } }, 'text before the opening', null, { close: {} }]) {
      const client = new SessionClient(url);
      await client.hello();
      client.payload(1, payload);
      expect((await once(client.socket, 'close'))[0]).toBe(1008);
    }
  });

  test('a listener that throws is an uncaught exception, as with ws, and the message is not told twice', async () => {
    const { client, socket } = await aSession();
    let told = 0;
    socket.on('message', () => {
      told += 1;
      throw new Error('mine');
    });
    const listeners = process.listeners('uncaughtException');
    process.removeAllListeners('uncaughtException');
    const caught = once(process, 'uncaughtException');
    client.payload(2, 'text');
    const [error] = (await caught) as [Error];
    for (const listener of listeners) process.on('uncaughtException', listener);
    await client.next('a');
    expect([error.message, told]).toEqual(['mine', 1]);
  });

  test('so is what a listener of connection throws, or handleProtocols', async () => {
    const { server, url } = await start({
      handleProtocols: () => {
        throw new Error('of handleProtocols');
      },
    });
    server.on('connection', () => {
      throw new Error('of connection');
    });
    const listeners = process.listeners('uncaughtException');
    process.removeAllListeners('uncaughtException');
    const caught: string[] = [];
    process.on('uncaughtException', ({ message }) => caught.push(message));
    const client = new SessionClient(url);
    await client.hello();
    expect(await client.open('chat')).toMatchObject({ opened: { protocol: '' } });
    await expect.poll(() => caught).toEqual(['of handleProtocols', 'of connection']);
    process.removeAllListeners('uncaughtException');
    for (const listener of listeners) process.on('uncaughtException', listener);
    expect(server.clients?.size).toBe(1);
  });

  test('checks close as ws does', async () => {
    const { socket } = await aSession();
    expect(() => socket.close(1005)).toThrow(TypeError);
    expect(() => socket.close(1000, 'x'.repeat(124))).toThrow(RangeError);
    expect(() => socket.send('text', { fin: false })).toThrow(TypeError);
  });

  test('close: ends who is away, waits for who is there, and takes nobody', async () => {
    const { server, client, socket, url } = await aSession();
    const away = new SessionClient(url);
    await away.hello();
    const [{ socket: gone }] = await Promise.all([connected(server), away.open()]);
    away.socket.terminate();
    await once(away.socket, 'close');
    const closed = new Promise<void>((resolve) => {
      server.close(() => resolve());
    });
    await once(gone, 'close');
    expect([server.clients?.size, socket.readyState, server.address()]).toEqual([1, 1, null]);
    await expect(once(new SessionClient(url).socket, 'open')).rejects.toThrow('ECONNREFUSED');
    const ended = once(socket, 'close');
    client.payload(2, closeControl(4001, 'bye'));
    expect((await ended).map(String)).toEqual(['4001', 'bye']);
    expect((await client.next('m'))[2]).toEqual(closeControl(4001, 'bye'));
    client.socket.close(1000);
    await closed;
    await expect(new Promise<unknown>((resolve) => server.close(resolve))).resolves.toBeInstanceOf(Error);
  });

  test.each([
    [{}, 'One and only one'],
    [{ port: 0, noServer: true }, 'One and only one'],
    [{ port: 0, maxPayload: -1 }, 'option maxPayload must be a whole number from 0'],
    [{ port: 0, sessionTtlMs: 0 }, 'option sessionTtlMs must be a whole number from 1'],
    [{ port: 0, heartbeat: { intervalMs: 1.5 } }, 'option heartbeat.intervalMs'],
    [{ port: 0, authenticate: 'me' }, 'option authenticate must be a function, not a string of 2'],
  ])('refuses the options %j', (options, words) => {
    expect(() => new WebSocketServer(options as WebSocketServerOptions)).toThrow(words);
  });
});
