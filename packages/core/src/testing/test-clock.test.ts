import { afterEach, describe, expect, it, vi } from 'vitest';
import { globalClock, OwnClock } from './test-clock.ts';
import { turn, VirtualClock } from './virtual-clock.ts';

afterEach(() => {
  vi.useRealTimers();
});

describe('virtual time', () => {
  it('runs tasks at their times, and those of one time in the order in which they were made', async () => {
    const clock = new VirtualClock();
    const ran: string[] = [];
    for (const [ms, name] of [
      [30, 'd'],
      [10, 'a'],
      [10, 'b'],
      [20, 'c'],
      [-5, 'now'],
    ] as const) {
      clock.after(ms, () => ran.push(`${name} ${clock.now}`));
    }
    expect(clock.nextAt).toBe(0);
    await clock.run(20, () => true);
    expect(ran).toEqual(['now 0', 'a 10', 'b 10', 'c 20']);
    expect([clock.now, clock.nextAt, clock.ran]).toEqual([20, 30, 4]);
    await clock.run(100, () => true);
    expect([ran.at(-1), clock.now, clock.nextAt]).toEqual(['d 30', 100, null]);
  });

  it('keeps the order of many tasks', async () => {
    const clock = new VirtualClock(() => Promise.resolve());
    const ran: number[] = [];
    const times = Array.from({ length: 500 }, (_, index) => (index * 7919) % 101);
    times.forEach((ms, index) => clock.after(ms, () => ran.push(ms * 1_000 + index)));
    await clock.run(1_000, () => true);
    expect(ran).toEqual(times.map((ms, index) => ms * 1_000 + index).sort((one, two) => one - two));
  });

  it('runs what a task leaves behind before the next task', async () => {
    const clock = new VirtualClock();
    const order: string[] = [];
    clock.after(1, () => {
      void Promise.resolve()
        .then(() => {})
        .then(() => order.push('promise of the first'));
    });
    clock.after(1, () => order.push('second'));
    await clock.run(1, () => true);
    expect(order).toEqual(['promise of the first', 'second']);
  });

  it('stops where it is told to, and does not run ahead', async () => {
    const clock = new VirtualClock();
    clock.after(5, () => {});
    clock.after(6, () => expect.fail('it ran on'));
    await clock.run(10, () => false);
    expect(clock.now).toBe(5);
  });

  it('forgets what is cancelled', async () => {
    const clock = new VirtualClock();
    const cancel = clock.after(5, () => expect.fail('it was cancelled'));
    cancel();
    expect(clock.nextAt).toBe(null);
    await clock.run(10, () => true);
    expect(clock.ran).toBe(0);
  });
});

