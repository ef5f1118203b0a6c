import { connect } from 'node:net';
import { createServer as createHoldfastServer } from '@holdfast/server';
import { describe, expect, test } from 'vitest';
import { WebSocketServer } from 'ws';
import { missing, temporaryProfile, TestBrowser } from './browser.ts';
import { firstLine, listen, readmeExample, runModule, servePage } from './package-host.ts';

// The built packages, in a real browser, against the real server.

/** Counts what the page holds, from before the first import. */
const COUNTERS = `
  const held = { timers: new Set(), listeners: 0, sockets: 0, channels: 0, frames: new Set() };
  globalThis.held = held;
  for (const [set, clear] of [['setTimeout', 'clearTimeout'], ['setInterval', 'clearInterval']]) {
    const [originalSet, originalClear] = [globalThis[set], globalThis[clear]];
    globalThis[set] = (run, ms, ...rest) => {
      const id = originalSet(() => { if (set === 'setTimeout') held.timers.delete(id); run(...rest); }, ms);
      held.timers.add(id);
      return id;
    };
    globalThis[clear] = (id) => { held.timers.delete(id); originalClear(id); };
  }
  const [frame, cancelFrame] = [requestAnimationFrame, cancelAnimationFrame];
  globalThis.requestAnimationFrame = (run) => {
    const id = frame((time) => { held.frames.delete(id); run(time); });
    held.frames.add(id);
    return id;
  };
  globalThis.cancelAnimationFrame = (id) => { held.frames.delete(id); cancelFrame(id); };
  for (const target of [window, document]) {
    const { addEventListener } = target;
    target.addEventListener = (type, listener, options) => {
      held.listeners += 1;
      options?.signal?.addEventListener('abort', () => { held.listeners -= 1; }, { once: true });
      addEventListener.call(target, type, listener, options);
    };
  }
  globalThis.WebSocket = class extends WebSocket {
    constructor(...args) {
      super(...args);
      held.sockets += 1;
      this.addEventListener('close', () => { held.sockets -= 1; });
    }
  };
`;

