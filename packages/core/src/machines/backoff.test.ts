import { describe, expect, it } from 'vitest';
import { Dice } from '../testing-fakes/random.fixture.ts';
import { anyJitter, type BackoffOptions, type Jitter } from './backoff.ts';

const options: BackoffOptions = { initialDelayMs: 500, factor: 2, maxDelayMs: 5_000, jitter: 'equal' };

describe('anyJitter', () => {
  const bounds: readonly [Jitter, number, number, number][] = [
    ['equal', 1, 250, 500],
    ['equal', 4, 2_000, 4_000],
    ['equal', 5, 2_500, 5_000],
    ['equal', 100_000, 2_500, 5_000],
    ['full', 1, 0, 500],
    ['full', 50, 0, 5_000],
    ['none', 1, 500, 500],
    ['none', 50, 5_000, 5_000],
  ];
  it.each(bounds)('with jitter %s retry %i waits from %i to %i ms', (jitter, attempt, least, most) => {
    const given = { ...options, jitter };
    expect(anyJitter(attempt, 0, 0, given)).toBe(least);
    expect(anyJitter(attempt, 0.5, 0, given)).toBe((least + most) / 2);
    expect(anyJitter(attempt, 0.999_999, 0, given)).toBeLessThanOrEqual(most);
  });

  it('with decorrelated jitter waits from the initial delay to three times the last one', () => {
    const given: BackoffOptions = { ...options, jitter: 'decorrelated' };
    expect([anyJitter(1, 0, 0, given), anyJitter(1, 0.5, 0, given)]).toEqual([500, 1_000]);
    expect([anyJitter(7, 0, 1_200, given), anyJitter(7, 0.5, 1_200, given)]).toEqual([500, 2_050]);
    expect(anyJitter(7, 0.5, 4_000, given)).toBe(2_750);
  });

  // A jitter that is clamped afterwards gives every client of a server that is down the same delay.
  it.each(['equal', 'full', 'decorrelated'] as const)(
    'with jitter %s clients still differ at the longest delay',
    (jitter) => {
      const dice = new Dice(3);
      const delays = Array.from({ length: 1_000 }, () => anyJitter(30, dice.number(), 1_600, { ...options, jitter }));
      expect(new Set(delays).size).toBeGreaterThan(900);
    },
  );

  it('keeps a longest delay that is below the first', () => {
    expect(anyJitter(1, 0, 0, { ...options, maxDelayMs: 100 })).toBe(50);
    expect(anyJitter(1, 0.9, 0, { ...options, jitter: 'decorrelated', maxDelayMs: 100 })).toBe(100);
    expect(anyJitter(1, 0.9, 900, { ...options, jitter: 'decorrelated', maxDelayMs: 100 })).toBe(100);
  });

  it('never shrink', () => {
    const options = { initialDelayMs: 300, factor: 0.5, maxDelayMs: 6_500, jitter: 'none' } as const;
    expect(anyJitter(50, 0.5, 0, options)).toBe(300);
  });
});
