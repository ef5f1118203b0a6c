import { describe, expect, it } from 'vitest';
import { Dice } from '../testing-fakes/random.fixture.ts';
import { Deque } from './deque.ts';

function dequeOf(...items: number[]): Deque<number> {
  const deque = new Deque<number>();
  for (const item of items) deque.push(item);
  return deque;
}

describe('Deque', () => {
  it('gives back in the order of pushes', () => {
    const deque = dequeOf(1, 2, 3);
    expect([deque.shift(), deque.shift(), deque.shift(), deque.shift()]).toEqual([1, 2, 3, undefined]);
    expect(deque.length).toBe(0);
  });

  it('counts positions from the front, and has nothing outside', () => {
    const deque = dequeOf(1, 2, 3);
    deque.shift();
    expect([deque.at(-1), deque.at(0), deque.at(1), deque.at(2)]).toEqual([undefined, 2, 3, undefined]);
  });

  it('is empty after clear, and can be used again', () => {
    const deque = dequeOf(1, 2, 3);
    deque.shift();
    deque.clear();
    expect([deque.length, deque.at(0), deque.shift()]).toEqual([0, undefined, undefined]);
    deque.push(4);
    expect([...deque]).toEqual([4]);
  });

  it('does as an array does, over thousands of random steps', () => {
    const dice = new Dice(1);
    const deque = new Deque<number>();
    let model: number[] = [];
    for (let step = 0; step < 20_000; step += 1) {
      if (dice.chance(0.001)) {
        deque.clear();
        model = [];
      } else if (dice.chance(step % 2_000 < 1_000 ? 0.6 : 0.4)) {
        deque.push(step);
        model.push(step);
      } else {
        expect(deque.shift()).toBe(model.shift());
      }
      expect(deque.length).toBe(model.length);
      const position = dice.below(model.length + 2);
      expect(deque.at(position)).toBe(model[position]);
    }
    expect([...deque]).toEqual(model);
  });

  describe('in the middle of a loop', () => {
    // Settling an entry drops it at the front, while somebody walks over all entries to settle those that expired.
    it('skips nothing when the front is shifted', () => {
      const deque = dequeOf(1, 2, 3, 4, 5);
      const seen: number[] = [];
      for (const item of deque) {
        seen.push(item);
        if (item !== 3) deque.shift();
      }
      expect(seen).toEqual([1, 2, 3, 4, 5]);
    });

    it('goes on behind what was shifted ahead of it', () => {
      const deque = dequeOf(1, 2, 3, 4, 5);
      const seen: number[] = [];
      for (const item of deque) {
        seen.push(item);
        if (item === 1) for (let count = 0; count < 3; count += 1) deque.shift();
      }
      expect(seen).toEqual([1, 4, 5]);
    });

    it('skips nothing when the space of many shifted items is given back', () => {
      const deque = dequeOf(...Array.from({ length: 100 }, (_, index) => index));
      const seen: number[] = [];
      for (const item of deque) {
        seen.push(item);
        deque.shift();
      }
      expect(seen).toEqual(Array.from({ length: 100 }, (_, index) => index));
    });

    it('hears of what is pushed, and ends when it is cleared', () => {
      const deque = dequeOf(1, 2);
      const seen: number[] = [];
      for (const item of deque) {
        seen.push(item);
        if (item === 1) deque.push(3);
        if (item === 3) deque.clear();
      }
      expect(seen).toEqual([1, 2, 3]);
    });
  });
});
