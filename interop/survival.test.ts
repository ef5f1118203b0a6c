import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test, type TestContext, vi } from 'vitest';
import { findBrowser } from '../scripts/find-browser.mjs';
import { findMosquitto } from '../scripts/find-mosquitto.mjs';
import { LIBRARIES, type Library } from './libraries.ts';
import type { Server } from './servers/server.ts';
import { startServer, Visitor } from './setup.ts';
import { Site } from './site.ts';

// Each library in Chromium, on the drop-in class with `reconnect: false`, against its own server.

/** Far beyond what any recovery takes: an end to the waiting, no measure. */
const PATIENCE = { timeout: 30_000, interval: 50 };

/** A connection too many would show itself in this time: every library's next attempt, and the broker's next count. */
const SETTLE_MS = 1_500;

const RESTART_MS = 300;

/** Ours asks twice in this time: after a quarter of its longest pause, and after a half. */
const TWO_PINGS_MS = 13_000;

describe.skipIf(findBrowser('chromium').path === undefined)('a library that reconnects by itself', () => {
  let site: Site;

  beforeAll(async () => {
    site = await Site.start();
  });

  afterAll(() => site.stop());

  test.for(LIBRARIES)('%s goes on after a cut', async (library, context) => {
    needsServer(library, context);
    await using server = await startServer[library]();
    await using visitor = await Visitor.start(site, server, { library });
    await untilHeard(server, visitor);
    visitor.proxy.cut();
    await expectRecovery(server, visitor, context);
    await expectOneConnection(server, visitor, context);
  });

  test.for(LIBRARIES)('%s goes on after a restart of its server', async (library, context) => {
    needsServer(library, context);
    await using server = await startServer[library]();
    await using visitor = await Visitor.start(site, server, { library });
    await untilHeard(server, visitor);
    await server.stop();
    await sleep(RESTART_MS);
    await server.start();
    await expectRecovery(server, visitor, context);
    await expectOneConnection(server, visitor, context);
  });

  // All at once: each of these does nothing but wait for the heartbeat's own time.
  describe.concurrent('with time', () => {
    test.for(LIBRARIES)('%s goes on after a black hole, unnoticed on the native class', async (library, context) => {
      needsServer(library, context);
      await using server = await startServer[library]();
      await using visitor = await Visitor.start(site, server, { library });
      await using control = await Visitor.start(site, server, { library, className: 'native' });
      await untilHeard(server, visitor);
      await untilHeard(server, control);
      visitor.proxy.silence();
      control.proxy.silence();
      await expectRecovery(server, visitor, context);
      expect(control.proxy.accepted).toBe(1);
      await control.leave();

      // Whoever still held the old connection would now be connected twice.
      visitor.proxy.release();
      await expectOneConnection(server, visitor, context);
    });

    // y-websocket has no pings of its own.
    const strict = LIBRARIES.filter((library) => library !== 'y-websocket');
    test.for(strict)('%s gets the answers to its own pings beside ours', async (library, context) => {
      needsServer(library, context);
      await using server = await startServer[library]();
      await using visitor = await Visitor.start(site, server, { library, isStrict: true, delayMs: 150 });
      await untilHeard(server, visitor);
      await sleep(TWO_PINGS_MS);
      expect(visitor.proxy.accepted).toBe(1);
      await expectOneConnection(server, visitor, context);
    });
  });
});

function needsServer(library: Library, { skip }: TestContext): void {
  if (library === 'mqtt') skip(findMosquitto().path === undefined, 'there is no Mosquitto');
}

let texts = 0;
const newText = (): string => `text ${(texts += 1)}`;

/** Publishes one text again and again until the subscription brings it. */
async function untilHeard(server: Server, visitor: Visitor): Promise<void> {
  const text = newText();
  await vi.waitUntil(async () => {
    expect(visitor.faults).toEqual([]);
    server.publish(text);
    return (await visitor.times(text)) > 0;
  }, PATIENCE);
}

async function expectRecovery(server: Server, visitor: Visitor, { annotate }: TestContext): Promise<void> {
  const since = performance.now();
  await untilHeard(server, visitor);
  await annotate(`${Math.round(performance.now() - since)} ms, ${visitor.proxy.accepted} connections`);
}

/** Both ways work, once, over the only connection that there is; and so it stays. */
async function expectOneConnection(server: Server, visitor: Visitor, { expect }: TestContext): Promise<void> {
  const [down, up] = [newText(), newText()];
  server.publish(down);
  await visitor.say(up);
  await expect.poll(() => visitor.times(down), PATIENCE).toBe(1);
  await expect.poll(() => server.said, PATIENCE).toContain(up);

  const one = { open: 1, between: 0 };
  await expect.poll(() => visitor.sockets(), PATIENCE).toMatchObject({ library: one, native: one });
  await expect.poll(() => server.live(), PATIENCE).toBe(1);

  const before = { accepted: visitor.proxy.accepted, sockets: await visitor.sockets() };
  await sleep(SETTLE_MS);
  expect({ accepted: visitor.proxy.accepted, sockets: await visitor.sockets() }).toEqual(before);
  expect(server.live()).toBe(1);
  expect(await visitor.times(down)).toBe(1);
  expect(server.said.filter((text) => text === up)).toHaveLength(1);
  expect(visitor.faults).toEqual([]);
}
