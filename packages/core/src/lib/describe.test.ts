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
    [{ a: 'secret', b: 2 }, 'an object with keys ["a","b"]'],
    [{}, 'an object with keys []'],
    [1n, 'bigint'],
    [Symbol('secret'), 'symbol'],
    [() => 'secret', 'function'],
  ])('says %o in a few words', (value, words) => {
    expect(describe(value)).toBe(words);
  });

  it('names five keys at most', () => {
    expect(describe({ a: 1, b: 1, c: 1, d: 1, e: 1, f: 1 })).toBe('an object with keys ["a","b","c","d","e"]');
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
      expect(describe(value).length).toBeLessThan(400);
    }
  });
});
