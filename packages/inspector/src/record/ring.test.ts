import { expect, test } from 'vitest';
import { Ring } from './ring.ts';

test('keeps the newest, and counts what had to go', () => {
  const ring = new Ring<number>(3);
  expect(ring.last).toBeUndefined();
  expect(ring.at(0)).toBeUndefined();
  for (let n = 1; n <= 5; n += 1) ring.push(n);
  expect(ring.toArray()).toEqual([3, 4, 5]);
  expect(ring.toArray(2)).toEqual([4, 5]);
  expect([ring.at(0), ring.at(2), ring.at(3), ring.at(-1)]).toEqual([3, 5, undefined, undefined]);
  expect([ring.length, ring.dropped, ring.last]).toEqual([3, 2, 5]);
  ring.replace(1, 40);
  ring.replace(9, 90);
  expect(ring.toArray()).toEqual([3, 40, 5]);
  ring.clear();
  expect([ring.length, ring.dropped, ring.toArray()]).toEqual([0, 0, []]);
});
