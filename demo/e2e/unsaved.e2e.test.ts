import { expect, test } from 'vitest';
import { summarize } from '../server/tally.ts';
import { Unsaved } from '../src/conversation/unsaved.ts';
import { type LaneRecord, type Range, RECENT_RANGES } from '../src/messages.ts';

/** As much of sessionStorage as a tab has. */
function tabStorage(): Storage {
  const values = new Map<string, string>();
  return {
    getItem: (key: string) => values.get(key) ?? null,
    setItem: (key: string, value: string) => void values.set(key, value),
  } as Storage;
}

const record = (...ranges: readonly Range[]): LaneRecord => ({
  ...summarize({ received: 0, doubled: 0, outOfOrder: 0, ranges }),
  recent: ranges.slice(-RECENT_RANGES),
});

test('only what was not stored and never came is counted, once the server has something later', () => {
  const storage = tabStorage();
  new Unsaved(storage, 'run').pageGoes([98, 99, 100]);
  const unsaved = new Unsaved(storage, 'run');
  unsaved.learn(record([1, 95]));
  expect(unsaved.count).toBe(0);
  // 96 and 97 were stored, and are lost; 98 was on the wire, and came.
  unsaved.learn(record([1, 95], [98, 98], [101, 103]));
  expect(unsaved.count).toBe(2);
  unsaved.learn(record([1, 95], [98, 98], [101, 110]));
  expect(unsaved.count).toBe(2);
});

test('it adds up over reloads, and another run starts at nothing', () => {
  const storage = tabStorage();
  new Unsaved(storage, 'run').pageGoes([10]);
  const second = new Unsaved(storage, 'run');
  second.learn(record([1, 9], [11, 20]));
  second.pageGoes([21, 22]);
  const third = new Unsaved(storage, 'run');
  expect(third.count).toBe(1);
  third.learn(record([1, 9], [11, 20], [23, 23]));
  expect(third.count).toBe(3);
  expect(new Unsaved(storage, 'other').count).toBe(0);
});

test('a page that went before the server had told anything leaves what it knew to the next', () => {
  const storage = tabStorage();
  new Unsaved(storage, 'run').pageGoes([5, 6]);
  new Unsaved(storage, 'run').pageGoes([]);
  const unsaved = new Unsaved(storage, 'run');
  unsaved.learn(record([1, 4], [7, 7]));
  expect(unsaved.count).toBe(2);
});

test('nothing is said of numbers of which the server does not tell any more', () => {
  const storage = tabStorage();
  new Unsaved(storage, 'run').pageGoes([2]);
  const unsaved = new Unsaved(storage, 'run');
  unsaved.learn(
    record(...Array.from({ length: RECENT_RANGES + 1 }, (_, index): Range => [2 * index + 1, 2 * index + 1])),
  );
  expect(unsaved.count).toBe(0);
});
