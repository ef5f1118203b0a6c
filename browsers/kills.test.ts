import { describe, expect, test } from 'vitest';
import { findBrowser } from '../scripts/find-browser.mjs';
import type { TakenRecord } from './kills-server.ts';
import { judge, Ledger } from './kills-verdict.ts';
import { runKills } from './kills.ts';

// Many more of them: npm run kills -- --chromium 50 --firefox 10.
describe.each(['chromium', 'firefox'] as const)('%s is killed while two tabs write', (browser) => {
  const kills = browser === 'chromium' ? 3 : 1;
  test.skipIf(findBrowser(browser).path === undefined).each([true, false])(
    'nothing stored is lost or doubled unmarked; with the position hook: %s',
    async (hasPositions) => {
      const figures = await runKills({ browser, kills, hasPositions, seed: 1 });
      expect(figures.stored).toBeGreaterThan(0);
    },
    300_000,
  );
});

describe('the verdict', () => {
  const record = (number: number, more: Partial<TakenRecord> = {}): TakenRecord => ({
    tab: 'A',
    life: 1,
    number,
    producer: 'p',
    seq: number,
    isMarked: false,
    ...more,
  });
  const ledger = new Ledger();
  ledger.note({ tab: 'A', life: 1, sent: 3, stored: [1, 3] });

  test('counts', () => {
    const taken = [record(1), record(2), record(2, { isMarked: true }), record(3)];
    expect(judge(ledger, taken, false)).toEqual({ sent: 3, stored: 2, taken: 3, doubledMarked: 1 });
  });

  test.each([
    ['1 were stored and are lost: A1:3', [record(1), record(2)], false],
    ['1 were doubled without a mark: A1:1', [record(1), record(1), record(3)], false],
    ['1 were doubled in spite of the position hook: A1:1', [record(1), record(1, { isMarked: true }), record(3)], true],
    ['1 came out of order: A1:1', [record(3), record(1)], false],
    ['1 came out of order: A1:3', [record(1, { seq: 2 }), record(3, { seq: 1 })], false],
  ] as const)('%s', (complaint, taken, hasPositions) => {
    expect(() => judge(ledger, taken, hasPositions)).toThrow(complaint);
  });
});
