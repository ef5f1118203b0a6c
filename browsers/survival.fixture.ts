import { networkInterfaces } from 'node:os';
import { afterEach, expect, test } from 'vitest';
import { converse, expectOnce, numbers, until, untilPhase } from './exactly-once.fixture.ts';
import type { Held } from './held.fixture.ts';
import { openPage, type RemotePage } from './remote-page.ts';
import { TestServer } from './test-server.ts';

/** A page in a browser with two servers for it. */
export class Stage {
  readonly page: RemotePage;
  readonly server: TestServer;
  /** The same over http, at an address that is not this machine's own: no secure context. */
  readonly plainHttp: TestServer;

  static async set(page: RemotePage, held: Held): Promise<Stage> {
    const server = held.use(await TestServer.start({ isSecure: true, heartbeat: PATIENT }));
    const plainHttp = held.use(await TestServer.start({ host: LAN_ADDRESS ?? '127.0.0.1' }));
    await openPage(page, server.url);
    return new Stage(page, server, plainHttp);
  }

  private constructor(page: RemotePage, server: TestServer, plainHttp: TestServer) {
    this.page = page;
    this.server = server;
    this.plainHttp = plainHttp;
  }
}

/** A heartbeat that proves nothing about what the tests are about. */
const PATIENT = { intervalMs: 600_000, timeoutMs: 5_000 };
const LAN_ADDRESS = Object.values(networkInterfaces())
  .flatMap((addresses) => addresses ?? [])
  .find(({ family, internal }) => family === 'IPv4' && !internal)?.address;

