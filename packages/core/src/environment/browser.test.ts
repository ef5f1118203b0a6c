import { afterEach, describe, expect, it, vi } from 'vitest';
import { allTurns } from '../testing-fakes/fake-environment.fixture.ts';
import { browserEnvironment, connectionEnvironment } from './browser.ts';
import { tabOf } from './tab.ts';

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

/** A store as sessionStorage is. */
function aStorage(): { getItem: (key: string) => string | null; setItem: (key: string, value: string) => void } {
  const items = new Map<string, string>();
  return { getItem: (key) => items.get(key) ?? null, setItem: (key, value) => void items.set(key, value) };
}

describe('without a browser', () => {
  it('has no locks, no storage of the tab, and counts as online', () => {
    vi.stubGlobal('navigator', undefined);
    const environment = browserEnvironment();
    const { locks, tabStorage } = tabOf(environment);
    expect([locks, tabStorage, environment.isOnline()]).toEqual([undefined, undefined, true]);
  });

  it('says that there is no WebSocket', () => {
    vi.stubGlobal('WebSocket', undefined);
    expect(() => browserEnvironment().openWebSocket('ws://a', [])).toThrow(/no WebSocket here/);
  });

  it('observes nothing, and that does no harm', () => {
    const controller = new AbortController();
    vi.stubGlobal('addEventListener', undefined);
    browserEnvironment().observe(() => expect.fail('a fact'), controller.signal);
    controller.abort();
  });
});

describe('the environment', () => {
  it('opens a WebSocket with a list of its own', () => {
    const opened: unknown[] = [];
    vi.stubGlobal(
      'WebSocket',
      class extends EventTarget {
        constructor(...args: unknown[]) {
          super();
          opened.push(args);
        }
      },
    );
    const protocols = Object.freeze(['a', 'b']);
    browserEnvironment().openWebSocket('ws://a', protocols);
    expect(opened).toEqual([['ws://a', ['a', 'b']]]);
  });

  it('gives ids of 128 bits that travel in a URL or a lock name', () => {
    const { randomId } = browserEnvironment();
    const ids = Array.from({ length: 200 }, () => randomId());
    expect(new Set(ids).size).toBe(200);
    for (const id of ids) expect(id).toMatch(/^[\w-]{22}$/);
  });

  it('has a timer of any length, and cancels it', () => {
    vi.useFakeTimers();
    const { setTimer } = browserEnvironment();
    const run = vi.fn<() => void>();
    setTimer(50, run);
    setTimer(60, run)();
    // Above 2^31-1 ms a browser fires at once.
    setTimer(Number.POSITIVE_INFINITY, run);
    setTimer(1e12, run);
    vi.advanceTimersByTime(100_000);
    expect(run).toHaveBeenCalledTimes(1);
  });

  it('runs at the end of the turn what is deferred', async () => {
    const order: string[] = [];
    browserEnvironment().defer(() => order.push('deferred'));
    order.push('first');
    await allTurns();
    expect(order).toEqual(['first', 'deferred']);
  });

  it('paints when the page is seen, and uses a timer where nothing is painted', () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const frames: (() => void)[] = [];
    const cancelled: number[] = [];
    const document = { hidden: false };
    vi.stubGlobal('document', document);
    vi.stubGlobal('requestAnimationFrame', (run: () => void) => frames.push(run));
    vi.stubGlobal('cancelAnimationFrame', (frame: number) => cancelled.push(frame));
    const { nextFrame } = browserEnvironment();
    const run = vi.fn<() => void>();
    nextFrame(run)();
    expect([frames.length, cancelled]).toEqual([1, [1]]);
    document.hidden = true;
    nextFrame(run);
    nextFrame(run)();
    expect([frames.length, vi.getTimerCount()]).toEqual([1, 1]);
    vi.advanceTimersByTime(16);
    expect(run).toHaveBeenCalledTimes(1);
    // Hidden before the frame that was asked for: it comes when the page is seen again.
    document.hidden = false;
    nextFrame(run);
    document.hidden = true;
    vi.advanceTimersByTime(200);
    expect([run.mock.calls.length, frames.length, cancelled]).toEqual([2, 2, [1, 2]]);
    document.hidden = false;
    nextFrame(run);
    frames[2]?.();
    vi.advanceTimersByTime(1_000);
    expect([run.mock.calls.length, vi.getTimerCount()]).toEqual([3, 0]);
  });

  it('has a small part for a connection alone: it asks for nothing that a whole socket needs', () => {
    vi.stubGlobal('navigator', undefined);
    vi.stubGlobal('crypto', undefined);
    const environment = connectionEnvironment();
    expect(Object.keys(environment).sort()).toEqual([
      'isOnline',
      'now',
      'observe',
      'openWebSocket',
      'random',
      'setTimer',
    ]);
    const before = environment.now();
    expect(environment.now()).toBeGreaterThanOrEqual(before);
    const chance = environment.random();
    expect(chance >= 0 && chance < 1).toBe(true);
  });

  it.each([
    [true, true],
    [undefined, true],
    [false, false],
  ])('with navigator.onLine %o is online: %o', (onLine, isOnline) => {
    vi.stubGlobal('navigator', { onLine });
    expect(connectionEnvironment().isOnline()).toBe(isOnline);
  });
});

