import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { findBrowser } from '../scripts/find-browser.mjs';
import { findMosquitto } from '../scripts/find-mosquitto.mjs';
import { LIBRARIES } from './libraries.ts';
import { startServer, Visitor } from './setup.ts';
import { Site } from './site.ts';

/** Each way: the round trip is 2.4 s. */
const DELAY_MS = 1_200;

// A class that gives a link up before the first answer can be there never has a connection at all.
describe.skipIf(findBrowser('chromium').path === undefined).concurrent('a slow link is no dead one', () => {
  let site: Site;

  beforeAll(async () => {
    site = await Site.start();
  });

  afterAll(() => site.stop());

  test.for(LIBRARIES)('%s keeps its one connection', async (library, { expect, skip }) => {
    if (library === 'mqtt') skip(findMosquitto().path === undefined, 'there is no Mosquitto');
    await using server = await startServer[library]();
    await using visitor = await Visitor.start(site, server, { library, delayMs: DELAY_MS });
    for (let second = 0; second < 18; second += 1) {
      await sleep(1_000);
      // Not before its own handshake is through.
      if (second > 7) await visitor.say(`after ${second} s`);
    }
    expect(visitor.proxy.accepted).toBe(1);
  });
});
