import { describe as suite, expect, it } from 'vitest';
import { describe } from './describe.ts';

suite('describe', () => {
  it.each([
    [null, 'null'],
    [undefined, 'undefined'],
    [true, 'the boolean true'],
    [-0.5, 'the number -0.5'],
    [Number.NaN, 'the number NaN'],
    ['secret', 'a string of 6'],
    [[1, 'secret'], 'an array of 2'],
    [{ secret: 'secret' }, 'an object'],
    [Object.create(null), 'an object'],
    [1n, 'bigint'],
    [Symbol('secret'), 'symbol'],
    [() => 'secret', 'function'],
  ])('says %o in a few words', (value, words) => {
    expect(describe(value)).toBe(words);
  });

  // What it says travels in `error` frames, whose message may have 1,024 characters.
  it('stays short, however long keys and values are', () => {
    const long = 'k'.repeat(100_000);
    for (const value of [
      { [long]: 1, [`${long}2`]: 1, [`${long}3`]: 1 },
      [long],
      long,
      { ['\u0000'.repeat(1_000)]: 1 },
    ]) {
      expect(describe(value).length).toBeLessThan(40);
    }
  });
});
