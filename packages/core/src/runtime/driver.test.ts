import { describe, expect, it } from 'vitest';
import { options } from '../machines/connection.fixture.ts';
import type { ConnectionOptions, Effect, Event, State } from '../machines/connection-state.ts';
import { FakeEnvironment } from '../testing-fakes/fake-environment.fixture.ts';
import { createDriver, type Driver } from './driver.ts';

function aDriver(changes: Partial<ConnectionOptions> = {}): {
  driver: Driver;
  environment: FakeEnvironment;
  log: string[];
  on: { effect: (effect: Effect) => void; state: (state: State) => void; isBusy: boolean };
  open: (heartbeat?: { intervalMs: number; timeoutMs: number } | null) => void;
} {
  const environment = new FakeEnvironment();
  const log: string[] = [];
  const on = { effect: (_effect: Effect): void => {}, state: (_state: State): void => {}, isBusy: false };
  const driver = createDriver({
    environment,
    connection: { ...options, ...changes },
    run: (effect) => {
      log.push(effect.type);
      on.effect(effect);
    },
    onState: (state) => {
      log.push(`= ${state.name}`);
      on.state(state);
    },
    isBusy: () => on.isBusy,
  });
  const open = (heartbeat: { intervalMs: number; timeoutMs: number } | null = null): void => {
    driver.dispatch({ type: 'user/connect', reason: 'start' });
    const { connectionId } = driver.state;
    driver.dispatch({ type: 'link/opened', connectionId });
    driver.dispatch({ type: 'link/welcomed', connectionId, heartbeat });
    driver.dispatch({ type: 'link/prepared', connectionId });
  };
  return { driver, environment, log, on, open };
}

const closed = (connectionId: number): Event => ({
  type: 'link/closed',
  connectionId,
  code: 1006,
  reason: '',
  wasClean: false,
  retryAfterMs: null,
  hasSlot: false,
});

describe('the driver', () => {
  it('tells the new state, then runs its effects in their order', () => {
    const { driver, log } = aDriver();
    driver.dispatch({ type: 'user/connect', reason: 'start' });
    driver.dispatch(closed(1));
    expect(log).toEqual(['= connecting', 'link/connect', '= waiting', 'link/detach', 'tell/close']);
  });

  it('runs an event to its end before the next one that its effects or listeners cause', () => {
    const { driver, log, on } = aDriver();
    on.effect = (effect) => {
      if (effect.type === 'link/connect') driver.dispatch(closed(effect.connectionId));
      if (effect.type === 'link/detach') log.push(`seen ${driver.state.name}`);
    };
    on.state = (state) => {
      if (state.name === 'waiting' && state.attempt === 1) driver.dispatch({ type: 'user/pause' });
    };
    driver.dispatch({ type: 'user/connect', reason: 'start' });
    expect(log).toEqual([
      '= connecting',
      'link/connect',
      '= waiting',
      'link/detach',
      'seen waiting',
      'tell/close',
      '= paused',
    ]);
  });

  it('tells nobody of a late event of another connection', () => {
    const { driver, log } = aDriver();
    driver.dispatch(closed(7));
    expect(log).toEqual([]);
  });

  it('shows every step to a recorder, those that change nothing, too', () => {
    const { driver, environment } = aDriver();
    const seen: string[] = [];
    environment.record = (before, event, after) => seen.push(`${before.name} ${event.type} ${after.name}`);
    driver.dispatch({ type: 'user/connect', reason: 'start' });
    driver.dispatch(closed(7));
    expect(seen).toEqual(['idle user/connect connecting', 'connecting link/closed connecting']);
  });

  it('goes on with the next event after an effect that throws', () => {
    const { driver, on } = aDriver();
    on.effect = () => {
      on.effect = () => {};
      throw new Error('an effect');
    };
    expect(() => driver.dispatch({ type: 'user/connect', reason: 'start' })).toThrow('an effect');
    driver.dispatch({ type: 'user/pause' });
    expect(driver.state.name).toBe('paused');
  });

  it('runs one timer of a name: setting it again replaces it, leaving the state ends it', async () => {
    const { driver, environment } = aDriver();
    driver.dispatch({ type: 'user/connect', reason: 'start' });
    await environment.advance(9_000);
    driver.dispatch({ type: 'link/opened', connectionId: 1 });
    expect(environment.timers).toBe(1);
    await environment.advance(9_000);
    expect(driver.state.name).toBe('connecting');
    driver.dispatch({ type: 'user/close', flushMs: 0, failure: null });
    expect(environment.timers).toBe(0);
  });

  it('retries when the delay has passed, with what chance gave', async () => {
    const { driver, environment } = aDriver();
    environment.chance = 0;
    driver.dispatch({ type: 'user/connect', reason: 'start' });
    driver.dispatch(closed(1));
    await environment.advance(249);
    expect(driver.state.name).toBe('waiting');
    await environment.advance(1);
    expect(driver.state).toMatchObject({ name: 'connecting', reason: 'retry', connectionId: 2 });
  });

  it('starts offline where the browser says so', () => {
    const environment = new FakeEnvironment();
    environment.isNetworkUp = false;
    const driver = createDriver({ environment, connection: options, run: () => {}, onState: () => {} });
    expect(driver.state.offlineAt).toBeLessThan(Infinity);
  });

  it('asks whether there is work when a hidden page would let go, each time anew', async () => {
    const { driver, environment, on, open } = aDriver({ releaseAfterMs: 1_000 });
    open();
    driver.dispatch({ type: 'page/hidden' });
    on.isBusy = true;
    await environment.advance(3_999);
    expect(driver.state.name).toBe('open');
    on.isBusy = false;
    await environment.advance(1);
    expect(driver.state).toMatchObject({ name: 'paused', reasons: ['hidden'] });
  });
});

