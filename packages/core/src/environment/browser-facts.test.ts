import { afterEach, describe, expect, it, vi } from 'vitest';
import { connectionEnvironment } from './browser.ts';
import type { EnvironmentFact } from './ports.ts';

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
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
