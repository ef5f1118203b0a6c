import { describe, expect, it } from 'vitest';
import type { RetryContext } from '../machines/connection-state.ts';
import { FakeEnvironment } from '../testing-fakes/fake-environment.fixture.ts';
import { createTestWorld } from '../testing/world.ts';
import { createSocket } from './create-socket.ts';
import { plain } from './protocols.ts';
import { retryBudget } from './retry-budget.ts';
import { World } from './socket.fixture.ts';

const END: RetryContext = {
  code: 'CONNECT_FAILED',
  closeCode: 1006,
  attempt: 1,
  elapsedMs: 0,
  retryAfterMs: null,
  lastDelayMs: 0,
  delayMs: 100,
};

describe('a retry budget', () => {
  it('leaves retries as they are while there are tokens, and then makes each wait for its own', async () => {
    const environment = new FakeEnvironment();
    const decide = retryBudget({ tries: 2, perMs: 1_000, environment });
    expect([1, 2, 3, 4, 5].map(() => decide(END))).toEqual([undefined, undefined, 600, 1_100, 1_600]);
    await environment.advance(1_000);
    // Two tokens came back, of the three that are owed.
    expect(decide(END)).toBe(1_100);
    await environment.advance(60_000);
    expect([1, 2, 3].map(() => decide(END))).toEqual([undefined, undefined, 600]);
  });

  it('adds to what the server asked for, so that clients that were told one time do not come at one', () => {
    const decide = retryBudget({ tries: 1, perMs: 500, environment: new FakeEnvironment() });
    const told = { ...END, code: 'SERVER_BUSY', retryAfterMs: 30_000, delayMs: 30_050 } as const;
    expect([1, 2, 3].map(() => decide(told))).toEqual([undefined, 30_550, 31_050]);
  });

  it('has no word where there would be no retry, and takes no token for it', () => {
    const decide = retryBudget({ tries: 1, perMs: 500, environment: new FakeEnvironment() });
    expect([1, 2, 3].map(() => decide({ ...END, delayMs: null }))).toEqual([undefined, undefined, undefined]);
    expect([1, 2].map(() => decide(END))).toEqual([undefined, 600]);
  });

  it('gives the token back of a retry that a hint has made before its time: the line is no longer than its sockets', async () => {
    const environment = new FakeEnvironment();
    const decide = retryBudget({ tries: 1, perMs: 10_000, environment });
    let lastDelayMs = 0;
    const waits: (number | undefined)[] = [];
    for (let hint = 0; hint < 50; hint += 1) {
      // The drawn delay of each is another one, as chance has it.
      // What the server asked for comes on top of it.
      waits.push(decide({ ...END, lastDelayMs, retryAfterMs: 100, delayMs: 1_100 + hint }));
      lastDelayMs = 1_000 + hint;
      await environment.advance(20);
    }
    expect(waits.slice(0, 3)).toEqual([undefined, undefined, undefined]);
    expect(Math.max(...waits.map((wait) => wait ?? 0))).toBeLessThan(11_200);
  });

  it('is not moved by a clock that goes back', () => {
    let now = 5_000;
    const decide = retryBudget({ tries: 1, perMs: 1_000, environment: { now: () => now } });
    decide(END);
    now = 0;
    expect(decide(END)).toBe(1_100);
    now = 1_000;
    expect(decide(END)).toBe(1_100);
  });

  it('is shared by the sockets of a page: a server that is away is asked as often as it says, and each gets its turn', async () => {
    const world = createTestWorld();
    const { clock, page } = world;
    const server = world.server('wss://chat.test/');
    server.stop();
    const decide = retryBudget({ tries: 5, perMs: 5_000, environment: page.environment });
    const sockets = Array.from({ length: 20 }, () =>
      createSocket({
        url: 'wss://chat.test/',
        protocol: plain(),
        environment: page.environment,
        reconnect: { decide },
      }),
    );
    const counts: number[] = [];
    for (let second = 0; second < 60; second += 5) {
      await clock.advance(5_000);
      counts.push(page.connections.length);
    }
    const steps = counts.map((count, index) => count - (counts[index - 1] ?? 0)).slice(1);
    // Without it some eight times as many.
    expect(Math.max(...steps)).toBeLessThanOrEqual(10);
    expect(Math.min(...steps)).toBeGreaterThan(0);
    server.start();
    await clock.until(Promise.all(sockets.map((socket) => socket.whenOpen())), 40_000);
  });

  it('works within a decide of the app', async () => {
    const environment = new FakeEnvironment();
    const budget = retryBudget({ tries: 1, perMs: 60_000, environment });
    budget(END);
    const decide = (context: RetryContext): number | false | undefined =>
      context.closeCode === 4000 ? false : budget(context);
    const reconnect = { jitter: 'none', decide } as const;
    const world = await new World({ protocol: plain(), reconnect }, environment).accept();
    world.wire.closeBy(1006);
    await environment.advance(60_299);
    expect(environment.sockets.length).toBe(1);
    await environment.advance(1);
    world.wire.closeBy(4000);
    await world.settle();
    expect(world.socket.getState().phase).toBe('suspended');
  });

  it('suspends at a final end as ever', async () => {
    const environment = new FakeEnvironment();
    const decide = retryBudget({ tries: 1, perMs: 1_000, environment });
    const world = await new World({ protocol: plain(), reconnect: { decide } }, environment).accept();
    world.wire.closeBy(1008);
    await world.settle();
    expect(world.socket.getState()).toMatchObject({ phase: 'suspended', error: { code: 'FORBIDDEN' } });
  });

  const wrong: readonly (readonly [what: string, options: unknown, option: string])[] = [
    ['nothing', undefined, 'retryBudget'],
    ['no tries', { perMs: 1 }, 'retryBudget.tries'],
    ['half a try', { tries: 0.5, perMs: 1 }, 'retryBudget.tries'],
    ['no time', { tries: 1 }, 'retryBudget.perMs'],
    ['all the time', { tries: 1, perMs: Infinity }, 'retryBudget.perMs'],
    ['a clock that is none', { tries: 1, perMs: 1, environment: {} }, 'retryBudget.environment'],
    ['an option that there is not', { tries: 1, perMs: 1, burst: 2 }, 'retryBudget.burst'],
  ];
  it.each(wrong)('refuses %s', (_what, options, option) => {
    expect(() => retryBudget(options as { tries: number; perMs: number })).toThrow(
      expect.objectContaining({ code: 'INVALID_OPTION', details: { option } }),
    );
  });
});
