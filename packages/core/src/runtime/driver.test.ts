import { describe, expect, it } from 'vitest';
import type { ConnectionOptions, Effect, Event, State } from '../machines/connection-state.ts';
import { FakeEnvironment } from '../testing-fakes/fake-environment.fixture.ts';
import { Driver } from './driver.ts';

const connection: ConnectionOptions = {
  initialDelayMs: 500,
  factor: 2,
  maxDelayMs: 5_000,
  maxAttempts: Number.POSITIVE_INFINITY,
  stableAfterMs: 5_000,
  connectTimeoutMs: 10_000,
};

function aDriver(): {
  driver: Driver;
  environment: FakeEnvironment;
  log: string[];
  on: { effect: (effect: Effect) => void; state: (state: State) => void };
  open: (heartbeat?: { intervalMs: number; timeoutMs: number } | null) => void;
} {
  const environment = new FakeEnvironment();
  const log: string[] = [];
  const on = { effect: (_effect: Effect): void => {}, state: (_state: State): void => {} };
  const driver = new Driver({
    environment,
    connection,
    run: (effect) => {
      log.push(effect.type);
      on.effect(effect);
    },
    onState: (state) => {
      log.push(`= ${state.name}`);
      on.state(state);
    },
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

  it('tells nobody when nothing changes', () => {
    const { driver, log } = aDriver();
    driver.dispatch({ type: 'page/hidden' });
    driver.dispatch(closed(7));
    expect(log).toEqual([]);
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
    const driver = new Driver({ environment, connection, run: () => {}, onState: () => {} });
    expect(driver.state.isOffline).toBe(true);
  });
});

describe('the heartbeat in the driver', () => {
  const beats = { intervalMs: 1_000, timeoutMs: 400 };

  it('counts what is heard in each quarter anew', async () => {
    const { driver, environment, open } = aDriver();
    open(beats);
    for (let round = 0; round < 5; round += 1) {
      await environment.advance(1_000);
      driver.heard();
      await environment.advance(100);
      expect(driver.state.name).toBe('open');
    }
    // Silence from here on: a ping after the interval, then four quarters and the last hearing.
    await environment.advance(1_000 + 499);
    expect(driver.state.name).toBe('open');
    await environment.advance(1);
    expect(driver.state.name).not.toBe('open');
  });

  it('is not satisfied by what was heard before the question', async () => {
    const { driver, environment, open } = aDriver();
    open(beats);
    driver.heard();
    await environment.advance(1_500);
    expect(driver.state.name).not.toBe('open');
  });

  it('pings at once when it opens, and after each interval', async () => {
    const { driver, environment, log, open } = aDriver();
    open(beats);
    const pings = (): number => log.filter((effect) => effect === 'link/ping').length;
    expect(pings()).toBe(1);
    await environment.advance(1_000);
    expect(pings()).toBe(2);
    driver.heard();
    await environment.advance(1_100);
    expect(pings()).toBe(3);
  });
});
