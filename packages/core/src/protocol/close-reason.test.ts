import { describe, expect, it } from 'vitest';
import { Dice } from '../testing-fakes/random.fixture.ts';
import { readCloseReason } from './close-reason.ts';

describe('readCloseReason', () => {
  it.each<[reason: string, retryAfterMs: number | null, slot: string | null]>([
    ['', null, null],
    ['going away', null, null],
    ['retry-after-ms=1500', 1_500, null],
    ['busy; retry-after-ms=1500; slot=a1B2', 1_500, 'a1B2'],
    ['retry-after-ms=0; slot=_-_', 0, '_-_'],
    ['slot=first; retry-after-ms=7', 7, 'first'],
    [`retry-after-ms=1; slot=${'x'.repeat(64)}`, 1, 'x'.repeat(64)],
    // A slot says nothing without the time at which it begins.
    ['slot=a1B2', null, null],
    // More than ten minutes is asked again by then.
    ['retry-after-ms=600001', 600_000, null],
    ['retry-after-ms=999999999', 600_000, null],
    [`retry-after-ms=${'9'.repeat(100)}`, 600_000, null],
  ])('%j: %s ms, slot %s', (reason, retryAfterMs, slot) => {
    expect(readCloseReason(reason)).toEqual({ retryAfterMs, slot });
  });

  it.each([
    'retry-after-ms=',
    'retry-after-ms=-5',
    'retry-after-ms=soon',
    'retry-after-ms=1e9',
    'retry-after-ms 5',
    'retry-after=5',
    'Retry-After-Ms=5',
    'do_not_retry-after-ms=5x',
  ])('takes nothing from %j', (reason) => {
    expect(readCloseReason(reason)).toEqual({ retryAfterMs: null, slot: null });
  });

  it.each(['slot=', `slot=${'x'.repeat(65)}`, 'slot=ä', 'slots=a', 'slot a'])('takes no slot from %j', (slot) => {
    expect(readCloseReason(`retry-after-ms=5; ${slot}`)).toEqual({ retryAfterMs: 5, slot: null });
  });

  it('never throws, and gives what can be waited for and offered, whatever a server says', () => {
    const dice = new Dice(1);
    const parts = ['retry-after-ms=', 'slot=', '9', '0', '-', '; ', 'a', '_', '\u0000', '漢', ' ', '='];
    for (let round = 0; round < 5_000; round += 1) {
      const reason = Array.from({ length: dice.below(12) }, () => dice.pick(parts)).join('');
      const { retryAfterMs, slot } = readCloseReason(reason);
      if (retryAfterMs !== null) expect(retryAfterMs >= 0 && retryAfterMs <= 600_000, reason).toBe(true);
      if (slot !== null) expect(slot, reason).toMatch(/^[\w-]{1,64}$/);
    }
  });
});
