import { describe, expect, it } from 'vitest';
import { Dice } from '../testing-fakes/random.fixture.ts';
import { utf8Length } from './utf8.ts';

const encoder = new TextEncoder();

describe('utf8Length', () => {
  it.each([
    ['', 0],
    ['abc', 3],
    ['\u007f', 1],
    ['\u0080', 2],
    ['\u07ff', 2],
    ['\u0800', 3],
    ['漢', 3],
    ['\uffff', 3],
    ['🐟', 4],
    ['a🐟b', 6],
    ['\ud83d', 3],
    ['\udc1f', 3],
    ['\ud83d\ud83d\udc1f', 7],
    ['\udc1f\ud83d', 6],
    ['\ud83dx', 4],
  ])('%j has %i bytes', (text, bytes) => {
    expect(utf8Length(text)).toBe(bytes);
    expect(encoder.encode(text).length).toBe(bytes);
  });

  it('says what an encoder says, for thousands of random texts', () => {
    const dice = new Dice(2);
    const units = [0x41, 0x7f, 0x80, 0x7ff, 0x800, 0xd7ff, 0xd800, 0xdbff, 0xdc00, 0xdfff, 0xe000, 0xffff];
    for (let round = 0; round < 5_000; round += 1) {
      const text = String.fromCharCode(...Array.from({ length: dice.below(12) }, () => dice.pick(units)));
      expect(utf8Length(text), JSON.stringify(text)).toBe(encoder.encode(text).length);
    }
  });
});