describe.skipIf(missing('chromium') !== null)('the built package in Chromium', () => {
  test('close() leaves nothing behind', async () => {
    await using host = await listen();
    using profile = temporaryProfile();
    servePage(host.server, COUNTERS);
    const server = createHoldfastServer({ onMessage: () => {} });
    server.attach(host.server, { path: '/socket' });
    const browser = await TestBrowser.launch('chromium', profile.path);
    try {
      await browser.page.goto(host.url);
      const before = await browser.page.evaluate(async () => {
        const { createSocket, holdfast } = await load('@holdfast/core');
        const { indexedDB: outbox } = await load('@holdfast/core/indexeddb');
        const untouched = { timers: held.timers.size, listeners: held.listeners, sockets: held.sockets };
        const socket = createSocket({
          url: '/socket',
          protocol: holdfast(),
          outbox: outbox({ name: 'test', identity: 'ada' }),
        });
        socket.subscribe(() => {});
        const receipts = Array.from({ length: 100 }, (_, number) => socket.send({ number }));
        await receipts.at(-1)?.stored;
        await receipts.at(-1)?.delivered;
        receipts.push(socket.send('on its way'));
        const locks = await navigator.locks.query();
        const open = {
          timers: held.timers.size,
          listeners: held.listeners,
          sockets: held.sockets,
          locks: locks.held?.length,
        };
        await socket.close();
        return { untouched, open };
      });
      expect(before.untouched).toEqual({ timers: 0, listeners: 0, sockets: 0 });
      // The counters count: there was something to give back.
      expect(before.open.timers).toBeGreaterThan(0);
      expect(before.open.listeners).toBeGreaterThan(0);
      expect(before.open).toMatchObject({ sockets: 1, locks: 1 });
      await browser.page.waitForFunction(() => held.sockets === 0);
      const after = await browser.page.evaluate(async () => {
        const locks = await navigator.locks.query();
        const names = (await indexedDB.databases()).map(({ name }) => name as string);
        const deleted = await Promise.all(
          names.map(
            (name) =>
              new Promise<string>((resolve) => {
                const request = indexedDB.deleteDatabase(name);
                request.onsuccess = () => resolve('deleted');
                request.onblocked = () => resolve('blocked');
                request.onerror = () => resolve('error');
              }),
          ),
        );
        return {
          timers: held.timers.size,
          frames: held.frames.size,
          listeners: held.listeners,
          locks: [...(locks.held ?? []), ...(locks.pending ?? [])].length,
          deleted,
        };
      });
      expect(after).toEqual({ timers: 0, frames: 0, listeners: 0, locks: 0, deleted: ['deleted'] });
      expect(browser.faults).toEqual([]);
    } finally {
      await browser.close();
      await server.close();
    }
  });

  test('the first example of the README works as written, with its server', async () => {
    // The only change: any free port, and a page on it.
    const hosted = `${(await readmeExample('server')).replace('8080', '0')}
      http.once('listening', () => console.log(http.address().port));`;
    const child = runModule(hosted);
    const port = await firstLine(child);
    await using host = await listen();
    using profile = temporaryProfile();
    servePage(host.server);
    // The page's own origin: its upgrades go on to the server of the example.
    host.server.on('upgrade', (request, socket, head) => {
      const onward = connect(Number(port), '127.0.0.1');
      const headers = request.rawHeaders
        .map((value, index) => (index % 2 === 0 ? `${value}: ` : `${value}\r\n`))
        .join('');
      onward.write(`GET ${request.url} HTTP/1.1\r\n${headers}\r\n`);
      onward.write(head);
      // The browser that closes in the end resets its connections.
      for (const end of [onward, socket]) end.on('error', () => end.destroy());
      onward.pipe(socket).pipe(onward);
    });
    const browser = await TestBrowser.launch('chromium', profile.path);
    try {
      const lines = await runInPage(browser, host.url, `${await readmeExample('core')}\nglobalThis.isDone = true;`);
      await browser.page.waitForFunction(() => (globalThis as { isDone?: boolean }).isDone === true);
      await expect.poll(() => lines.join()).toMatch(/received/);
      expect(browser.faults).toEqual([]);
    } finally {
      await browser.close();
      child.kill();
    }
  });

  test('the example of the drop-in class works as written, with any server', async () => {
    await using host = await listen();
    using profile = temporaryProfile();
    servePage(host.server);
    const echo = new WebSocketServer({ server: host.server, path: '/socket' });
    echo.on('connection', (socket) => socket.on('message', (data: Buffer) => socket.send(data.toString())));
    const browser = await TestBrowser.launch('chromium', profile.path);
    try {
      const lines = await runInPage(browser, host.url, await readmeExample('drop-in'));
      await expect.poll(() => lines).toContain('received waits until it is open');
      expect(browser.faults).toEqual([]);
    } finally {
      await browser.close();
      echo.close();
    }
  });
});

/** Runs a module in a page of its own; gives the lines that it logs, as they come. */
async function runInPage(browser: TestBrowser, url: string, code: string): Promise<readonly string[]> {
  const lines: string[] = [];
  browser.page.on('console', (message) => lines.push(message.text()));
  await browser.page.goto(url);
  await browser.page.evaluate((text) => {
    const module = document.createElement('script');
    module.type = 'module';
    module.textContent = text;
    document.body.append(module);
  }, code);
  return lines;
}

/** Given by the page: the test's own `import` would be rewritten on its way there. */
declare const load: (
  name: string,
) => Promise<typeof import('@holdfast/core') & typeof import('@holdfast/core/indexeddb')>;
declare const held: {
  readonly timers: ReadonlySet<number>;
  readonly frames: ReadonlySet<number>;
  readonly listeners: number;
  readonly sockets: number;
};
