import { expect, test } from 'vitest';
import { acknowledgement, createSocket, plain, pongBarrier, type PlainOptions } from '../index.ts';
import { createTestWorld, explore, type Random } from '../testing.ts';

/** What a plain server got of the messages 1, 2, 3 …, and what their receipts said. */
interface Seen {
  readonly sent: number;
  readonly got: readonly number[];
  /** The same, by connection: a dead one's last messages may come after the first of the next. */
  readonly byConnection: readonly (readonly number[])[];
  readonly delivered: ReadonlySet<number>;
  readonly failed: ReadonlySet<number>;
}

const KINDS = { send: 8, cut: 2, blackHole: 1, heal: 2, refuse: 1, restart: 1, migrate: 1, sleep: 1 };

function plan(random: Random): { at: number; kind: keyof typeof KINDS }[] {
  return Array.from({ length: 40 }, () => ({ at: random.whole(0, 60_000), kind: random.weighted(KINDS) }));
}

/** Runs plans against a server that answers pings and acknowledges ids, and checks what it and the receipts say. */
async function promise(options: PlainOptions, check: (seen: Seen) => void): Promise<void> {
  await explore({
    seeds: 150,
    plan,
    async run(actions, seed) {
      const world = createTestWorld({ seed, jitterMs: 80 });
      const { page, clock, network } = world;
      const got: number[] = [];
      const byConnection = new Map<unknown, number[]>();
      const server = world.server('wss://plain.test/', {
        onMessage(peer, data) {
          if (data === 'ping') {
            peer.send('pong');
            return;
          }
          const { id } = JSON.parse(data as string) as { id: number };
          got.push(id);
          byConnection.set(peer, [...(byConnection.get(peer) ?? []), id]);
          peer.send(JSON.stringify({ done: id }));
        },
      });
      const ping = { data: () => 'ping', isPong: (data: unknown) => data === 'pong' };
      const socket = createSocket({
        url: 'wss://plain.test/',
        protocol: plain({ ping, ...options }),
        environment: page.environment,
      });
      const delivered = new Set<number>();
      const failed = new Set<number>();
      let sent = 0;
      const send = (): void => {
        const id = (sent += 1);
        socket.send({ id }).delivered.then(
          () => delivered.add(id),
          () => failed.add(id),
        );
      };
      for (const { at, kind } of actions) {
        clock.after(at, () => {
          if (kind === 'send') for (let count = 0; count < 3; count += 1) send();
          else if (kind === 'sleep') page.sleep(10_000);
          else if (kind === 'migrate') void socket.migrate().catch(() => {});
          else if (kind === 'restart') {
            server.stop();
            clock.after(2_000, () => server.start());
          } else network[kind]();
        });
      }
      await clock.advance(60_000);
      network.heal();
      await clock.until(() => delivered.size + failed.size === sent);
      check({ sent, got, byConnection: [...byConnection.values()], delivered, failed });
      await clock.until(socket.close());
    },
  });
}

/** Each at most once, and the messages of each connection in order. */
function expectOnce({ got, byConnection }: Seen): void {
  expect(new Set(got).size).toBe(got.length);
  for (const ids of byConnection)
    expect(ids.every((id, place) => place === 0 || id > (ids[place - 1] as number))).toBe(true);
}

test('by itself: at most once, in order, and what has failed may have arrived', { timeout: 60_000 }, async () => {
  let lost = 0;
  await promise({}, (seen) => {
    const { sent, got, delivered, failed } = seen;
    expectOnce(seen);
    expect(delivered.size + failed.size).toBe(sent);
    lost += [...delivered].filter((id) => !got.includes(id)).length;
  });
  expect(lost, 'what went into a black hole counts as delivered: this promises no more').toBeGreaterThan(0);
});

test.each([
  [
    'acknowledgement()',
    acknowledgement({ idOf: (data) => (data as { id: number }).id, idsIn: (data) => (data as { done: number }).done }),
  ],
  ['pongBarrier()', pongBarrier()],
])(
  'with %s: at most once, in order, and what is delivered has arrived',
  { timeout: 60_000 },
  async (_name, confirm) => {
    let doubtful = 0;
    await promise({ confirm }, (seen) => {
      const { got, delivered, failed } = seen;
      expectOnce(seen);
      expect([...delivered].filter((id) => !got.includes(id))).toEqual([]);
      doubtful += failed.size;
    });
    expect(doubtful, 'the plans make doubts').toBeGreaterThan(0);
  },
);

test.each([
  [
    'acknowledgement()',
    acknowledgement({ idOf: (data) => (data as { id: number }).id, idsIn: (data) => (data as { done: number }).done }),
  ],
  ['pongBarrier()', pongBarrier()],
])('with %s and onDoubt resend: all arrives, and some twice', { timeout: 60_000 }, async (_name, confirm) => {
  let doubled = 0;
  await promise({ confirm, onDoubt: 'resend' }, ({ sent, got, delivered }) => {
    expect(delivered.size).toBe(sent);
    expect(new Set(got).size).toBe(sent);
    doubled += got.length - sent;
  });
  expect(doubled, 'the plans make doubles').toBeGreaterThan(0);
});
