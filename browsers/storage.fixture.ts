import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startPlain } from '../packages/core/src/websocket/test-server.fixture.ts';
import { bundleHarness } from './bundle.ts';
import { openPage, type RemotePage } from './remote-page.ts';

const PAGE = '<!doctype html><meta charset="utf-8"><title>Page</title><script src="/page.js"></script>';

/** What a browser makes of IndexedDB's requests that fail, which each tells in an order of its own. */
export function testStorage(pageOf: () => RemotePage): void {
  describe('the stored outbox', () => {
    setPage(pageOf);

    test('says why a request failed, and does not make it again over what is there', async () => {
      expect(await pageOf().call('storeOver')).toEqual(['failed ConstraintError', true]);
    });
  });
}

/** In a browser that gives a site less than 100 MB. */
export function testFullStorage(pageOf: () => RemotePage): void {
  describe('the stored outbox without room', () => {
    setPage(pageOf);

    test('says that there is none, and goes on where something leaves it', async () => {
      expect(await pageOf().call('storeTooMuch')).toEqual(['full QuotaExceededError', null]);
    });
  });
}

function setPage(pageOf: () => RemotePage): void {
  let stop: (() => Promise<void>) | undefined;
  beforeAll(async () => {
    const files = new Map([
      ['/page', { type: 'text/html', text: PAGE }],
      ['/page.js', { type: 'text/javascript', text: await bundleHarness('storage') }],
    ]);
    const [port, end] = await startPlain(files);
    stop = end;
    await openPage(pageOf(), `http://127.0.0.1:${port}/page`);
  });
  afterAll(() => stop?.());
}
