import { describe, expect, it } from 'vitest';
import { explore, PlanFailed } from './explore.ts';
import { Random } from './random.ts';
import { shrink } from './shrink.ts';

const numbers = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

describe('shrink', () => {
  it.each([
    { needs: [7] },
    { needs: [0] },
    { needs: [99] },
    { needs: [0, 99] },
    { needs: [3, 4, 5] },
    { needs: [1, 17, 50, 51, 98] },
    { needs: numbers(100) },
    { needs: [] },
  ])('finds exactly what the failure needs: $needs', async ({ needs }) => {
    const smallest = await shrink(numbers(100), (some) => needs.every((each) => some.includes(each)));
    expect(smallest).toEqual(needs);
  });

  it('gives a plan from which nothing can be left out, also where failures need a choice', async () => {
    // Any three neighbours will do: leaving one out of them must not.
    const fails = (some: readonly number[]): boolean =>
      some.some((each) => some.includes(each + 1) && some.includes(each + 2));
    const smallest = await shrink(numbers(64), fails);
    expect(smallest).toHaveLength(3);
    for (const each of smallest) expect(fails(smallest.filter((other) => other !== each))).toBe(false);
  });

  it('tells alike actions apart', async () => {
    const smallest = await shrink(['x', 'x', 'x', 'x', 'x'], (some) => some.length >= 2);
    expect(smallest).toEqual(['x', 'x']);
  });

  it('needs far fewer runs than there are plans, never runs one twice, and waits for each', async () => {
    const runs: string[] = [];
    await shrink(numbers(128), async (some) => {
      await Promise.resolve();
      runs.push(some.join());
      return some.includes(5) && some.includes(100);
    });
    expect(runs.length).toBeLessThan(128);
    expect(new Set(runs).size).toBe(runs.length);
  });

  it('stops after its most runs with what it has', async () => {
    let runs = 0;
    const fails = (some: readonly number[]): boolean => {
      runs += 1;
      return some.includes(5);
    };
    const smallest = await shrink(numbers(1_000), fails, 3);
    expect(runs).toBe(3);
    expect(smallest).toContain(5);
    expect(smallest.length).toBeLessThan(1_000);
    expect(await shrink(numbers(10), fails, 0)).toEqual(numbers(10));
  });
});

