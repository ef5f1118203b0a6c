// @vitest-environment node
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { InspectorLog } from './log.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

test('tells at most five times a second, and never while nobody looks', async () => {
  const log = new InspectorLog(10);
  log.traffic(0, 'up', 1);
  expect(vi.getTimerCount()).toBe(0);

  const told = vi.fn();
  const stop = log.subscribe(told);
  for (let ms = 0; ms < 1_000; ms += 1) {
    log.traffic(ms, 'down', 1);
    await vi.advanceTimersByTimeAsync(1);
  }
  expect(told.mock.calls.length).toBeGreaterThan(2);
  expect(told.mock.calls.length).toBeLessThanOrEqual(5);

  log.changed();
  stop();
  await vi.advanceTimersByTimeAsync(1_000);
  expect(told.mock.calls.length).toBeLessThanOrEqual(5);
});

test('counts by the second, up and down', () => {
  const log = new InspectorLog(10);
  log.traffic(1_900, 'up', 10);
  log.traffic(1_999, 'down', 20);
  log.traffic(2_000, 'up', 30);
  // A clock that jumps back makes no second one.
  log.traffic(1_500, 'up', 40);
  expect(log.seconds.toArray()).toEqual([
    { second: 1, messagesUp: 1, bytesUp: 10, messagesDown: 1, bytesDown: 20 },
    { second: 2, messagesUp: 2, bytesUp: 70, messagesDown: 0, bytesDown: 0 },
  ]);
});

test('what a producer has reached only rises', () => {
  const log = new InspectorLog(10);
  log.producer('a', { sent: 5, settled: 3 });
  log.producer('a', { sent: 2, settled: 4, refused: 1 });
  log.producer('a', { refused: 1, isFinished: true });
  log.producer('a', {});
  expect(log.producers.get('a')).toEqual({
    id: 'a',
    nextSeq: 6,
    sent: 5,
    settled: 4,
    refused: 2,
    isFinished: true,
  });
});

test('frames are forgotten by themselves: what the other views show stays', () => {
  const log = new InspectorLog(10);
  log.state({ at: 1, phase: 'connecting', reason: 'start', attempt: 0, retryAt: null, code: null });
  log.frame(3, 1, 'up', { kind: 'text', text: '', bytes: 1, payload: null });
  log.traffic(3, 'up', 1);
  log.clearFrames();
  expect([log.frames.length, log.states.length, log.seconds.length]).toEqual([0, 1, 1]);
});
