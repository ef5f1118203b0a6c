import { once } from 'node:events';
import { createServer as createHttpServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  decodeServerMessage,
  encode,
  joinBinary,
  messageFrame,
  type BinaryFrame,
  type Json,
} from '@holdfast/core/protocol';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import { createServer } from './server.ts';
import type { AuthenticateRequest, EventRecord } from './session/app.ts';
import type { HoldfastServer, ServerOptions } from './types.ts';

const ends: (() => unknown)[] = [];

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

interface Running {
  readonly http: Server;
  readonly server: HoldfastServer;
  readonly url: string;
  readonly port: number;
  readonly detach: () => void;
}

async function start(
  options: Partial<ServerOptions> = {},
  path?: string,
  quiet: Partial<ServerOptions> = { onEvent: () => {} },
): Promise<Running> {
  const http = createHttpServer();
  const server = createServer({ onMessage: () => {}, ...quiet, ...options });
  const detach = server.attach(http, path === undefined ? {} : { path });
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  const { port } = http.address() as AddressInfo;
  ends.push(
    () => new Promise((resolve) => http.close(resolve)),
    () => server.close({ graceMs: 0 }),
  );
  return { http, server, port, detach, url: `ws://127.0.0.1:${port}${path ?? '/'}` };
}

/** A client that hears what comes. */
class Client {
  readonly socket: WebSocket;
  readonly #frames: Json[][] = [];
  #wake = (): void => {};

  constructor(
    url: string,
    options: { origin?: string; protocol?: string | string[]; headers?: { [name: string]: string } } = {},
  ) {
    this.socket = new WebSocket(url, options.protocol ?? 'holdfast.v1', {
      ...(options.origin !== undefined && { origin: options.origin }),
      ...(options.headers !== undefined && { headers: options.headers }),
    });
    this.socket.on('message', (data: Buffer) => {
      for (const line of data.toString().split('\n')) this.#frames.push(JSON.parse(line) as Json[]);
      this.#wake();
    });
    this.socket.on('error', () => {});
    ends.push(() => this.socket.terminate());
  }

  async open(): Promise<this> {
    await once(this.socket, 'open');
    return this;
  }

  async hello(fields: object = {}): Promise<Json[]> {
    this.socket.send(JSON.stringify(['hello', { v: 1, client: 'c', n: 1, producers: [['p', 1, 1, 0]], ...fields }]));
    return this.next('welcome');
  }