describe("the test's clock", () => {
  it('advances by and to a time, with the promises before and after', async () => {
    const clock = new OwnClock();
    const seen: number[] = [];
    const later = async (): Promise<void> => {
      for (let turns = 0; turns < 30; turns += 1) await Promise.resolve();
      clock.after(0, () => seen.push(clock.now));
    };
    void later();
    await clock.advance(10);
    clock.after(5, () => seen.push(clock.now));
    await clock.advanceTo(15);
    await clock.advanceTo(3);
    await clock.advance(-3);
    expect([seen, clock.now]).toEqual([[0, 15], 15]);
  });

  it('goes one way after the other when two ask at the same time', async () => {
    const clock = new OwnClock();
    const order: string[] = [];
    for (const ms of [3, 6, 13, 16]) {
      clock.after(ms, () => void Promise.resolve().then(() => order.push(`task ${clock.now}`)));
    }
    await Promise.all([1, 2].map((call) => clock.advance(10).then(() => order.push(`call ${call} ${clock.now}`))));
    expect(order).toEqual(['task 3', 'task 6', 'call 1 10', 'task 13', 'task 16', 'call 2 20']);
  });

  it('waits for a condition, and no longer', async () => {
    const clock = new OwnClock();
    let isSo = false;
    clock.after(40, () => {
      isSo = true;
    });
    clock.after(41, () => expect.fail('it ran on'));
    await clock.until(() => isSo);
    expect(clock.now).toBe(40);
    await clock.until(() => isSo);
    expect(clock.now).toBe(40);
  });

  it('waits for a promise, and gives its value or its error', async () => {
    const clock = new OwnClock();
    const after = <T>(ms: number, value: T): Promise<T> =>
      new Promise((resolve) => {
        clock.after(ms, () => resolve(value));
      });
    expect(await clock.until(after(7, 'x'))).toBe('x');
    expect(clock.now).toBe(7);
    expect(await clock.until(Promise.resolve('at once'))).toBe('at once');
    await expect(clock.until(Promise.reject(new Error('its own')))).rejects.toThrow('its own');
    expect(clock.now).toBe(7);
  });

  it('says so when it waits for nothing', async () => {
    const clock = new OwnClock();
    await expect(clock.until(() => false, 500)).rejects.toThrow(
      "still not so after 500 ms of the world's time; nothing is left that could change it",
    );
    expect(clock.now).toBe(500);
    clock.after(1_000, () => {});
    await expect(clock.until(() => false, 500)).rejects.toThrow(/still not so after 500 ms of the world's time$/);
  });

  it('runs until nothing is left, and refuses what never ends', async () => {
    const clock = new OwnClock();
    let left = 3;
    const again = (): void => {
      left -= 1;
      if (left > 0) clock.after(100, again);
    };
    clock.after(100, again);
    await clock.runUntilIdle();
    expect([left, clock.now]).toEqual([0, 300]);
    left = Number.POSITIVE_INFINITY;
    clock.after(100, again);
    await expect(clock.runUntilIdle(1_000)).rejects.toThrow('not idle after 1000 ms');
    expect(clock.now).toBe(1_300);
  });

  it('rejects with what a task threw, and works on', async () => {
    const clock = new OwnClock();
    clock.after(1, () => {
      throw new Error('of the task');
    });
    const seen: number[] = [];
    clock.after(2, () => seen.push(clock.now));
    await expect(clock.advance(5)).rejects.toThrow('of the task');
    await clock.advance(5);
    expect(seen).toEqual([2]);
  });

  it('works while the test runner fakes the global timers', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'setImmediate', 'Date', 'performance'] });
    const clock = new OwnClock();
    await clock.advance(5);
    expect(clock.now).toBe(5);
  });

  it('makes turns where there is no setImmediate', async () => {
    vi.stubGlobal('setImmediate', undefined);
    vi.resetModules();
    const fresh = await import('./virtual-clock.ts');
    vi.unstubAllGlobals();
    const order: string[] = [];
    void Promise.resolve()
      .then(() => {})
      .then(() => order.push('promise'));
    await fresh.turn();
    order.push('turn');
    expect(order).toEqual(['promise', 'turn']);
    expect(fresh.turn).not.toBe(turn);
  });
});

describe('the clock of the test runner', () => {
  it('goes by the global timers of the moment, and leaves the advancing to them', async () => {
    vi.useFakeTimers();
    const run = vi.fn<() => void>();
    globalClock.after(50, run);
    globalClock.after(60, run)();
    const before = globalClock.now;
    await vi.advanceTimersByTimeAsync(100);
    expect(globalClock.now - before).toBe(100);
    expect(run).toHaveBeenCalledTimes(1);
    globalClock.after(Number.POSITIVE_INFINITY, run);
    await vi.advanceTimersByTimeAsync(100);
    expect(run).toHaveBeenCalledTimes(1);
    for (const call of [
      globalClock.advance(1),
      globalClock.advanceTo(1),
      globalClock.until(() => true),
      globalClock.runUntilIdle(),
    ]) {
      await expect(call).rejects.toThrow('vi.advanceTimersByTimeAsync');
    }
  });
});
