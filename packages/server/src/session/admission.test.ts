import { describe, expect, test } from 'vitest';
import { Admission, type AdmissionLimits } from './admission.ts';
import { World } from './engine.fixture.ts';

function gate(limits: AdmissionLimits): { world: World; admission: Admission } {
  const world = new World();
  return { world, admission: new Admission(limits, world.environment) };
}

describe('pace', () => {
  test('a burst at once, then one each interval; every other is given the next place', () => {
    const { world, admission } = gate({ perSecond: 10, burst: 3 });
    expect([1, 2, 3].map(() => admission.ask(undefined))).toEqual([null, null, null]);
    expect(admission.ask(undefined)).toEqual({ retryAfterMs: 100, slot: 'random-1' });
    world.time = 50;
    expect(admission.ask(undefined)).toEqual({ retryAfterMs: 150, slot: 'random-2' });
    // The queue is over: the bucket fills again.
    world.time = 10_000;
    admission.ask(undefined);
    expect([1, 2, 3].map(() => admission.ask(undefined)?.retryAfterMs)).toEqual([undefined, undefined, 100]);
  });

  test("without a burst of its own a second's worth comes at once", () => {
    const { admission } = gate({ perSecond: 5 });
    const answers = Array.from({ length: 6 }, () => admission.ask(undefined));
    expect(answers.findIndex((answer) => answer !== null)).toBe(5);
  });
});

describe('a place', () => {
  const refused = (): { world: World; admission: Admission; slot: string } => {
    const { world, admission } = gate({ perSecond: 1, burst: 1 });
    admission.ask(undefined);
    const { slot } = admission.ask(undefined) as { slot: string };
    return { world, admission, slot };
  };

  test.each([
    ['a little early', 750],
    ['at its time', 1_000],
    ['a little late', 5_999],
  ])('lets its client in once, %s', (_name, after) => {
    const { world, admission, slot } = refused();
    for (let place = 0; place < 20; place += 1) admission.ask(undefined);
    world.time = after;
    expect(admission.ask(slot)).toBeNull();
    expect(admission.ask(slot)).not.toBeNull();
  });

  test('lapses five seconds after its time, and is there for whoever comes first', () => {
    const { world, admission, slot } = refused();
    for (let place = 0; place < 20; place += 1) admission.ask(undefined);
    world.time = 6_000;
    expect(admission.ask(undefined)).toBeNull();
    expect(admission.ask(slot)).toMatchObject({ retryAfterMs: 16_000 });
  });

  test('used too early is kept, and told again', () => {
    const { world, admission, slot } = refused();
    world.time = 700;
    expect(admission.ask(slot)).toEqual({ retryAfterMs: 300, slot });
    world.time = 1_000;
    expect(admission.ask(slot)).toBeNull();
  });

  test('that nobody knows is none', () => {
    const { admission } = refused();
    expect(admission.ask('made-up')).toMatchObject({ retryAfterMs: 2_000 });
  });

  test('that nobody used goes to the next that comes without any', () => {
    const { world, admission } = gate({ perSecond: 1, burst: 1 });
    for (let place = 0; place < 60; place += 1) admission.ask(undefined);
    world.time = 6_000;
    expect([admission.ask(undefined), admission.ask(undefined)?.slot]).toEqual([null, expect.any(String)]);
  });
});

describe('bounds', () => {
  test('no place is kept further ahead than ten minutes', () => {
    const { world, admission } = gate({ perSecond: 1, burst: 1 });
    const answers = Array.from({ length: 700 }, () => admission.ask(undefined));
    expect(answers[600]).toMatchObject({ retryAfterMs: 600_000, slot: expect.any(String) });
    expect(answers[601]).toEqual({ retryAfterMs: 600_000 });
    // What was refused without a place makes the queue no longer.
    world.time = 1_000;
    expect(admission.ask(undefined)).toMatchObject({ retryAfterMs: 600_000, slot: expect.any(String) });
  });

  test('no more than 100,000 places are kept', () => {
    const { admission } = gate({ perSecond: 1_000_000, burst: 1 });
    const answers = Array.from({ length: 101_010 }, () => admission.ask(undefined));
    expect(answers.filter((answer) => typeof answer?.slot === 'string')).toHaveLength(100_000);
  });
});

describe('a herd of 2,000 at a server that takes 200 a second', () => {
  interface Try {
    readonly at: number;
    readonly client: number;
    readonly slot?: string | undefined;
  }

  /** Runs all tries in the order of their time; `next` says when a client that was refused comes again. */
  function run(
    next: (refusedAt: number, delay: { retryAfterMs: number; slot?: string | null }, client: number) => Try,
  ) {
    const { world, admission } = gate({ perSecond: 200, burst: 20 });
    const tries: Try[] = Array.from({ length: 2_000 }, (_, client) => ({ at: (client * 7) % 500, client }));
    const refusals = Array.from({ length: 2_000 }, () => 0);
    const admitted: number[] = [];
    while (tries.length > 0 && world.time < 60_000) {
      tries.sort((left, right) => right.at - left.at);
      const { at, client, slot } = tries.pop() as Try;
      world.time = at;
      const delay = admission.ask(slot);
      if (delay === null) admitted.push(at);
      else {
        refusals[client]! += 1;
        tries.push(next(at, delay, client));
      }
    }
    return { admitted, refusals };
  }

  test('with slots each is refused at most once, and all are in within the time that it takes', () => {
    const { admitted, refusals } = run((at, { retryAfterMs, slot }, client) => ({
      at: at + retryAfterMs + ((client * 37) % 300),
      client,
      slot: slot as string,
    }));
    expect(admitted).toHaveLength(2_000);
    expect(Math.max(...refusals)).toBe(1);
    expect(admitted.at(-1)).toBeLessThan(10_000 + 300);
    for (let from = 0; from < 10_000; from += 100) {
      // A connect takes up to 300 ms: so many more may meet in one second.
      expect(admitted.filter((at) => at >= from && at < from + 1_000).length).toBeLessThanOrEqual(20 + 260);
    }
  });

  test('clients that know nothing of slots are let in at nearly the full pace, once places begin to lapse', () => {
    const { admitted } = run((at, _delay, client) => ({ at: at + 500 + ((client * 37) % 1_000), client }));
    expect(admitted).toHaveLength(2_000);
    expect(admitted.at(-1)).toBeLessThan(20_000);
  });
});