  /** The next frame of a kind; others are passed over. */
  async next(kind: string): Promise<Json[]> {
    for (;;) {
      for (let frame = this.#frames.shift(); frame !== undefined; frame = this.#frames.shift()) {
        if (frame[0] === kind) return frame;
      }
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  async closed(): Promise<number> {
    const [code] = (await once(this.socket, 'close')) as [number];
    return code;
  }
}

/** The HTTP status that answers an upgrade. */
async function upgradeStatus(port: number, headers: Record<string, string> = {}, path = '/'): Promise<number> {
  const asked = request({
    port,
    host: '127.0.0.1',
    path,
    headers: {
      connection: 'Upgrade',
      upgrade: 'websocket',
      'sec-websocket-version': '13',
      'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
      'sec-websocket-protocol': 'holdfast.v1',
      ...headers,
    },
  });
  asked.end();
  return new Promise((resolve, reject) => {
    asked.on('upgrade', (response, socket) => {
      socket.destroy();
      resolve(response.statusCode ?? 0);
    });
    asked.on('response', (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    asked.on('error', reject);
  });
}

describe('upgrade', () => {
  test('bytes are taken and answered over a real socket, as a Uint8Array that is no Buffer', async () => {
    const heard: unknown[] = [];
    const { url } = await start({
      onMessage: ({ data }, session) => {
        heard.push(data);
        session.send(data);
      },
    });
    const client = await new Client(url).open();
    await client.hello();
    client.socket.removeAllListeners('message');
    const answer = once(client.socket, 'message');
    const payload = new Uint8Array(100_000).fill(7);
    client.socket.send(joinBinary([messageFrame(payload, 0, 1) as BinaryFrame]));
    const [data, isBinary] = (await answer) as [Buffer, boolean];
    expect(Object.getPrototypeOf(heard[0])).toBe(Uint8Array.prototype);
    expect(heard).toEqual([payload]);
    expect(isBinary).toBe(true);
    expect(decodeServerMessage(data)).toEqual({ ok: true, frames: [{ kind: 'm', offset: 1, payload }] });
  });

  test('a message is taken, acknowledged and answered over a real socket', async () => {
    const { url, server } = await start({
      onMessage: (message, session) => void session.send({ echo: message.data as string }),
      authenticate: ({ token, remoteAddress }) => `${token} at ${remoteAddress}`,
    });
    const client = await new Client(url).open();
    expect(client.socket.protocol).toBe('holdfast.v1');
    expect(client.socket.extensions).toBe('');
    await client.hello({ auth: 'me' });
    client.socket.send(encode.message(0, 1, '"ä\u2028"'));
    expect(await client.next('m')).toEqual(['m', 1, { echo: 'ä\u2028' }]);
    expect(await client.next('a')).toEqual(['a', 0, 1]);
    expect([...server.sessions.values()].map(({ identity }) => identity)).toEqual(['me at 127.0.0.1']);
  });

  test('authenticate sees the upgrade: its query, its headers, and a token that was offered as a subprotocol', async () => {
    const asked: AuthenticateRequest[] = [];
    const { url } = await start({ authenticate: (request) => `user ${asked.push(request)}` });
    const protocol = ['holdfast.v1', 'holdfast.auth.a%20b%28c%29'];
    const client = await new Client(`${url}?ticket=7`, { protocol, headers: { cookie: 'sid=1' } }).open();
    expect(client.socket.protocol).toBe('holdfast.v1');
    await client.hello();
    expect(asked).toMatchObject([{ token: 'a b(c)', url: '/?ticket=7', headers: { cookie: 'sid=1' } }]);
    // A fresh one comes on the connection.
    client.socket.send(encode.auth('fresh'));
    await vi.waitFor(() => expect(asked[1]?.token).toBe('fresh'));
    const strange = await new Client(url, { protocol: ['holdfast.v1', 'holdfast.auth.%E0%A4%A'] }).open();
    await strange.hello({ client: 'd' });
    expect(asked[2]?.token).toBeUndefined();
  });

  test.each([
    ['no browser', {}, 101],
    ['a page of the same host', { origin: 'http://HOST' }, 101],
    ['a page of another host', { origin: 'https://evil.example' }, 403],
    ['a page of another port', { origin: 'http://127.0.0.1:1' }, 403],
    ['a page without an origin', { origin: 'null' }, 403],
    ['no subprotocol', { 'sec-websocket-protocol': '' }, 400],
    ['another subprotocol', { 'sec-websocket-protocol': 'chat, holdfast.v2' }, 400],
    ['one of several subprotocols', { 'sec-websocket-protocol': 'chat, holdfast.v1' }, 101],
  ])('%s gets %o: %i', async (_name, headers, status) => {
    const { port } = await start();
    const named = Object.entries(headers).map(([key, value]) => [key, value.replace('HOST', `127.0.0.1:${port}`)]);
    expect(await upgradeStatus(port, Object.fromEntries(named) as Record<string, string>)).toBe(status);
  });

  test('the app says which origins may connect', async () => {
    const page = { origin: 'https://app.example' };
    for (const [allowedOrigins, status] of [
      ['*', 101],
      [['https://app.example'], 101],
      [['https://other.example'], 403],
      [(origin: string | undefined) => origin === 'https://app.example', 101],
      [() => false, 403],
      [
        () => {
          throw new Error('app fault');
        },
        403,
      ],
    ] as const) {
      const { port } = await start({ allowedOrigins });
      expect(await upgradeStatus(port, page)).toBe(status);
    }
  });

  test('a promise is no yes', async () => {
    const { port } = await start({ allowedOrigins: (() => Promise.resolve(false)) as unknown as () => boolean });
    expect(await upgradeStatus(port, { origin: 'https://evil.example' })).toBe(403);
  });

  test('a refused upgrade is reported, as a browser tells its page nothing', async () => {
    const records: EventRecord[] = [];
    const { port } = await start({ onEvent: (record) => void records.push(record) });
    await upgradeStatus(port, { origin: 'https://evil.example' });
    expect(records).toMatchObject([
      { name: 'limit.reached', details: { limit: 'allowedOrigins', times: 1 } },
      { name: 'upgrade.refused', level: 'warn', details: { status: 403, origin: 'https://evil.example' } },
    ]);
  });

  test('without onEvent the console says what went wrong, and nothing of what was thrown', async () => {
    const lines: string[] = [];
    vi.spyOn(console, 'warn').mockImplementation((line: string) => void lines.push(line));
    const options: Partial<ServerOptions> = {
      limits: { handlerRetries: 0 },
      onMessage: (message) => {
        throw new TypeError(`cannot take ${JSON.stringify(message.data)}`);
      },
    };
    const { port, url } = await start(options, '/', {});
    await upgradeStatus(port, { origin: 'https://evil.example' });
    const client = await new Client(url).open();
    await client.hello();
    client.socket.send(encode.message(0, 1, '"hunter2"'));
    await client.next('a');
    vi.restoreAllMocks();
    expect(lines).toHaveLength(2);
    expect(lines[0]).toContain('upgrade.refused Pages of this origin may not connect');
    expect(lines[0]).toContain('https://evil.example');
    expect(lines[1]).toMatch(/handler\.failed TypeError .*\n {4}at .*server\.test\.ts/);
    expect(lines.join('')).not.toContain('hunter2');
  });

  test('the address of a client is what the app says, where it says one', async () => {
    const asked: unknown[] = [];
    const records: EventRecord[] = [];
    const { url } = await start({
      authenticate: ({ remoteAddress }) => `user ${asked.push(remoteAddress)}`,
      clientAddress: ({ headers }) => {
        if (headers['x-real-ip'] === 'throw') throw new Error('no');
        return headers['x-real-ip'] as string | undefined;
      },
      onEvent: (record) => void records.push(record),
    });
    for (const [index, header] of ['203.0.113.9', 'throw', undefined].entries()) {
      const headers = header === undefined ? {} : { 'x-real-ip': header };
      await (await new Client(url, { headers }).open()).hello({ client: `c${index}` });
    }
    expect(asked).toEqual(['203.0.113.9', '127.0.0.1', '127.0.0.1']);
    expect(records.filter(({ name }) => name === 'listener.failed').map(({ details }) => details)).toEqual([
      { option: 'clientAddress' },
    ]);
  });

  test('compression is off, and where it is on nothing may grow beyond what could come uncompressed', async () => {
    const off = await start();
    expect((await new Client(off.url).open()).socket.extensions).toBe('');
    const { url, server } = await start({ compression: { thresholdBytes: 0 }, limits: { messageBytes: 1_000 } });
    const client = await new Client(url).open();
    expect(client.socket.extensions).toContain('permessage-deflate');
    await client.hello();
    client.socket.send(encode.message(0, 1, JSON.stringify('x'.repeat(900))));
    expect(await client.next('a')).toEqual(['a', 0, 1]);
    const bomb = await new Client(url).open();
    await bomb.hello({ client: 'bomb' });
    // 50 MB of one character are 50 kB on the wire.
    bomb.socket.send(encode.message(0, 1, JSON.stringify('x'.repeat(50_000_000))));
    expect(await bomb.closed()).toBe(1009);
    expect(server.metrics().limits.messageBytes).toBe(1);
  });

  test('an async onSession that rejects is reported and hurts nobody', async () => {
    const records: EventRecord[] = [];
    const running = await start({
      onSession: () => Promise.reject(new Error('no database')),
      onEvent: (record) => {
        records.push(record);
        return Promise.reject(new Error('no log')) as unknown as undefined;
      },
    });
    const client = await new Client(running.url).open();
    await client.hello();
    await vi.waitFor(() => expect(records.map(({ name }) => name)).toContain('listener.failed'));
  });

  test('a client that closes for good ends its session', async () => {
    const running = await start();
    const client = await new Client(running.url).open();
    await client.hello();
    expect(running.server.sessions.size).toBe(1);
    client.socket.close(1000);
    await vi.waitFor(() => expect(running.server.sessions.size).toBe(0));
  });

  test('other paths are left to other listeners; without any they get 404', async () => {
    const { http, port, detach } = await start({}, '/live');
    expect(await upgradeStatus(port, {}, '/live?token=1')).toBe(101);
    expect(await upgradeStatus(port, {}, '/other')).toBe(404);
    const others: string[] = [];
    http.on('upgrade', (asked, socket) => {
      if (asked.url !== '/other') return;
      others.push(asked.url);
      socket.end('HTTP/1.1 418 \r\n\r\n');
    });
    expect(await upgradeStatus(port, {}, '/other')).toBe(418);
    expect(others).toEqual(['/other']);
    detach();
    expect(http.listenerCount('upgrade')).toBe(1);
  });

  test('one HTTP server may carry several: each path has its own, and any other gets 404', async () => {
    const { http, port, server, detach } = await start({}, '/one');
    server.attach(http, { path: '/two' });
    const other = createServer({ onMessage: () => {} });
    ends.push(() => other.close());
    other.attach(http, { path: '/three' });
    const asked = ['/one', '/two', '/three', '/four'];
    const answers = (): Promise<number[]> => Promise.all(asked.map((path) => upgradeStatus(port, {}, path)));
    expect(await answers()).toEqual([101, 101, 101, 404]);
    detach();
    expect(await answers()).toEqual([404, 101, 101, 404]);
  });
});

describe('a plain request', () => {
  const statusOf = async (port: number, path: string): Promise<number> =>
    (await fetch(`http://127.0.0.1:${port}${path}`)).status;

  test('is told that this is no page, by one of several, where nobody else answers', async () => {
    const { port, http, server, detach } = await start({}, '/one');
    server.attach(http, { path: '/two' });
    expect([await statusOf(port, '/one'), await statusOf(port, '/two'), await statusOf(port, '/')]).toEqual([
      426, 426, 404,
    ]);
    detach();
    expect([await statusOf(port, '/one'), await statusOf(port, '/two')]).toEqual([404, 426]);
  });

  test('is left to an app that answers, and nothing is left when the server has closed', async () => {
    const { port, http, server } = await start({}, '/one');
    const answer = (_request: unknown, response: { end(text: string): void }): void => response.end('mine');
    http.on('request', answer);
    expect(await statusOf(port, '/one')).toBe(200);
    http.off('request', answer);
    await server.close();
    expect(http.listenerCount('request')).toBe(0);
  });
});

describe('herd and drain', () => {
  test('a connection too many is told its place by its close, and let in with it', async () => {
    const { url } = await start({ admission: { perSecond: 20, burst: 1 } });
    await (await new Client(url).open()).hello();
    const refused = new Client(url);
    const [code, reason] = (await once(refused.socket, 'close')) as [number, Buffer];
    expect(code).toBe(1013);
    const [, ms, slot] = /^busy; retry-after-ms=(\d+); slot=([\w-]{1,64})$/.exec(reason.toString()) ?? [];
    expect(Number(ms)).toBeGreaterThan(0);
    expect(Number(ms)).toBeLessThanOrEqual(50);
    const again = await new Client(url, { protocol: ['holdfast.v1', `holdfast.slot.${slot}`] }).open();
    expect(again.socket.protocol).toBe('holdfast.v1');
    expect(await again.hello({ client: 'other' })).toMatchObject(['welcome', { resumed: false }]);
  });

  test('a client that is asked to move resumes on its next socket, and the drain is over', async () => {
    const { url, server } = await start();
    const old = await new Client(url).open();
    const [, welcome] = (await old.hello()) as [string, { session: string; key: string; epoch: string }];
    const drained = server.drain({ withinMs: 60_000 });
    expect(await old.next('drain')).toEqual(['drain', { within: 60_000 }]);
    const closed = old.closed();
    const next = await new Client(url).open();
    const { session, key, epoch } = welcome;
    const resumed = await next.hello({ n: 2, session, key, epoch, received: 0 });
    expect(resumed).toMatchObject(['welcome', { resumed: true, session }]);
    await drained;
    expect(await closed).toBe(4409);
  });
});

describe('what a client may not send', () => {
  test('bytes that are no frame: 1002', async () => {
    const { url } = await start();
    const client = await new Client(url).open();
    client.socket.send(Buffer.from([1, 2, 3]));
    expect(await client.closed()).toBe(1002);
  });

  test('a payload above the limit: 1009, said before; far above it: 1009 at once', async () => {
    const { url } = await start({ limits: { messageBytes: 1_000 } });
    const client = await new Client(url).open();
    await client.hello();
    client.socket.send(encode.message(0, 1, JSON.stringify('x'.repeat(1_000))));
    expect(await client.next('error')).toMatchObject(['error', { code: 'MESSAGE_TOO_LARGE' }]);
    expect(await client.closed()).toBe(1009);
    const bigger = await new Client(url).open();
    bigger.socket.send('x'.repeat(100_000));
    expect(await bigger.closed()).toBe(1009);
  });

  test('a payload of exactly the limit is taken', async () => {
    const { url } = await start({ limits: { messageBytes: 200_000, window: { messages: 2, bytes: 1_000 } } });
    const client = await new Client(url).open();
    await client.hello();
    client.socket.send(encode.message(0, 1, JSON.stringify('x'.repeat(199_998))));
    expect(await client.next('a')).toEqual(['a', 0, 1]);
  });

  test('nothing at all: 4408', async () => {
    const { url } = await start({ limits: { helloTimeoutMs: 20 } });
    expect(await (await new Client(url).open()).closed()).toBe(4408);
  });
});

describe('close', () => {
  test('lets a running handler end, closes with 1012, answers upgrades with 503, and leaves nothing', async () => {
    let finish = (): void => {};
    let begun = (): void => {};
    const isBegun = new Promise<void>((resolve) => (begun = resolve));
    const running = await start({
      onMessage: () => {
        begun();
        return new Promise((resolve) => (finish = resolve));
      },
    });
    const client = await new Client(running.url).open();
    await client.hello();
    client.socket.send(encode.message(0, 1, '1'));
    await isBegun;
    const closed = running.server.close();
    const code = client.closed();
    expect(await upgradeStatus(running.port)).toBe(503);
    finish();
    expect(await client.next('a')).toEqual(['a', 0, 1]);
    expect(await code).toBe(1012);
    await closed;
    expect(running.http.listenerCount('upgrade')).toBe(0);
    expect(running.server.sessions.size).toBe(0);
    await running.server.close();
    await new Promise((resolve) => running.http.close(resolve));
    expect(process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap')).toEqual([]);
  });

  test('drops a client that does not answer', async () => {
    const running = await start({ limits: { closeTimeoutMs: 20 } });
    const client = await new Client(running.url).open();
    await client.hello();
    client.socket.pause();
    await running.server.close();
    client.socket.resume();
    expect(running.server.sessions.size).toBe(0);
  });
});
