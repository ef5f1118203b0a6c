import { expect, test } from 'vitest';
import { createSocket, plain, pongBarrier, type Socket } from '../index.ts';
import { createTestWorld, explore, type TestPage } from '../testing.ts';

const URL = 'wss://plain.test/';
const ping = { data: () => 'ping', isPong: (data: unknown) => data === 'pong' };

function aSocket(page: TestPage): Socket {
  const protocol = plain({ ping, confirm: pongBarrier(), onDoubt: 'resend' });
  return createSocket({ url: URL, protocol, outbox: page.outbox(), environment: page.environment });
}

test('a stored outbox needs to send again what is in doubt', () => {
  const { page } = createTestWorld();
  const make = (): unknown =>
    createSocket({ url: URL, protocol: plain(), outbox: page.outbox(), environment: page.environment });
  expect(make).toThrow(/outbox.*onDoubt: 'resend'/);
});

test('what was stored survives kills and reloads, arrives, and leaves storage', { timeout: 60_000 }, async () => {
  let doubled = 0;
  await explore({
    seeds: 100,
    plan: (random) =>
      Array.from({ length: 40 }, () => ({
        at: random.whole(0, 60_000),
        kind: random.weighted({ send: 8, cut: 2, refuse: 1, heal: 2, reload: 2, kill: 2, blackHole: 1 }),
      })),
    async run(actions, seed) {
      const world = createTestWorld({ seed, jitterMs: 50 });
      const { clock, network } = world;
      const got: number[] = [];
      world.server(URL, {
        onMessage(peer, data) {
          if (data === 'ping') peer.send('pong');
          else got.push(JSON.parse(data as string) as number);
        },
      });
      let { page } = world;
      let socket = aSocket(page);
      const stored = new Set<number>();
      let sent = 0;
      for (const { at, kind } of actions) {
        clock.after(at, () => {
          if (kind === 'send') {
            const number = (sent += 1);
            socket.send(number).stored.then(
              () => stored.add(number),
              () => {},
            );
          } else if (kind === 'kill' || kind === 'reload') {
            if (kind === 'kill') page.kill();
            page = kind === 'kill' ? world.openPage() : page.reload();
            socket = aSocket(page);
          } else network[kind]();
        });
      }
      await clock.advance(60_000);
      network.heal();
      await clock.until(() => [...stored].every((number) => got.includes(number)), 120_000);
      await clock.until(() => world.storage.messages().length === 0, 120_000);
      doubled += got.length - new Set(got).size;
      await clock.until(socket.close());
    },
  });
  expect(doubled, 'the plans make doubts').toBeGreaterThan(0);
});
