import { afterEach, describe, expect, it, vi } from 'vitest';
import { allTurns } from '../testing-fakes/fake-environment.fixture.ts';
import { browserEnvironment, connectionEnvironment } from './browser.ts';
import type { EnvironmentFact } from './ports.ts';

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
    expect([environment.locks, environment.tabStorage, environment.isOnline()]).toEqual([undefined, undefined, true]);
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
      class {
        constructor(...args: unknown[]) {
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

/** A page in the test's hand: its window, its document, its network, and what is told of them. */
function aPage({ isHidden = false, network = null as FakeNetwork | null } = {}): {
  window: EventTarget;
  document: EventTarget & { hidden: boolean };
  facts: EnvironmentFact[];
  stop: () => void;
} {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'Date'] });
  const window = new EventTarget();
  const document = Object.assign(new EventTarget(), { hidden: isHidden });
  vi.stubGlobal('document', document);
  vi.stubGlobal('navigator', network === null ? {} : { connection: network });
  // `globalThis` is the target of the events of the window.
  for (const name of ['addEventListener', 'removeEventListener', 'dispatchEvent'] as const) {
    vi.stubGlobal(name, window[name].bind(window));
  }
  const facts: EnvironmentFact[] = [];
  const controller = new AbortController();
  connectionEnvironment().observe((fact) => facts.push(fact), controller.signal);
  return { window, document, facts, stop: () => controller.abort() };
}

class FakeNetwork extends EventTarget {
  type = 'wifi';
  effectiveType = '4g';
  downlink = 10;
}

/** Nothing runs for so long, as on a device that sleeps, while the clock on the wall goes on. */
function sleep(ms: number): void {
  vi.setSystemTime(Date.now() + ms);
}

describe('facts of page and network', () => {
  it('are told until the signal aborts, and leave nothing behind', () => {
    const network = new FakeNetwork();
    const { window, document, facts, stop } = aPage({ network });
    const all = (): void => {
      for (const type of ['online', 'offline', 'focus', 'blur', 'pagehide']) window.dispatchEvent(new Event(type));
      window.dispatchEvent(Object.assign(new Event('pageshow'), { persisted: true }));
      window.dispatchEvent(Object.assign(new Event('pageshow'), { persisted: false }));
      for (const isHidden of [true, false]) {
        document.hidden = isHidden;
        document.dispatchEvent(new Event('visibilitychange'));
      }
      for (const type of ['freeze', 'resume']) document.dispatchEvent(new Event(type));
      network.type = network.type === 'wifi' ? 'cellular' : 'wifi';
      network.dispatchEvent(new Event('change'));
    };
    all();
    expect(facts).toEqual([
      ...['online', 'offline', 'focus', 'frozen', 'resumed', 'hidden', 'visible', 'frozen', 'resumed', 'network'],
    ]);
    stop();
    all();
    sleep(100_000);
    vi.advanceTimersByTime(10_000);
    expect([facts.length, vi.getTimerCount()]).toEqual([10, 0]);
  });

  it('begin with hidden where the page is', () => {
    expect([aPage({ isHidden: true }).facts, aPage().facts]).toEqual([['hidden'], []]);
  });

  // Chromium's `change` comes with every new estimate of the bandwidth: a hint at each would be a ping at each.
  it('tell another network or another kind, not another estimate', () => {
    const network = new FakeNetwork();
    const { facts } = aPage({ network });
    const change = (changes: Partial<FakeNetwork>): void => {
      Object.assign(network, changes).dispatchEvent(new Event('change'));
    };
    change({ downlink: 3 });
    change({});
    expect(facts).toEqual([]);
    change({ type: 'cellular' });
    change({ downlink: 2 });
    change({ effectiveType: '3g' });
    expect(facts).toEqual(['network', 'network']);
  });

  it('do without a network that tells nothing', () => {
    expect(() => aPage({ network: { type: 'wifi' } as FakeNetwork })).not.toThrow();
  });

  it('tell nothing while time goes on as it should, for hours', () => {
    const { facts } = aPage();
    vi.advanceTimersByTime(4 * 3_600_000);
    expect(facts).toEqual([]);
  });

  it('tell a sleep once, when the page runs again', () => {
    const { facts } = aPage();
    vi.advanceTimersByTime(10_000);
    sleep(3_600_000);
    expect(facts).toEqual([]);
    vi.advanceTimersByTime(2_000);
    expect(facts).toEqual(['woke']);
    vi.advanceTimersByTime(60_000);
    expect(facts).toEqual(['woke']);
  });

  it('take a timer that is a little late for no sleep, and a clock that is set back for none', () => {
    const { facts } = aPage();
    for (const ms of [500, 7_900, -3_600_000, 100]) {
      sleep(ms);
      vi.advanceTimersByTime(2_000);
    }
    expect(facts).toEqual([]);
    sleep(8_100);
    vi.advanceTimersByTime(2_000);
    expect(facts).toEqual(['woke']);
  });

  it('take the once-a-minute timers of a hidden page for no sleep, and a longer pause for one', () => {
    const { facts } = aPage({ isHidden: true });
    for (let minute = 0; minute < 60; minute += 1) {
      sleep(58_000 + minute * 100);
      vi.advanceTimersByTime(2_000);
    }
    expect(facts).toEqual(['hidden']);
    sleep(120_000);
    vi.advanceTimersByTime(2_000);
    expect(facts).toEqual(['hidden', 'woke']);
  });

  it('are told in a worker as far as it has them: no document, no focus', () => {
    const { window, facts, stop } = aPage();
    stop();
    vi.stubGlobal('document', undefined);
    connectionEnvironment().observe((fact) => facts.push(fact), new AbortController().signal);
    window.dispatchEvent(new Event('offline'));
    sleep(20_000);
    vi.advanceTimersByTime(2_000);
    expect(facts).toEqual(['offline', 'woke']);
  });

  // In Node a timer that nobody cleared would keep the process.
  it('are no reason for a process to stay', () => {
    vi.stubGlobal('addEventListener', undefined);
    const unrefs: unknown[] = [];
    const timer = { unref: () => unrefs.push(timer) };
    vi.stubGlobal('setInterval', () => timer);
    const cleared: unknown[] = [];
    vi.stubGlobal('clearInterval', (given: unknown) => cleared.push(given));
    const controller = new AbortController();
    connectionEnvironment().observe(() => {}, controller.signal);
    controller.abort();
    expect([unrefs, cleared]).toEqual([[timer], [timer]]);
  });
});