describe('the storage of the tab', () => {
  it('keeps what it is given', () => {
    vi.stubGlobal('sessionStorage', aStorage());
    const { tabStorage } = tabOf(browserEnvironment());
    expect(tabStorage?.get('a')).toBe(null);
    tabStorage?.set('a', '1');
    expect(tabStorage?.get('a')).toBe('1');
  });

  it('is missing where the browser blocks it', () => {
    vi.stubGlobal('sessionStorage', undefined);
    Object.defineProperty(globalThis, 'sessionStorage', {
      configurable: true,
      get: () => {
        throw new DOMException('blocked', 'SecurityError');
      },
    });
    expect(tabOf(browserEnvironment()).tabStorage).toBeUndefined();
  });

  // A full one costs the order over a reload. It must not cost the outbox.
  it('forgets where it is full', () => {
    const storage = aStorage();
    storage.setItem = () => {
      throw new DOMException('full', 'QuotaExceededError');
    };
    vi.stubGlobal('sessionStorage', storage);
    const { tabStorage } = tabOf(browserEnvironment());
    expect(() => tabStorage?.set('a', '1')).not.toThrow();
    expect(tabStorage?.get('a')).toBe(null);
  });
});

describe('locks', () => {
  it('are those that an environment gives, none included', () => {
    const given = { ...browserEnvironment(), locks: undefined };
    expect(tabOf(given)).toBe(given);
  });

  /** What the browser's lock manager does, as far as these tests need it. */
  function stubLocks(isHeld: boolean): { calls: unknown[]; isReleased: () => boolean } {
    const calls: unknown[] = [];
    let released = false;
    vi.stubGlobal('navigator', {
      locks: {
        request: async (
          name: string,
          options: LockOptions,
          run: (lock: object | null) => Promise<void> | undefined,
        ) => {
          calls.push([name, options]);
          options.signal?.throwIfAborted();
          await run(isHeld ? null : {});
          released = true;
        },
      },
    });
    return { calls, isReleased: () => released };
  }

  it('are held until they are given back', async () => {
    const { calls, isReleased } = stubLocks(false);
    const { signal } = new AbortController();
    const release = await tabOf(browserEnvironment()).locks?.request('a', { signal });
    await allTurns();
    expect([isReleased(), calls]).toEqual([false, [['a', { ifAvailable: false, signal }]]]);
    release?.();
    await allTurns();
    expect(isReleased()).toBe(true);
  });

  it('are null where another has them and nobody wants to wait', async () => {
    const { calls } = stubLocks(true);
    const { signal } = new AbortController();
    expect(await tabOf(browserEnvironment()).locks?.request('a', { ifAvailable: true, signal })).toBe(null);
    // A browser refuses a signal together with ifAvailable.
    expect(calls).toEqual([['a', { ifAvailable: true }]]);
  });

  it('reject when the wait is aborted', async () => {
    stubLocks(false);
    await expect(
      tabOf(browserEnvironment()).locks?.request('a', { signal: AbortSignal.abort() }),
    ).rejects.toMatchObject({
      name: 'AbortError',
    });
  });

  it('are missing where the browser has none, or says null', () => {
    for (const navigator of [{}, { locks: null }]) {
      vi.stubGlobal('navigator', navigator);
      expect(tabOf(browserEnvironment()).locks).toBeUndefined();
    }
  });
});
