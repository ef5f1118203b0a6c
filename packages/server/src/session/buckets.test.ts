import { describe, expect, test } from 'vitest';
import { Bucket, Buckets } from './buckets.ts';
import { World } from './engine.fixture.ts';

describe('a bucket', () => {
  test('lets its burst through at once, then one after the other', () => {
    const world = new World();
    const bucket = new Bucket(10, 3, world.environment);
    const waits = Array.from({ length: 5 }, () => {
      const { waitMs } = bucket;
      if (waitMs === 0) bucket.take();
      return waitMs;
    });
    expect(waits).toEqual([0, 0, 0, 100, 100]);
    world.time = 100;
    expect(bucket.waitMs).toBe(0);
    bucket.take();
    expect(bucket.waitMs).toBe(100);
  });

  test('is full again after a quiet time, and never more than that', () => {
    const world = new World();
    const bucket = new Bucket(10, 2, world.environment);
    world.time = 1_000_000;
    bucket.take();
    bucket.take();
    expect(bucket.waitMs).toBe(100);
  });
});

describe('buckets by key', () => {
  test('know nothing of each other, and what is turned away costs nothing', () => {
    const world = new World();
    const buckets = new Buckets(1, 1, world.environment);
    expect([buckets.ask('a'), buckets.ask('a'), buckets.ask('a'), buckets.ask('b')]).toEqual([0, 1_000, 1_000, 0]);
  });

  test('take bounded memory: the one used longest ago goes first', () => {
    const world = new World();
    const buckets = new Buckets(1, 1, world.environment);
    buckets.ask('oldest');
    buckets.ask('kept');
    for (let index = 0; index < 99_998; index += 1) buckets.ask(`key ${index}`);
    buckets.ask('kept');
    buckets.ask('one more');
    expect([buckets.size, buckets.ask('kept'), buckets.ask('oldest')]).toEqual([100_000, 1_000, 0]);
  });
});
