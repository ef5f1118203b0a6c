import { describe, expect, it } from 'vitest';
import { Dice } from '../testing-fakes/random.fixture.ts';
import { backoffDelayMs } from './backoff.ts';

const options = { initialDelayMs: 500, factor: 2, maxDelayMs: 5_000 };

describe('backoffDelayMs', () => {
  it.each([
    [1, 250, 500],
    [2, 500, 1_000],
    [3, 1_000, 2_000],
    [4, 2_000, 4_000],
    [5, 2_500, 5_000],
    [50, 2_500, 5_000],
    [100_000, 2_500, 5_000],
  ])('retry %i waits from %i ms to below %i ms', (attempt, least, most) => {
    expect(backoffDelayMs(attempt, 0, options)).toBe(least);
    expect(backoffDelayMs(attempt, 0.5, options)).toBe((least + most) / 2);
    expect(backoffDelayMs(attempt, 0.999_999, options)).toBeLessThan(most);
  });

  // A jitter that is clamped afterwards gives every client of a server that is down the same delay.
  it('still differs from client to client at the longest delay', () => {
    const dice = new Dice(3);
    const delays = Array.from({ length: 1_000 }, () => backoffDelayMs(30, dice.number(), options));
    expect(new Set(delays).size).toBeGreaterThan(990);
    expect(Math.min(...delays)).toBeLessThan(2_600);
    expect(Math.max(...delays)).toBeGreaterThan(4_900);
  });

  it('keeps a longest delay that is below the first', () => {
    expect(backoffDelayMs(1, 0, { ...options, maxDelayMs: 100 })).toBe(50);
  });
});
