import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { request, type IncomingHttpHeaders } from 'node:http';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { build, type Demo, mainFile, startDemo } from './demo.ts';

test.each(['SIGINT', 'SIGTERM'] as const)('%s ends all of it with 0 and leaves no process', async (signal) => {
  const demo = await startDemo();
  const { serverPid } = await demo.faults();
  expect(isAlive(serverPid!)).toBe(true);
  expect(await demo.stop(signal)).toBe(0);
  expect(isAlive(serverPid!)).toBe(false);
});

test('the server dies with the demo that started it', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-data-'));
  const demo = await startDemo(['--data', folder]);
  const { serverPid } = await demo.faults();
  await demo.stop('SIGKILL');
  await expect.poll(() => isAlive(serverPid!), { timeout: 5_000 }).toBe(false);
  rmSync(folder, { recursive: true });
});

test('a restart is another process', async () => {
  const demo = await startDemo();
  const before = await demo.faults();
  await demo.restartServer(0);
  const after = await demo.faults();
  expect(isAlive(before.serverPid!)).toBe(false);
  expect(isAlive(after.serverPid!)).toBe(true);
  expect(after.restarts).toBe(1);
  expect(await demo.stop()).toBe(0);
});

test('--data keeps what was counted, no --data leaves nothing', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-data-'));
  const demo = await startDemo(['--data', folder]);
  expect(await demo.tally('some-run')).toEqual({ received: 0, missing: 0, doubled: 0, outOfOrder: 0, highest: 0 });
  expect(await demo.stop()).toBe(0);
  expect(readdirSync(folder)).not.toEqual([]);
  rmSync(folder, { recursive: true });
});

test('a port that is taken is said in a sentence, with the way out', async () => {
  const squatter = createServer().listen(0, '127.0.0.1');
  await once(squatter, 'listening');
  const { port } = squatter.address() as AddressInfo;
  const { code, errors, output } = await runMain(['--port', String(port)]);
  expect({ code, output }).toEqual({ code: 1, output: '' });
  expect(errors).toBe(`Port ${port} is taken. Choose another with --port N, or any free one with --port 0.\n`);
  squatter.close();
});

test.each([
  ['--port', 'x'],
  ['--port', '70000'],
  ['--port', ''],
  ['--data', ''],
  ['--allow-origin', 'pages.example'],
  ['--host', 'pages.example'],
  ['--colour', 'red'],
])('%s %s is refused with the usage', async (...args) => {
  const { code, errors } = await runMain(args);
  expect(code).toBe(2);
  expect(errors).toContain('Usage:');
  expect(errors).not.toContain('    at ');
});

test('no other website can press the buttons, look at the numbers or open the socket', async () => {
  const demo = await startDemo();
  const { host, port } = new URL(demo.url);
  const own = { host, origin: `http://${host}` };
  expect(await ask('POST', '/faults/cut', own)).toBe(200);
  expect(await ask('POST', '/faults/cut', { host: `localhost:${port}`, origin: `http://localhost:${port}` })).toBe(200);
  const strangers: IncomingHttpHeaders[] = [
    { ...own, origin: 'http://evil.example' },
    { ...own, origin: 'null' },
    { host: `evil.example:${port}`, origin: `http://evil.example:${port}` },
    { host, 'sec-fetch-site': 'cross-site' },
    { host, 'sec-fetch-site': 'same-site' },
  ];
  for (const headers of strangers) {
    expect(await ask('POST', '/faults/cut', headers)).toBe(403);
    expect(await ask('GET', '/faults', headers)).toBe(403);
    expect(await ask('GET', '/tally?run=a', headers)).toBe(403);
    const upgrade = { ...headers, connection: 'Upgrade', upgrade: 'websocket' };
    for (const path of ['/socket', '/live', '/lanes/plain', '/lanes/reconnecting']) {
      expect(await ask('GET', path, { ...upgrade, 'sec-websocket-version': '13' })).toBe(403);
    }
  }
  expect(await demo.stop()).toBe(0);

  function ask(method: string, path: string, headers: IncomingHttpHeaders): Promise<number> {
    return new Promise((resolve, reject) => {
      const sent = request({ host: '127.0.0.1', port, method, path, headers }, (response) => {
        response.resume();
        resolve(response.statusCode ?? 0);
      });
      sent.once('error', reject);
      sent.end();
    });
  }
});

