import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { workerTimers } from './worker-timers.ts';

/** Workers that keep what they are told; a test lets them answer. */
class FakeWorker {
  static all: FakeWorker[] = [];
  readonly told: unknown[] = [];
  isTerminated = false;
  onmessage: ((event: { data: number }) => void) | null = null;
  onerror: (() => void) | null = null;

  constructor() {
    FakeWorker.all.push(this);
  }

  postMessage(message: unknown): void {
    this.told.push(message);
  }

  terminate(): void {
    this.isTerminated = true;
  }
}

const page = { hidden: false };

beforeEach(() => {
  vi.useFakeTimers();
  FakeWorker.all = [];
  page.hidden = false;
  vi.stubGlobal('document', page);
  vi.stubGlobal('Worker', FakeWorker);
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe('the timers of a worker', () => {
  it('are started with the first timer that a hidden page would slow down, and rest some time after the last', () => {
    const { setTimer } = workerTimers();
    setTimer(100, () => {})();
    expect(FakeWorker.all).toEqual([]);
    const run = vi.fn<() => void>();
    const cancels = [setTimer(1_000, run), setTimer(60_000, run)];
    const [worker] = FakeWorker.all;
    const both = [
      [1, 1_000],
      [2, 60_000],
    ];
    expect([FakeWorker.all.length, worker?.told]).toEqual([1, both]);
    cancels[0]?.();
    expect(worker?.told.at(-1)).toEqual([1]);
    cancels[1]?.();
    // One timer often follows another.
    vi.advanceTimersByTime(9_000);
    setTimer(60_000, run)();
    vi.advanceTimersByTime(9_000);
    expect([FakeWorker.all.length, worker?.isTerminated]).toEqual([1, false]);
    vi.advanceTimersByTime(1_000);
    expect([worker?.isTerminated, run.mock.calls.length, vi.getTimerCount()]).toEqual([true, 0, 0]);
    setTimer(5_000, run);
    expect(FakeWorker.all.length).toBe(2);
  });

  it('wait for ever where that was asked for: a delay that is too long for a timer would be none', () => {
    workerTimers().setTimer(Infinity, () => {});
    expect(FakeWorker.all[0]?.told).toEqual([[1, 2_147_483_647]]);
  });

  it('run once, by whichever is first: the worker or the page', () => {
    const { setTimer } = workerTimers();
    const [byWorker, byPage] = [vi.fn<() => void>(), vi.fn<() => void>()];
    setTimer(1_000, byWorker);
    setTimer(2_000, byPage);
    const [worker] = FakeWorker.all;
    worker?.onmessage?.({ data: 1 });
    expect(byWorker).toHaveBeenCalledOnce();
    vi.advanceTimersByTime(2_000);
    worker?.onmessage?.({ data: 1 });
    worker?.onmessage?.({ data: 2 });
    expect([byWorker.mock.calls.length, byPage.mock.calls.length]).toEqual([1, 1]);
  });

  it('are for short ones, too, while the page is hidden', () => {
    page.hidden = true;
    workerTimers().setTimer(20, () => {});
    expect(FakeWorker.all[0]?.told).toEqual([[1, 20]]);
  });

  it.each([
    ['there are none', () => vi.stubGlobal('Worker', undefined)],
    [
      'making one throws',
      () =>
        vi.stubGlobal('Worker', function Refused() {
          throw new DOMException('refused', 'SecurityError');
        }),
    ],
    ['there is no page', () => vi.stubGlobal('document', undefined)],
    ['there are no URLs for what a script makes', () => vi.stubGlobal('URL', {})],
  ])('are the ones of the page where %s', (_case, prepare) => {
    prepare();
    const { setTimer } = workerTimers();
    const run = vi.fn<() => void>();
    setTimer(1_000, run);
    setTimer(1_000, run)();
    vi.advanceTimersByTime(1_000);
    expect([run.mock.calls.length, FakeWorker.all.length, vi.getTimerCount()]).toEqual([1, 0, 0]);
  });

  it('are the ones of the page from when its policy has refused the worker', () => {
    const { setTimer } = workerTimers();
    const run = vi.fn<() => void>();
    setTimer(1_000, run);
    const [worker] = FakeWorker.all;
    worker?.onerror?.();
    setTimer(1_000, run);
    vi.advanceTimersByTime(1_000);
    expect([run.mock.calls.length, worker?.isTerminated, FakeWorker.all.length]).toEqual([2, true, 1]);
  });
});
