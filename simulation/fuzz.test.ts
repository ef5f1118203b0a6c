import { expect, test } from 'vitest';
import { fuzzRound } from './fuzz.ts';

test.each([1, 2, 3])(
  'no frame crashes an end, makes it grow or fails without a type (seed %i)',
  async (seed) => {
    const seen = await fuzzRound(seed, 6_000);
    // It gets far: frames are taken, and broken ones are told apart.
    expect([...seen.keys()]).toEqual(expect.arrayContaining(['server closed with 1002', 'client said PROTOCOL_ERROR']));
  },
  30_000,
);
