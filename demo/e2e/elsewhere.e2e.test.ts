import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, extname, join, normalize } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { missing, temporaryProfile, TestBrowser } from './browser.ts';
import { DemoPage } from './demo-page.ts';
import { build, type Demo, mainFile, startDemo } from './demo.ts';

const dist = join(dirname(dirname(mainFile)), 'dist');
const types: { readonly [extension: string]: string } = {
  '.css': 'text/css',
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.svg': 'image/svg+xml',
};

/** The built files as any host serves them, in a folder. */
let host: Server;
let demo: Demo;
let page: string;

beforeAll(async () => {
  await build();
  host = createServer((request, response) => {
    const path = new URL(request.url ?? '/', 'http://host').pathname
      .replace(/^\/pages\//, '/')
      .replace(/\/$/, '/index.html');
    const file = join(dist, normalize(path));
    if (!file.startsWith(dist) || !existsSync(file)) return void response.writeHead(404).end('not found');
    response.setHeader('content-type', types[extname(file)] ?? 'application/octet-stream').end(readFileSync(file));
  }).listen(0, '127.0.0.1');
  await once(host, 'listening');
  const origin = `http://127.0.0.1:${(host.address() as AddressInfo).port}`;
  page = `${origin}/pages/`;
  demo = await startDemo(['--allow-origin', origin]);
});

afterAll(async () => {
  expect(await demo.stop()).toBe(0);
  host.closeAllConnections();
  host.close();
});

describe.skipIf(missing('chromium') !== null)('static files', () => {
  test('draw on the server that their address names, and say why its faults are out of reach', async () => {
    using profile = temporaryProfile();
    await using browser = await TestBrowser.launch('chromium', profile.path);
    const away = new DemoPage(browser.page);
    await away.open(`${page}?server=${demo.url.replace('http', 'ws')}`);
    await away.untilPhase('open');
    await away.untilLanesOpen();
    expect(await away.text('.faults header')).toContain('talks to another server');
    for (const name of ['cut', 'restart', 'tour-start']) {
      const isDisabled = await away.page.$eval(
        `[data-testid="${name}"]`,
        (button) => (button as HTMLButtonElement).disabled,
      );
      expect([name, isDisabled]).toEqual([name, true]);
    }
    await away.draw([
      [0.1, 0.1],
      [0.9, 0.9],
    ]);
    await vi.waitUntil(async () => (await away.board()).lines > 10 && (await away.board()).pending === 0, {
      timeout: 20_000,
    });
    const { received } = await demo.tally(await away.run());
    await vi.waitUntil(async () => (await away.lane('plain', 'arrived')) === received, { timeout: 10_000 });
    const drawn = await away.board();
    // The same board as on the server's own page.
    const own = new DemoPage(browser.page);
    await own.open(demo.url);
    await vi.waitUntil(async () => (await own.board()).digest === drawn.digest, { timeout: 20_000 });
    expect(browser.faults).toEqual([]);
  });

  test('without a server they say how to name one', async () => {
    using profile = temporaryProfile();
    await using browser = await TestBrowser.launch('chromium', profile.path);
    const away = new DemoPage(browser.page);
    await away.open(page);
    await vi.waitUntil(async () => (await away.text('.faults header')).includes('?server='), { timeout: 10_000 });
    await away.open(`${page}?server=nonsense`);
    expect(await away.text('.intro-words')).toContain('no ws:// or wss:// URL');
    expect(browser.faults).toEqual([]);
  });
});
