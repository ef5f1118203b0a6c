import { expect, test } from 'vitest';
import { demandedRows, lacking, type Coverage } from './coverage.ts';
import { FAULTS } from './plan.ts';
import { describeFailure, runSeed } from './run.ts';

/** The fixed seeds run in two files, so that two workers share them; each file demands its half of the coverage. */
export const SEEDS_PER_FILE = 1_200;
const BLOCK = 100;
const LEAST_PER_FILE = 10;

/** Situations that no plan can order, and that must come up all the same. */
const SITUATIONS = [
  'outcome delivered',
  'outcome REFUSED',
  'outcome HANDLER_FAILED',
  'outcome EXPIRED',
  'outcome ABORTED',
  'outcome OUTCOME_UNKNOWN',
  'outcome QUEUE_FULL',
  'outcome MESSAGE_POISONOUS',
  'run redelivered',
  'run killed',
  'marked double',
  'gap unknown-session',
  'gap buffer-overflow',
  'gap buffer-expired',
  'mail sent',
  'mail queued',
  'mail duplicate',
  'mail dropped',
  'mail in two sessions',
  'peer taken for dead',
  'server closed with 4408',
  'server closed with 4409',
  'server closed with 1012',
  'storage failed',
  'outcome INVALID_MESSAGE',
  'outcome MESSAGE_TOO_LARGE',
  'waited for room',
  'cleared',
  'cancelled',
  'not cancelled',
  'sent urgent',
  'sent bytes',
  'sent blob',
  'bytes up',
  'bytes down',
  'went to another address',
  'returned to the preferred address',
];

/** Declares the tests of the seeds from `first` on: one test a block, and one for what they have reached. */
export function testSeeds(first: number): void {
  const coverage: Coverage = new Map();
  for (let from = first; from < first + SEEDS_PER_FILE; from += BLOCK) {
    test(`seeds ${from} to ${from + BLOCK - 1} keep every invariant`, async () => {
      for (let seed = from; seed < from + BLOCK; seed += 1) {
        const result = await runSeed(seed, { coverage });
        if (result.fault !== null) expect.fail(describeFailure(result));
      }
    });
  }

  test('they reach every row of the transition table, every kind of fault and every situation', () => {
    const faults = Object.keys(FAULTS).map((kind) => `did ${kind}`);
    expect(lacking(coverage, [...demandedRows(), ...faults, ...SITUATIONS], LEAST_PER_FILE)).toEqual([]);
  });
}