describe('explore', () => {
  /** A queue that loses what is added while it is full. */
  const run = (actions: readonly { add: number }[]): void => {
    const total = actions.reduce((sum, { add }) => sum + add, 0);
    if (total >= 10) throw new RangeError(`overflow at ${total}`);
  };
  const plan = (random: Random): { add: number }[] => Array.from({ length: 12 }, () => ({ add: random.whole(0, 4) }));

  it('resolves with the number of seeds when all is well', async () => {
    const seeds: number[] = [];
    const ran: number[] = [];
    const count = await explore({
      seeds: 5,
      plan: (_, seed) => {
        seeds.push(seed);
        return [seed];
      },
      run: (actions, seed) => void ran.push(...actions, seed),
    });
    expect([count, seeds, ran]).toEqual([5, [1, 2, 3, 4, 5], [1, 1, 2, 2, 3, 3, 4, 4, 5, 5]]);
    expect(await explore({ seeds: new Set([7]), plan: () => [], run: () => {} })).toBe(1);
  });

  it('draws another plan from each seed, the same for the same', async () => {
    const plans: string[] = [];
    await explore({
      seeds: [1, 2, 3, 1],
      plan,
      run: (actions) => void plans.push(JSON.stringify(actions)),
      isSame: () => true,
    });
    expect([new Set(plans).size, plans[3]]).toEqual([3, plans[0]]);
  });

  it('throws the first failure with its seed, its smallest plan and its cause', async () => {
    const error: unknown = await explore({ seeds: 100, plan, run }).catch((fault: unknown) => fault);
    expect(error).toBeInstanceOf(PlanFailed);
    const { seed, actions, planned, cause, message } = error as PlanFailed<{ add: number }>;
    expect(planned).toBe(12);
    expect(() => run(actions)).toThrow((cause as Error).message);
    for (const action of actions) expect(() => run(actions.filter((other) => other !== action))).not.toThrow();
    expect(message).toContain(`seed ${seed} failed with ${actions.length} of 12 actions:\n  {"add":`);
    expect(message).toContain('RangeError: overflow at');
    const again: unknown = await explore({ seeds: [seed], plan, run }).catch((fault: unknown) => fault);
    expect((again as PlanFailed).actions).toEqual(actions);
  });

  it('does not take another failure for the same one', async () => {
    const fragile = (actions: readonly number[]): void => {
      if (!actions.includes(1)) throw new TypeError('nothing was set up');
      if (actions.includes(2)) throw new RangeError('the fault');
    };
    const error: unknown = await explore({ seeds: 1, plan: () => [0, 1, 2, 3], run: fragile }).catch(
      (fault: unknown) => fault,
    );
    expect(error).toMatchObject({ actions: [1, 2], cause: { message: 'the fault' } });
    const loose: unknown = await explore({
      seeds: 1,
      plan: () => [0, 1, 2, 3],
      run: fragile,
      isSame: () => true,
    }).catch((fault: unknown) => fault);
    expect(loose).toMatchObject({ actions: [] });
  });

  it('tells failures of one name apart by their code', async () => {
    const fragile = (actions: readonly number[]): void => {
      throw Object.assign(new Error('too'), { code: actions.length > 2 ? 'MANY' : 'FEW' });
    };
    const error: unknown = await explore({ seeds: 1, plan: () => [1, 2, 3, 4, 5], run: fragile }).catch(
      (fault: unknown) => fault,
    );
    expect(error).toMatchObject({ planned: 5, cause: { code: 'MANY' } });
    expect((error as PlanFailed).actions).toHaveLength(3);
  });

  it('leaves the plan as it is when it may not run it again', async () => {
    const error: unknown = await explore({ seeds: 100, plan, run, maxShrinkRuns: 0 }).catch((fault: unknown) => fault);
    expect((error as PlanFailed).actions).toHaveLength(12);
  });
});

describe('chance', () => {
  it('is the same for the same seed and stream, and another for another', () => {
    const draw = (seed: number, stream?: string): number[] => {
      const random = new Random(seed, stream);
      return Array.from({ length: 5 }, () => random.next());
    };
    expect(draw(1)).toEqual(draw(1));
    expect(draw(1)).not.toEqual(draw(2));
    expect(draw(1, 'a')).not.toEqual(draw(1, 'b'));
  });

  it('keeps to its bounds and reaches all of them', () => {
    const random = new Random(3);
    const draws = Array.from({ length: 2_000 }, () => ({
      next: random.next(),
      between: random.between(5, 7),
      whole: random.whole(-1, 1),
      pick: random.pick(['a', 'b']),
      weighted: random.weighted({ often: 9, never: 0, seldom: 1 }),
    }));
    for (const { next, between } of draws) {
      expect(next >= 0 && next < 1).toBe(true);
      expect(between >= 5 && between < 7).toBe(true);
    }
    expect(new Set(draws.map(({ whole }) => whole))).toEqual(new Set([-1, 0, 1]));
    expect(new Set(draws.map(({ pick }) => pick))).toEqual(new Set(['a', 'b']));
    expect(new Set(draws.map(({ weighted }) => weighted))).toEqual(new Set(['often', 'seldom']));
    const often = draws.filter(({ weighted }) => weighted === 'often').length;
    expect(often > 1_700 && often < 1_900).toBe(true);
    const mean = draws.reduce((sum, { next }) => sum + next, 0) / draws.length;
    expect(Math.abs(mean - 0.5)).toBeLessThan(0.03);
    const hits = Array.from({ length: 1_000 }, () => random.hits(0.2)).filter(Boolean).length;
    expect(hits > 140 && hits < 260).toBe(true);
    expect(random.hex(33)).toMatch(/^[0-9a-f]{33}$/);
    expect(() => random.pick([])).toThrow(RangeError);
  });
});
