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
    const budget = retryBudget({ tries: 2, perMs: 1_000, environment });
    const decide = (context: RetryContext): number | undefined => budget()(context);
    expect([1, 2, 3, 4, 5].map(() => decide(END))).toEqual([undefined, undefined, 600, 1_100, 1_600]);
    await environment.advance(1_000);
    // Two tokens came back, of the three that are owed.
    expect(decide(END)).toBe(1_100);
    await environment.advance(60_000);
    expect([1, 2, 3].map(() => decide(END))).toEqual([undefined, undefined, 600]);
  });

  it('adds to what the server asked for, so that clients that were told one time do not come at one', () => {
    const budget = retryBudget({ tries: 1, perMs: 500, environment: new FakeEnvironment() });
    const told = { ...END, code: 'SERVER_BUSY', retryAfterMs: 30_000, delayMs: 30_050 } as const;
    expect([1, 2, 3].map(() => budget()(told))).toEqual([undefined, 30_550, 31_050]);
  });

  it('has no word where there would be no retry, and takes no token for it', () => {
    const budget = retryBudget({ tries: 1, perMs: 500, environment: new FakeEnvironment() });
    const decide = (context: RetryContext): number | undefined => budget()(context);
    expect([1, 2, 3].map(() => decide({ ...END, delayMs: null }))).toEqual([undefined, undefined, undefined]);
    expect([1, 2].map(() => decide(END))).toEqual([undefined, 600]);
  });

  it('gives the token back of a retry that a hint has made before its time: the line is no longer than its sockets', async () => {
    const environment = new FakeEnvironment();
    const budget = retryBudget({ tries: 1, perMs: 10_000, environment });
    const [one, other] = [budget(), budget()];
    const waits: (number | undefined)[] = [];
    for (let hint = 0; hint < 50; hint += 1) {
      waits.push(one({ ...END, delayMs: 1_000 }));
      await environment.advance(20);
    }
    expect(waits).toEqual(waits.map(() => undefined));
    expect(other({ ...END, delayMs: 1_000 })).toBeLessThanOrEqual(11_000);
  });

  it('counts retries without a delay like others, and tells sockets apart whose delays are the same', () => {
    const budget = retryBudget({ tries: 2, perMs: 2_000, environment: new FakeEnvironment() });
    const sockets = Array.from({ length: 6 }, budget);
    expect(sockets.map((decide) => decide({ ...END, code: 'HEARTBEAT_MISSED', delayMs: 0 }))).toEqual([
      undefined,
      undefined,
      1_000,
      2_000,
      3_000,
      4_000,
    ]);
  });

  it('is not moved by a clock that goes back', () => {
    let now = 5_000;
    const budget = retryBudget({ tries: 1, perMs: 1_000, environment: { now: () => now } });
    const decide = (context: RetryContext): number | undefined => budget()(context);
    decide(END);
    now = 0;
    expect(decide(END)).toBe(1_100);
    now = 1_000;
    expect(decide(END)).toBe(1_100);
  });

  it.each([
    ['full', 5],
    ['none', 5],
  ] as const)(
    'is shared by the sockets of a page, whatever their jitter (%s): each gets its turn',
    async (jitter, most) => {
      const world = createTestWorld();
      const { clock, page } = world;
      const server = world.server('wss://chat.test/');
      server.stop();
      const budget = retryBudget({ tries: 5, perMs: 5_000, environment: page.environment });
      const sockets = Array.from({ length: 20 }, () =>
        createSocket({
          url: 'wss://chat.test/',
          protocol: plain(),
          environment: page.environment,
          reconnect: { jitter, decide: budget() },
        }),
      );
      const counts: number[] = [];
      for (let second = 0; second < 60; second += 5) {
        await clock.advance(5_000);
        counts.push(page.connections.length);
      }
      const steps = counts.map((count, index) => count - (counts[index - 1] ?? 0)).slice(1);
      // Without it some eight times as many.
      expect(Math.max(...steps)).toBeLessThanOrEqual(most);
      expect(Math.min(...steps)).toBeGreaterThan(0);
      server.start();
      await clock.until(Promise.all(sockets.map((socket) => socket.whenOpen())), 40_000);
    },
  );

  it('has no word at the end that exhausts the limits, and takes no token for it', async () => {
    const environment = new FakeEnvironment();
    const budget = retryBudget({ tries: 1, perMs: 60_000, environment });
    const reconnect = { maxAttempts: 1, jitter: 'none', decide: budget() } as const;
    const world = await new World({ protocol: plain(), reconnect }, environment).accept();
    world.wire.closeBy(1006);
    await environment.advance(300);
    expect(environment.sockets.length).toBe(2);
    world.wire.closeBy(1006);
    await world.settle();
    expect(world.socket.getState()).toMatchObject({ phase: 'suspended', error: { code: 'RETRIES_EXHAUSTED' } });
    // One token was taken, not two.
    expect(budget()(END)).toBe(60_000 + 100 - 300);
  });

  it('works within a decide of the app', async () => {
    const environment = new FakeEnvironment();
    const shared = retryBudget({ tries: 1, perMs: 60_000, environment });
    shared()(END);
    const budget = shared();
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
    const decide = retryBudget({ tries: 1, perMs: 1_000, environment })();
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