describe('the storage of the tab', () => {
  it('keeps what it is given', () => {
    vi.stubGlobal('sessionStorage', aStorage());
    const { tabStorage } = browserEnvironment();
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
    expect(browserEnvironment().tabStorage).toBeUndefined();
  });

  // A full one costs the order over a reload. It must not cost the outbox.
  it('forgets where it is full', () => {
    const storage = aStorage();
    storage.setItem = () => {
      throw new DOMException('full', 'QuotaExceededError');
    };
    vi.stubGlobal('sessionStorage', storage);
    const { tabStorage } = browserEnvironment();
    expect(() => tabStorage?.set('a', '1')).not.toThrow();
    expect(tabStorage?.get('a')).toBe(null);
  });
});

describe('locks', () => {
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
    const release = await browserEnvironment().locks?.request('a', { signal });
    await allTurns();
    expect([isReleased(), calls]).toEqual([false, [['a', { ifAvailable: false, signal }]]]);
    release?.();
    await allTurns();
    expect(isReleased()).toBe(true);
  });

  it('are null where another has them and nobody wants to wait', async () => {
    const { calls } = stubLocks(true);
    const { signal } = new AbortController();
    expect(await browserEnvironment().locks?.request('a', { ifAvailable: true, signal })).toBe(null);
    // A browser refuses a signal together with ifAvailable.
    expect(calls).toEqual([['a', { ifAvailable: true }]]);
  });

  it('reject when the wait is aborted', async () => {
    stubLocks(false);
    await expect(browserEnvironment().locks?.request('a', { signal: AbortSignal.abort() })).rejects.toMatchObject({
      name: 'AbortError',
    });
  });

  it('are missing where the browser has none, or says null', () => {
    for (const navigator of [{}, { locks: null }]) {
      vi.stubGlobal('navigator', navigator);
      expect(browserEnvironment().locks).toBeUndefined();
    }
  });
});
