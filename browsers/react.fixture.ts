import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { numbers, until } from './exactly-once.fixture.ts';
import { openPage, type RemotePage } from './remote-page.ts';
import { TestServer } from './test-server.ts';

/** What of the hooks depends on a browser, at the real server and in Strict Mode. */
export function testReact(pageOf: () => RemotePage): void {
  describe('React', () => {
    let server: TestServer;
    let page: RemotePage;
    let run: string;

    beforeAll(async () => {
      server = await TestServer.start({ isSecure: true, page: 'react' });
    });
    afterAll(() => server[Symbol.asyncDispose]());

    beforeEach(async () => {
      page = pageOf();
      run = server.newRun();
      await openPage(page, server.url);
    });
    afterEach(async () => {
      server.refuse(false);
      expect(await page.call('faults')).toEqual([]);
      await page.call('unmount');
      await until(() => server.live === 0);
    });

    async function untilText(text: string): Promise<void> {
      await until(async () => (await page.call('text')) === text);
    }

    test('Strict Mode: one connection, and each message once', async () => {
      await page.call('render', { run });
      await untilText('open 0');
      await page.call('sendAll', run, 1, 10);
      await untilText('open 10');
      expect(await page.call('shown')).toEqual(numbers(1, 10));
      expect(await page.call('heard')).toEqual(numbers(1, 10));
      expect([await page.call('connects'), server.live]).toEqual([1, 1]);
    });

    test('hydration: the page takes over what a server rendered, and then connects', async () => {
      expect(await page.call('hydrate', { run })).toEqual(['idle 0', true]);
      await untilText('open 0');
      await page.call('sendAll', run, 1, 3);
      await untilText('open 3');
      expect(await page.call('connects')).toBe(1);
    });

    test('what is in flight when its component unmounts arrives, and then the connection ends', async () => {
      await page.call('render', { run });
      await untilText('open 0');
      await page.call('sendAndUnmount', run, 1, 200);
      await until(() => server.live === 0);
      expect(server.received(run)).toEqual(numbers(1, 200));
      expect(await page.call('connects')).toBe(1);
    });

    test('a handler that throws takes no message from the others, and the page stays', async () => {
      await page.call('render', { run, isThrowing: true });
      await untilText('open 0');
      await page.call('sendAll', run, 1, 5);
      await untilText('open 5');
      expect(await page.call('heard')).toEqual(numbers(1, 5));
      expect(await page.call('codes')).toEqual(numbers(1, 5).map(() => 'LISTENER_FAILED'));
    });

    test('another function keeps the connection, another value makes another one and ends the first', async () => {
      await page.call('render', { run });
      await untilText('open 0');
      await page.call('render', { run, name: 'second' });
      await page.call('sendAll', run, 1, 1);
      await untilText('open 1');
      expect(await page.call('connects')).toBe(1);
      server.wire.cut();
      await until(async () => (await page.call('told')).includes('second connection.open'));
      expect((await page.call('told')).filter((event) => event === 'first connection.open')).toHaveLength(1);
      await page.call('render', { run, maxAttempts: 7 });
      await untilText('open 0');
      await until(() => server.live === 1);
      await page.call('sendAll', run, 2, 2);
      await untilText('open 1');
      expect(server.received(run)).toEqual([1, 2]);
      expect(await page.call('connects')).toBe(3);
    });

    test('useMessages misses none of 20,000 at full speed, and keeps their order', async () => {
      await page.call('render', { run });
      await untilText('open 0');
      await page.call('sendAll', run, 1, 20_000);
      await until(async () => (await page.call('text'))?.startsWith('open 20000') === true);
      expect(await page.call('shown')).toEqual(numbers(1, 20_000));
      expect(await page.call('heard')).toEqual(numbers(1, 20_000));
      expect(await page.call('commits')).toBeLessThan(2_000);
    });

    test('useOutbox shows after a reload what IndexedDB kept, until the server has it', async () => {
      await page.call('render', { run });
      await untilText('open 0');
      server.refuse(true);
      server.wire.cut();
      await page.call('store', run, 1, 3);
      await page.reload();
      expect(await page.call('isStarted')).toBe(false);
      await page.call('render', { run });
      await until(async () => (await page.call('text'))?.endsWith(' 0 queued queued queued') === true);
      server.refuse(false);
      await untilText('open 3');
      expect(server.received(run)).toEqual([1, 2, 3]);
    });
  });
}
