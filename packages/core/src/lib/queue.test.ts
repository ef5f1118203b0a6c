import { describe, expect, it } from 'vitest';
import { Dice } from '../testing-fakes/random.fixture.ts';
import { Queue } from './queue.ts';

describe('a queue', () => {
  it('gives back what it was given, in the order in which it came, however pushes and shifts follow each other', () => {
    const dice = new Dice(1);
    const queue = new Queue<number>();
    const model: number[] = [];
    for (let step = 0; step < 5_000; step += 1) {
      if (dice.chance(0.5)) {
        queue.push(step);
        model.push(step);
      } else expect(queue.shift()).toBe(model.shift());
      if (dice.chance(0.01)) {
        queue.clear();
        model.length = 0;
      }
      expect(queue.length).toBe(model.length);
    }
  });
});