/** What must hold in every browser. The page is on its server over https already. */
export function testSurvival(stage: () => Stage): void {
  // One that fails in the middle leaves no fault to the next.
  afterEach(() => {
    for (const server of [stage().server, stage().plainHttp]) {
      server.refuse(false);
      server.wire.thaw();
      server.endBlackHoles();
    }
  });

  test.for(['memory', 'indexedDB', 'encrypted'] as const)(
    'with the outbox in %s each message survives a cut, once',
    async (outbox) => {
      const { page, server } = stage();
      const run = server.newRun();
      await page.call('start', { run, protocol: 'holdfast', outbox });
      await page.call('send', 1, 50);
      await until(() => server.received(run).length === 50);
      server.wire.freeze();
      await page.call('send', 51, 100);
      server.wire.cut();
      server.wire.thaw();
      await page.call('send', 101, 150);
      await expectOnce(page, server, run, 150);
      expect(await page.call('replies')).toEqual(numbers(1, 151));
      expect(await page.call('errors')).toEqual([]);
      await page.call('close');
      await until(() => server.live === 0);
    },
  );

  test('a link gone silent is replaced, and what was sent into the silence arrives once', async () => {
    const { page, server } = stage();
    const run = server.newRun();
    const heartbeat = { intervalMs: 500, timeoutMs: 500 };
    await page.call('start', { run, protocol: 'holdfast', options: { heartbeat } });
    await untilPhase(page, 'open');
    server.wire.freeze();
    await page.call('send', 1, 10);
    await until(async () => (await page.call('phase')) !== 'open');
    server.wire.thaw();
    await expectOnce(page, server, run, 10);
    await page.call('close');
    await until(() => server.live === 0);
  });

  test.for(['holdfast', 'plain', 'drop-in'] as const)(
    '%s: a black hole is replaced when the page gets the focus',
    async (protocol) => {
      const { page, server } = stage();
      const options = protocol === 'holdfast' ? { heartbeat: PATIENT } : {};
      const run = await converse(page, server, { protocol, options });
      const { length } = await page.call('moments');
      server.blackHole();
      await page.call('refocus');
      await until(async () => (await page.call('moments')).slice(length).some(({ type }) => type === 'opened'));
      await expectOnce(page, server, run, 10);
      await page.call('close');
    },
  );

  test.for(['indexedDB', 'encrypted'] as const)(
    'what a page has stored is delivered after its reload, once: %s',
    async (outbox) => {
      const { page, server } = stage();
      const run = server.newRun();
      await page.call('start', { run, protocol: 'holdfast', outbox });
      await page.call('send', 1, 10);
      await until(() => server.received(run).length === 10);
      server.refuse(true);
      server.wire.cut();
      await page.call('send', 11, 30);
      expect(await page.call('stored')).toBe('stored');
      await page.reload();
      await page.call('start', { run, protocol: 'holdfast', outbox });
      await page.call('send', 31, 40);
      server.refuse(false);
      await expectOnce(page, server, run, 40);
      expect(await page.call('errors')).toEqual([]);
      await page.call('close');
      await until(() => server.live === 0);
    },
  );

  test('what is cleared is gone, under the page that has it open: it says so, and goes on', async () => {
    const { page, server } = stage();
    const run = server.newRun();
    await page.call('start', { run, protocol: 'holdfast', outbox: 'encrypted' });
    await page.call('send', 1, 5);
    await until(() => server.received(run).length === 5);
    server.refuse(true);
    server.wire.cut();
    await page.call('send', 6, 10);
    expect(await page.call('stored')).toBe('stored');
    await page.call('clear');
    expect(await page.call('databases')).toEqual([]);
    await page.call('send', 11, 15);
    expect(await page.call('stored')).toBe('STORAGE_LOST');
    server.refuse(false);
    await expectOnce(page, server, run, 15);
    expect(await page.call('errors')).toEqual(['STORAGE_LOST']);
    await page.call('close');
    await until(() => server.live === 0);
  });

  test('away and back: what was on its way arrives once, whether the page was kept or is loaded again', async () => {
    const { page, server } = stage();
    const run = await converse(page, server, { protocol: 'holdfast', outbox: 'indexedDB' });
    server.wire.freeze();
    await page.call('send', 11, 20);
    expect(await page.call('stored')).toBe('stored');
    server.wire.cut();
    server.wire.thaw();
    await page.open(`${server.url}away`);
    await page.back();
    if (!(await page.call('isStarted'))) await page.call('start', { run, protocol: 'holdfast', outbox: 'indexedDB' });
    await expectOnce(page, server, run, 20);
    await page.call('close');
    await until(() => server.live === 0);
  });

  test.for(['plain', 'drop-in'] as const)('%s comes back after a cut; what is sent then arrives', async (protocol) => {
    const { page, server } = stage();
    const run = server.newRun();
    await page.call('start', { run, protocol });
    await page.call('send', 1, 10);
    await until(async () => (await page.call('replies')).length === 10);
    server.refuse(true);
    server.wire.cut();
    await until(async () => (await page.call('phase')) !== 'open');
    await page.call('send', 11, 20);
    server.refuse(false);
    await expectOnce(page, server, run, 20);
    await page.call('close');
    await until(() => server.live === 0);
  });

  test('an engine without Symbol.asyncDispose gets a socket without that member', async () => {
    const { page, server } = stage();
    const run = server.newRun();
    await page.call('start', { run, protocol: 'holdfast' });
    expect(await page.call('members')).not.toContain('undefined');
    await expectOnce(page, server, run, 0);
    await page.call('close');
    expect(await page.call('phase')).toBe('closed');
  });

  test.skipIf(LAN_ADDRESS === undefined)('plain http lacks much, and Holdfast says what it goes without', async () => {
    const { page, plainHttp } = stage();
    const run = await converse(page, plainHttp, { protocol: 'holdfast', outbox: 'indexedDB' });
    const missing = { isSecureContext: false, locks: false, subtle: false, randomUUID: false };
    expect(await page.call('features')).toMatchObject({ ...missing, indexedDB: true });
    expect(await page.call('errors')).toEqual(['STORAGE_UNAVAILABLE']);
    expect(await page.call('stored')).toBe('STORAGE_UNAVAILABLE');
    plainHttp.wire.cut();
    await page.call('send', 11, 20);
    await expectOnce(page, plainHttp, run, 20);
  });
}