const pings = (log: readonly string[]): number => log.filter((effect) => effect === 'link/ping').length;

describe('the heartbeat in the driver', () => {
  // Nothing measured: parts of a quarter of the deadline, and a last one of 100 ms.
  const beats = { intervalMs: 1_000, timeoutMs: 400 };

  it('counts what is heard in each part of the deadline anew', async () => {
    const { driver, environment, log, open } = aDriver();
    open(beats);
    // Pauses of 250, 500, 1,000 and 1,000 ms, each with a ping at its end, which is answered at once.
    for (const pauseMs of [250, 500, 1_000, 1_000]) {
      const before = pings(log);
      await environment.advance(pauseMs);
      expect(pings(log)).toBe(before + 1);
      driver.heard();
      await environment.advance(100);
      expect(driver.state.name).toBe('open');
    }
    // Silence from here on: a ping after the interval, then four parts and the last hearing.
    await environment.advance(1_000 + 499);
    expect(driver.state.name).toBe('open');
    await environment.advance(1);
    expect(driver.state.name).not.toBe('open');
  });

  it('is not satisfied by what was heard before the question', async () => {
    const { driver, environment, open } = aDriver();
    open(beats);
    driver.heard();
    await environment.advance(749);
    expect(driver.state.name).toBe('open');
    await environment.advance(1);
    expect(driver.state.name).not.toBe('open');
  });

  it('pings at once when it opens', () => {
    const { log, open } = aDriver();
    open(beats);
    expect(pings(log)).toBe(1);
  });
});

describe('what is written into silence', () => {
  const beats = { intervalMs: 60_000, timeoutMs: 5_000 };

  it('makes it ask within a second', async () => {
    const { driver, environment, log, open } = aDriver();
    open(beats);
    driver.wrote();
    await environment.advance(799);
    expect(pings(log)).toBe(1);
    await environment.advance(1);
    expect(pings(log)).toBe(2);
    await environment.advance(1_100);
    expect(driver.state.name).not.toBe('open');
  });

  it('makes it ask, though what was written to an earlier connection was never answered', async () => {
    const { driver, environment, log, open } = aDriver();
    driver.wrote();
    open(beats);
    driver.wrote();
    await environment.advance(800);
    expect(pings(log)).toBe(2);
  });

  it('asks nothing when anything was heard since, and ends its timer when nothing is written', async () => {
    const { driver, environment, log, open } = aDriver();
    open(beats);
    const before = environment.timers;
    driver.wrote();
    expect(environment.timers).toBe(before + 1);
    driver.heard();
    await environment.advance(400);
    expect([pings(log), environment.timers]).toEqual([1, before]);
  });

  it('is looked at anew after each answer, by one timer, however much is written', async () => {
    const { driver, environment, log, open } = aDriver();
    open(beats);
    const before = environment.timers;
    for (let round = 0; round < 20; round += 1) {
      driver.wrote();
      driver.wrote();
      expect(environment.timers).toBe(before + 1);
      await environment.advance(150);
      driver.heard();
      driver.wrote();
      await environment.advance(50);
    }
    expect([pings(log), driver.state.name]).toEqual([1, 'open']);
    await environment.advance(1_200);
    expect(pings(log)).toBeGreaterThan(1);
  });

  it('is no question without a heartbeat', async () => {
    const { driver, environment, open } = aDriver();
    open(null);
    driver.wrote();
    await environment.advance(20_000);
    expect([driver.state.name, environment.timers]).toEqual(['open', 0]);
  });
});