test('another machine of the network is let in only when asked for, by address and never by name', async () => {
  const alone = await startDemo();
  const shared = await startDemo(['--host', '0.0.0.0']);
  const ask = (demo: Demo, name: string, path = '/faults', headers: IncomingHttpHeaders = {}): Promise<number> => {
    const { port } = new URL(demo.url);
    return new Promise((resolve, reject) => {
      const sent = request({ host: '127.0.0.1', port, path, headers: { host: `${name}:${port}`, ...headers } });
      sent.once('response', (response) => resolve(response.resume().statusCode ?? 0));
      sent.once('upgrade', (response, socket) => {
        socket.destroy();
        resolve(response.statusCode ?? 0);
      });
      sent.once('error', reject);
      sent.end();
    });
  };
  expect(await ask(alone, '192.0.2.1')).toBe(403);
  expect(await ask(shared, '192.0.2.1')).toBe(200);
  expect(await ask(shared, 'evil.example')).toBe(403);
  expect(await ask(shared, '192.0.2.1', '/faults', { origin: 'http://192.0.2.2' })).toBe(403);
  const upgrade = {
    connection: 'Upgrade',
    upgrade: 'websocket',
    'sec-websocket-version': '13',
    'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA==',
    'sec-websocket-protocol': 'holdfast.v1',
    origin: `http://192.0.2.1:${new URL(shared.url).port}`,
  };
  for (const path of ['/socket', '/live', '/lanes/plain']) {
    expect([path, await ask(shared, '192.0.2.1', path, upgrade)]).toEqual([path, 101]);
    expect([path, await ask(shared, 'evil.example', path, upgrade)]).toEqual([path, 403]);
  }
  expect(await alone.stop()).toBe(0);
  expect(await shared.stop()).toBe(0);
});

test('a drain keeps the server, a replacement says goodbye first', async () => {
  const demo = await startDemo();
  const { serverPid } = await demo.faults();
  expect(await demo.fault('drain', { withinMs: 100 })).toMatchObject({ isDraining: true, serverPid });
  await expect.poll(async () => (await demo.faults()).isDraining).toBe(false);
  await demo.fault('replace', { downtimeMs: 0 });
  await expect.poll(async () => (await demo.faults()).serverPid ?? serverPid, { timeout: 20_000 }).not.toBe(serverPid);
  expect(isAlive(serverPid!)).toBe(false);
  expect(await demo.stop()).toBe(0);
});

test('a wrong request changes nothing and is told why', async () => {
  const demo = await startDemo();
  const before = await demo.faults();
  const wrong: [string, string][] = [
    ['delay', '{"delayMs":-1}'],
    ['delay', '{"delayMs":"5"}'],
    ['delay', '{"delayMs":1e9}'],
    ['delay', '[]'],
    ['delay', 'x'],
    ['delay', `"${'x'.repeat(5_000)}"`],
    ['refuse', '{}'],
    ['drain', '{"withinMs":-1}'],
    ['replace', '{"downtimeMs":1e9}'],
    ['explode', '{}'],
  ];
  for (const [name, body] of wrong) {
    const response = await fetch(new URL(`/faults/${name}`, demo.url), { method: 'POST', body });
    expect([name, body.slice(0, 20), response.status]).toEqual([name, body.slice(0, 20), 400]);
    expect(await response.json()).toEqual({ error: expect.any(String) as string });
  }
  for (const run of ['', '?run=', '?run=A%20b', `?run=${'x'.repeat(100)}`]) {
    expect((await fetch(new URL(`/tally${run}`, demo.url))).status).toBe(400);
  }
  expect(await demo.faults()).toEqual(before);
  expect(await demo.stop()).toBe(0);
});

test('the page and nothing around it is served', async () => {
  const demo = await startDemo();
  const page = await fetch(demo.url);
  expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8');
  expect(await page.text()).toContain('<div id="root">');
  for (const path of ['/../package.json', '/%2e%2e/package.json', '/..%2fpackage.json', '/nothing', '/assets/']) {
    expect((await fetch(new URL(path, demo.url))).status).toBe(404);
  }
  expect(await demo.stop()).toBe(0);
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

async function runMain(args: readonly string[]): Promise<{ code: number | null; output: string; errors: string }> {
  await build();
  expect(existsSync(mainFile)).toBe(true);
  const child = spawn(process.execPath, [mainFile, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  let errors = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, output, errors };
}
