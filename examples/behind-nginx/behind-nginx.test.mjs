import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { browserEnvironment, createSocket, holdfast } from '@holdfast/core';
import { open } from 'lmdb';
import { afterEach, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { findNginx } from '../../scripts/find-nginx.mjs';
import { freePort } from '../../scripts/free-port.mjs';

// holdfast.conf with a real nginx in front of two processes, on loopback.

const nginx = findNginx().path;
const here = fileURLToPath(new URL('.', import.meta.url));
/** @type {(() => unknown)[]} */
const cleanUps = [];

afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

describe.skipIf(nginx === undefined)('two processes behind nginx', { timeout: 60_000 }, () => {
  test('only pages of the same host are let in', async () => {
    const site = await start();
    const upgrade = async (/** @type {string} */ origin) => {
      const socket = new WebSocket(`ws://127.0.0.1:${site.port}/socket`, ['holdfast.v1'], { origin });
      const [what] = await Promise.race([
        once(socket, 'open').then(() => ['open']),
        once(socket, 'unexpected-response').then(([, response]) => [response.statusCode]),
      ]);
      socket.terminate();
      return what;
    };
    expect(await upgrade(`http://127.0.0.1:${site.port}`)).toBe('open');
    expect(await upgrade('http://elsewhere.example')).toBe(403);
  });

  test('a client comes back to its process, by its cookie, from another address and through a reload of nginx', async () => {
    const site = await start();
    const clients = await Promise.all(Array.from({ length: 12 }, () => site.visitor()));
    await Promise.all(clients.map(({ socket }) => socket.whenOpen()));
    await expect.poll(() => clients.every(({ processes }) => processes.length === 1)).toBe(true);
    // Both have clients: all of them on one by chance is one time in two thousand.
    expect(new Set(clients.map(({ processes }) => processes[0])).size).toBe(2);

    for (const client of clients) client.address = '127.0.0.99';
    await site.reload();
    // worker_shutdown_timeout cuts what the old workers hold.
    await expect.poll(() => clients.every(({ opened }) => opened.length > 1), { timeout: 15_000 }).toBe(true);
    await Promise.all(clients.map(({ socket }) => socket.send('still here').delivered));
    for (const client of clients) {
      expect(client.opened.slice(1).every((resumed) => resumed)).toBe(true);
      expect(client.processes).toHaveLength(1);
      expect(client.gaps).toEqual([]);
    }
  });

  test('without a cookie the address decides', async () => {
    const site = await start();
    const client = site.client('127.0.0.7');
    await client.socket.whenOpen();
    for (let time = 1; time <= 3; time += 1) {
      client.socket.reconnect();
      await expect.poll(() => client.opened.length).toBe(time + 1);
    }
    expect(client.opened).toEqual([false, true, true, true]);
  });

  test('when a process is killed its clients go on with the other one, and each message is there once', async () => {
    const site = await start();
    const client = await site.visitor();
    const receipts = Array.from({ length: 500 }, (_, index) => client.socket.send(index + 1));
    await receipts[99]?.delivered;
    await site.kill(client.processes[0] ?? 0);
    await Promise.all(receipts.map(({ delivered }) => delivered));
    expect(site.orders()).toEqual(Array.from({ length: 500 }, (_, index) => index + 1));
    // All may have come before the end: the move is heard of when it is over.
    await expect.poll(() => client.processes.length).toBe(2);
    expect(client.gaps).toHaveLength(1);
  });

  test('a rolling restart: out of the upstream, reload, SIGTERM', async () => {
    const site = await start();
    const client = await site.visitor();
    const sent = Array.from({ length: 300 }, (_, index) => client.socket.send(index + 1));
    await sent[0]?.delivered;
    const [first = 0] = client.processes;
    await site.reload(first);
    const code = site.stop(first);
    sent.push(...Array.from({ length: 200 }, (_, index) => client.socket.send(301 + index)));
    await Promise.all(sent.map(({ delivered }) => delivered));
    expect(await code).toBe(0);
    await expect.poll(() => client.processes.length).toBe(2);
    expect(site.orders()).toEqual(Array.from({ length: 500 }, (_, index) => index + 1));
  });

  test('pings keep a quiet connection open, for longer than nginx waits', async () => {
    const site = await start({ pingMs: 500, readTimeout: '2s' });
    const client = site.client('127.0.0.7');
    await client.socket.whenOpen();
    const other = await quietFor(client, 6_000);
    expect(other).toEqual([]);
  });

  test('pings that come less often than nginx waits do not: the connection is cut, and the session goes on', async () => {
    const site = await start({ pingMs: 60_000, readTimeout: '2s' });
    const client = site.client('127.0.0.7');
    await client.socket.whenOpen();
    expect(await quietFor(client, 6_000)).not.toEqual([]);
    expect(client.opened.slice(1).every((resumed) => resumed)).toBe(true);
  });
});

/**
 * The ends of a client's connections while nobody says anything.
 *
 * @param {{ socket: Pick<import('@holdfast/core').Socket, 'on'> }} client
 * @param {number} ms
 */
async function quietFor({ socket }, ms) {
  /** @type {number[]} */
  const ends = [];
  socket.on('close', ({ code }) => ends.push(code));
  await new Promise((resolve) => setTimeout(resolve, ms));
  return ends;
}

/** Two processes and nginx, with the ports and folders of this run. */
async function start({ pingMs = 15_000, readTimeout = '60s' } = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-nginx-'));
  // The workers of a root's nginx are somebody else.
  chmodSync(folder, 0o755);
  cleanUps.push(() => rmSync(folder, { recursive: true, force: true }));
  const data = join(folder, 'data');
  const servers = [await startServer(data, pingMs), await startServer(data, pingMs)];
  const port = await freePort();
  const page = join(folder, 'app');
  mkdirSync(page);
  writeFileSync(join(page, 'index.html'), '<!doctype html><title>app</title>');
  mkdirSync(join(folder, 'logs'));

  const configure = (/** @type {number | undefined} */ without) => {
    const [a, b] = servers.map((server) => `127.0.0.1:${server.port}${server.pid === without ? ' down' : ''}`);
    const site = readFileSync(join(here, 'holdfast.conf'), 'utf8')
      .replace('127.0.0.1:8081', String(a))
      .replace('127.0.0.1:8082', String(b))
      .replace('listen 80;', `listen 127.0.0.1:${port};`)
      .replace('/var/www/app', page)
      .replaceAll('_timeout 60s', `_timeout ${readTimeout}`);
    writeFileSync(join(folder, 'holdfast.conf'), site);
  };
  configure(undefined);
  const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((name) => `  ${name}_temp_path ${folder}/${name};`)
    .join('\n');
  writeFileSync(
    join(folder, 'nginx.conf'),
    `daemon off;\npid ${folder}/nginx.pid;\nworker_processes 2;\nworker_shutdown_timeout 1s;\nerror_log ${folder}/logs/error.log;\n` +
      `events {}\nhttp {\n  access_log off;\n${paths}\n  include ${folder}/holdfast.conf;\n}\n`,
  );
  const child = spawn(/** @type {string} */ (nginx), ['-p', folder, '-c', join(folder, 'nginx.conf')], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const exited = once(child, 'exit');
  cleanUps.push(async () => {
    child.kill('SIGTERM');
    await exited;
  });
  const url = `http://127.0.0.1:${port}/`;
  await expect
    .poll(
      () =>
        fetch(url).then(
          ({ status }) => status,
          () => 0,
        ),
      { timeout: 10_000 },
    )
    .toBe(200);

  const server = (/** @type {number} */ pid) => {
    const found = servers.find((each) => each.pid === pid);
    if (found === undefined) throw new Error(`no process ${pid}`);
    return found;
  };
  const client = (/** @type {string} */ address, cookie = '') => connect(port, address, cookie);
  return {
    port,
    client,
    /** Somebody who has opened the page, and has its cookie. */
    async visitor() {
      const response = await fetch(url);
      const made = client('127.0.0.8', (response.headers.get('set-cookie') ?? '').replace(/;.*/, ''));
      await made.socket.whenOpen();
      await expect.poll(() => made.processes.length).toBe(1);
      return made;
    },
    /** @param {number} [without] the process that gets nothing new */
    async reload(without) {
      configure(without);
      const before = (await fetch(url)).status;
      child.kill('SIGHUP');
      // A new worker answers when the old ones have stopped to listen.
      await new Promise((resolve) => setTimeout(resolve, 500));
      expect(before).toBe(200);
    },
    async kill(/** @type {number} */ pid) {
      server(pid).child.kill('SIGKILL');
      await server(pid).exited;
    },
    async stop(/** @type {number} */ pid) {
      server(pid).child.kill('SIGTERM');
      const [code] = await server(pid).exited;
      return code;
    },
    /** What the handlers have written, in the order of their transactions. */
    orders() {
      const database = open({ path: data });
      const orders = database.openDB({ name: 'orders' });
      const values = [...orders.getRange()].map(({ value }) => value);
      void database.close();
      return values;
    },
  };
}

/**
 * @param {string} data
 * @param {number} pingMs
 */
async function startServer(data, pingMs) {
  const child = spawn(process.execPath, [join(here, 'server.mjs')], {
    env: { ...process.env, DATA: data, PORT: '0', PING_MS: String(pingMs) },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  cleanUps.push(async () => {
    child.kill('SIGKILL');
    await exited;
  });
  for await (const line of createInterface({ input: child.stdout })) {
    const [, port] = /^listening on (\d+)$/.exec(line) ?? [];
    if (port !== undefined) return { port: Number(port), pid: Number(child.pid), child, exited };
  }
  throw new Error('the server ended before it listened');
}

/**
 * A client with a cookie, at an address that may change, and what it has seen.
 *
 * @param {number} port
 * @param {string} from
 * @param {string} cookie
 */
function connect(port, from, cookie) {
  const client = {
    address: from,
    /** @type {boolean[]} */ opened: [],
    /** @type {number[]} */ processes: [],
    /** @type {unknown[]} */ gaps: [],
  };
  /** @type {import('@holdfast/core').Socket<{ process: number }>} */
  const socket = createSocket({
    url: `ws://127.0.0.1:${port}/socket`,
    protocol: holdfast(),
    reconnect: { initialDelayMs: 50, maxDelayMs: 500 },
    environment: {
      ...browserEnvironment(),
      openWebSocket(url, protocols) {
        const headers = cookie === '' ? {} : { cookie };
        const webSocket = new WebSocket(url, [...protocols], { localAddress: client.address, headers });
        webSocket.binaryType = 'arraybuffer';
        return /** @type {import('@holdfast/core').WebSocketLike} */ (/** @type {unknown} */ (webSocket));
      },
    },
  });
  cleanUps.push(() => socket.close());
  socket.on('open', ({ resumed }) => client.opened.push(resumed));
  socket.on('gap', (gap) => client.gaps.push(gap));
  socket.on('message', (message) => client.processes.push(message.process));
  return Object.assign(client, { socket });
}
