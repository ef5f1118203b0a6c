import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, test, vi } from 'vitest';
import { findBrowser } from '../scripts/find-browser.mjs';
import { findMosquitto } from '../scripts/find-mosquitto.mjs';
import { LIBRARIES } from './libraries.ts';
import { startResumableServer, Visitor } from './setup.ts';
import { Site } from './site.ts';

// Each library in Chromium on the resumable class, against its own server on ours, in the middle of a conversation.

/** Far beyond what any recovery takes: an end to the waiting, no measure. */
const PATIENCE = { timeout: 30_000, interval: 50 };
const EVERY_MS = 20;

type Fault = (visitor: Visitor) => void | Promise<void>;

const FAULTS: { readonly [name: string]: Fault } = {
  'a cut': ({ proxy }) => proxy.cut(),
  'three cuts in a row': async ({ proxy }) => {
    for (let count = 0; count < 3; count += 1) {
      proxy.cut();
      await sleep(150);
    }
  },
  'a black hole': async ({ proxy }) => {
    proxy.silence();
    await sleep(6_000);
    proxy.release();
  },
  // The old connections are dead without a word, and the new ones come from another address.
  'a change of address': async (visitor) => {
    visitor.proxy.silence();
    visitor.proxy.localAddress = '127.0.0.2';
    await visitor.setOffline(true);
    await sleep(300);
    await visitor.setOffline(false);
  },
  'a restart of a proxy between': ({ proxy }) => proxy.restart(1_000),
};

describe.skipIf(findBrowser('chromium').path === undefined)('a library that knows nothing of the network', () => {
  let site: Site;

  beforeAll(async () => {
    site = await Site.start();
  });

  afterAll(() => site.stop());

  describe.concurrent.for(LIBRARIES)('%s', (library) => {
    test.for(Object.keys(FAULTS))(
      'goes on in mid-subscription through %s',
      async (name, { expect, skip, annotate }) => {
        if (library === 'mqtt') skip(findMosquitto().path === undefined, 'there is no Mosquitto');
        await using server = await startResumableServer[library]();
        await using visitor = await Visitor.start(site, server, { library, className: 'resumable' });
        await vi.waitUntil(async () => {
          server.publish('are you there?');
          return (await visitor.times('are you there?')) > 0;
        }, PATIENCE);

        let published = 0;
        const news = setInterval(() => {
          server.publish(`down ${published}`);
          published += 1;
        }, EVERY_MS);
        await visitor.startTalking('up', EVERY_MS);
        await sleep(500);
        await FAULTS[name]?.(visitor);
        await sleep(1_000);
        // The way back works again: nothing is told apart from what was said before it broke.
        const reached = published;
        await vi.waitUntil(async () => (await visitor.times(`down ${reached}`)) > 0, PATIENCE);
        clearInterval(news);
        const said = await visitor.stopTalking();
        await vi.waitUntil(() => server.said.includes(`up ${said - 1}`), PATIENCE);
        await vi.waitUntil(async () => (await visitor.times(`down ${published - 1}`)) > 0, PATIENCE);

        const heard = (await visitor.heard()).filter((text) => text.startsWith('down'));
        expect(heard).toEqual(Array.from({ length: published }, (_, number) => `down ${number}`));
        expect(server.said).toEqual(Array.from({ length: said }, (_, number) => `up ${number}`));
        const { library: own, native } = await visitor.sockets();
        expect(own).toEqual({ events: ['open'], made: 1, open: 1, between: 0 });
        expect(native.made, 'the fault was one').toBeGreaterThan(1);
        expect(visitor.proxy.accepted).toBeGreaterThan(1);
        expect(server.live()).toBe(1);
        expect(visitor.faults).toEqual([]);
        await annotate(`${published} down, ${said} up, ${visitor.proxy.accepted} connections`);
      },
    );
  });
});
