import { describe, expect, it } from 'vitest';
import { PROBE_TIMEOUT_MS } from './connection-steps.ts';
import { Walk } from './connection.fixture.ts';

const attempts = (walk: Walk): number => walk.state.attempt;

describe('connecting', () => {
  it('goes from idle to open by opening, greeting and preparing, each with a deadline of its own', () => {
    const walk = new Walk().connect();
    expect([walk.state.name, walk.timer('connect'), walk.told.includes('link/connect')]).toEqual([
      'connecting',
      10_000,
      true,
    ]);
    walk.do({ type: 'link/opened' });
    expect([walk.state, walk.timer('connect')]).toMatchObject([{ step: 'greeting' }, 10_000]);
    walk.do({ type: 'link/welcomed', heartbeat: { intervalMs: 900, timeoutMs: 300 } });
    expect([walk.state, walk.timer('connect')]).toMatchObject([{ step: 'preparing' }, 10_000]);
    expect(walk.told).toContain('link/prepare');
    walk.do({ type: 'link/prepared' });
    expect(walk.state).toMatchObject({ name: 'open', isStable: false });
    expect([walk.timer('stable'), walk.timer('heartbeat')]).toEqual([5_000, 900]);
    expect(walk.told.slice(0, 4)).toEqual(['timer/clear', 'timer/set', 'flow/start', 'link/ping']);
  });

  it('has neither a ping nor a timer without a heartbeat', () => {
    const walk = new Walk().connect().do({ type: 'link/opened' }).do({ type: 'link/welcomed', heartbeat: null });
    walk.do({ type: 'link/prepared' });
    expect(walk.told).toEqual(['timer/clear', 'timer/set', 'flow/start']);
    expect(walk.do({ type: 'page/visible' }).effects).toEqual([]);
  });

  it.each(['opening', 'greeting', 'preparing'])('gives up when nothing happens while %s', (step) => {
    const walk = new Walk().connect();
    if (step !== 'opening') walk.do({ type: 'link/opened' });
    if (step === 'preparing') walk.do({ type: 'link/welcomed', heartbeat: null });
    walk.do({ type: 'timer/connect' });
    expect(walk.state).toMatchObject({ name: 'waiting', failure: { code: 'CONNECT_TIMEOUT', details: { step } } });
    expect(walk.told).toEqual(['timer/clear', 'link/detach', 'tell/close', 'timer/set']);
  });

  // A conversation that greets twice, or a preparation that ends twice, must not open a connection without a welcome.
  it('takes each step once, and in order', () => {
    const walk = new Walk().connect();
    for (const early of ['link/prepared', 'link/welcomed'] as const) {
      const { state } = walk;
      walk.do(early === 'link/prepared' ? { type: early } : { type: early, heartbeat: null });
      expect([walk.state, walk.effects]).toEqual([state, []]);
    }
    walk.do({ type: 'link/opened' }).do({ type: 'link/welcomed', heartbeat: null });
    expect(walk.do({ type: 'link/welcomed', heartbeat: null }).effects).toEqual([]);
    expect(walk.do({ type: 'link/opened' }).state).toMatchObject({ step: 'preparing' });
  });

  it('says that it could not connect when the first thing it hears is the end', () => {
    expect(new Walk().connect().closed(1006).state).toMatchObject({ failure: { code: 'CONNECT_FAILED' } });
    expect(new Walk().connect().do({ type: 'link/opened' }).closed(1006).state).toMatchObject({
      failure: { code: 'CONNECTION_LOST', details: { closeCode: 1006, wasClean: false } },
    });
    expect(new Walk().connect().closed(4403).state).toMatchObject({
      name: 'suspended',
      failure: { code: 'FORBIDDEN' },
    });
  });
});

describe('retries', () => {
  it('wait longer and longer, and count', () => {
    const walk = new Walk();
    const delays = Array.from({ length: 6 }, () => {
      walk.do({ type: 'user/connect', reason: 'start' }).closed(1006);
      return walk.timer('retry');
    });
    expect(delays).toEqual([250, 500, 1_000, 2_000, 2_500, 2_500]);
    expect(attempts(walk)).toBe(6);
  });

  it('start over only after a connection has lived for stableAfterMs', () => {
    const walk = new Walk().connect().closed(1006).connect().closed(1006).connect().opened();
    expect(attempts(walk)).toBe(2);
    walk.closed(1006);
    expect(attempts(walk)).toBe(3);
    walk.connect().opened().do({ type: 'timer/stable' });
    expect([attempts(walk), walk.state]).toMatchObject([0, { isStable: true }]);
    expect([attempts(walk.closed(1006)), walk.timer('retry')]).toEqual([1, 250]);
  });

  it('are told with the time of the next one', () => {
    const walk = new Walk().connect();
    walk.now = 1_000;
    walk.random = 0.5;
    expect(walk.closed(1006).state).toMatchObject({ name: 'waiting', since: 1_000, retryAt: 1_375, reason: 'lost' });
    expect(walk.do({ type: 'timer/retry' }).state).toMatchObject({ name: 'connecting', reason: 'retry' });
  });

  it('are as many as maxAttempts says, then the last failure is the cause', () => {
    const walk = new Walk({ maxAttempts: 2 }).connect().closed(1006).connect().closed(1006);
    expect(walk.state.name).toBe('waiting');
    walk.connect().closed(1011);
    expect(walk.state).toMatchObject({
      name: 'suspended',
      failure: { code: 'RETRIES_EXHAUSTED', cause: { code: 'CONNECT_FAILED' } },
    });
    expect(walk.told).toEqual(['timer/clear', 'link/detach', 'tell/close', 'tell/error']);
    expect(attempts(walk.connect())).toBe(0);
  });

  it('are none with maxAttempts 0, and the failure is told as it is', () => {
    const walk = new Walk({ maxAttempts: 0 }).connect().closed(1006);
    expect(walk.state).toMatchObject({ name: 'suspended', failure: { code: 'CONNECT_FAILED' } });
  });

  it('wait for as long as the server says, on top', () => {
    expect(new Walk().connect().opened().closed(1013, 60_000).timer('retry')).toBe(60_250);
    expect(new Walk().connect().opened().closed(4429, 60_000).timer('retry')).toBe(60_250);
  });

  it('are rare while the browser says that it is offline, and begin at once when it takes that back', () => {
    const walk = new Walk({}, true).connect().closed(1006);
    expect([walk.state, walk.timer('retry')]).toMatchObject([{ name: 'waiting', reason: 'offline' }, 15_000]);
    walk.do({ type: 'page/online' });
    expect(walk.state).toMatchObject({ name: 'connecting', reason: 'wake', isOffline: false });
  });

  it('begin anew when the network comes back to a handshake that began without one', () => {
    const walk = new Walk({}, true).connect();
    const { connectionId } = walk.state;
    expect(walk.do({ type: 'page/online' }).state).toMatchObject({
      name: 'connecting',
      connectionId: connectionId + 1,
    });
    expect(walk.told).toEqual(['timer/clear', 'link/detach', 'tell/close', 'timer/set', 'link/connect']);
    const greeting = new Walk({}, true).connect().do({ type: 'link/opened' }).do({ type: 'page/online' });
    expect(greeting.state).toMatchObject({ step: 'greeting', connectionId: 1, isOffline: false });
  });

  it('need no timer when the page wakes up', () => {
    for (const type of ['page/visible', 'page/resumed'] as const) {
      expect(new Walk().connect().closed(1006).do({ type }).state).toMatchObject({
        name: 'connecting',
        reason: 'wake',
      });
    }
  });
});

describe('a rejected token', () => {
  it('is replaced once, at once', () => {
    const walk = new Walk().connect().do({ type: 'link/opened' }).closed(4401);
    expect(walk.state).toMatchObject({ name: 'connecting', reason: 'lost', isRenewed: true, attempt: 1 });
    expect(walk.told).toContain('link/connect');
    walk.do({ type: 'link/opened' }).closed(4401);
    expect(walk.state).toMatchObject({ name: 'suspended', failure: { code: 'UNAUTHORIZED' } });
  });

  it('is replaced again once a connection has been stable, or the app has asked', () => {
    const walk = new Walk().connect().closed(4401).opened().closed(4401);
    expect(walk.state.name).toBe('suspended');
    walk.connect().closed(4401);
    expect(walk.state).toMatchObject({ name: 'connecting', isRenewed: true });
    walk.opened().do({ type: 'timer/stable' }).closed(4401);
    expect(walk.state).toMatchObject({ name: 'connecting', isRenewed: true });
  });

  // 4401, a lost connection, 4401: the fresh token was rejected, too.
  it('is not forgotten by a failure in between', () => {
    const walk = new Walk().connect().closed(4401).closed(1006).connect().closed(4401);
    expect(walk.state.name).toBe('suspended');
  });
});

describe('an open connection', () => {
  const silent = { type: 'timer/heartbeat', heard: false } as const;
  const stable = (): Walk => new Walk().connect().opened().do({ type: 'timer/stable' });

  it('is given up after a ping and five silent timers, and a stable one is replaced at once', () => {
    const walk = stable().do(silent);
    expect(walk.told).toEqual(['link/ping', 'timer/set']);
    for (let timer = 0; timer < 4; timer += 1) walk.do(silent);
    expect(walk.state.name).toBe('open');
    walk.do(silent);
    expect(walk.state).toMatchObject({ name: 'connecting', reason: 'lost', attempt: 1 });
    expect(walk.effects).toContainEqual({ type: 'link/detach', code: 4408, reason: expect.any(String) });
  });

  it('waits before it is replaced when it was not stable yet', () => {
    const walk = new Walk().connect().opened();
    for (let timer = 0; timer < 6; timer += 1) walk.do(silent);
    expect(walk.state).toMatchObject({ name: 'waiting', failure: { code: 'HEARTBEAT_MISSED' } });
  });

  it.each(['page/online', 'page/offline', 'page/visible', 'page/resumed'] as const)(
    'is asked at once on %s',
    (type) => {
      const walk = stable().do({ type });
      expect(walk.state.name).toBe('open');
      expect([walk.told, walk.timer('heartbeat')]).toEqual([['link/ping', 'timer/set'], PROBE_TIMEOUT_MS / 4]);
      expect(walk.do({ type }).effects).toEqual([]);
    },
  );

  it('stops for good on a breach of the protocol and another identity, by either side', () => {
    for (const code of ['PROTOCOL_ERROR', 'IDENTITY_MISMATCH'] as const) {
      const walk = stable().do({ type: 'link/failed', failure: { code, message: 'x' }, closeCode: 1002 });
      expect([walk.state, walk.told.at(-1)]).toMatchObject([{ name: 'suspended', failure: { code } }, 'tell/error']);
    }
    expect(stable().closed(1002).state).toMatchObject({ name: 'suspended', failure: { code: 'PROTOCOL_ERROR' } });
  });
});

describe('pausing', () => {
  it('takes the connection away, and connect() brings it back', () => {
    const walk = new Walk().connect().opened().do({ type: 'user/pause' });
    expect(walk.told).toEqual(['timer/clear', 'timer/clear', 'link/detach', 'tell/close']);
    expect(walk.do({ type: 'page/visible' }).do({ type: 'page/online' }).state).toMatchObject({ name: 'paused' });
    expect(walk.do({ type: 'user/connect', reason: 'user' }).state.name).toBe('connecting');
  });

  it('ends when its last reason has gone, in whatever order', () => {
    const both = (): Walk => new Walk().connect().do({ type: 'user/pause' }).do({ type: 'page/frozen' });
    expect(both().do({ type: 'page/resumed' }).state).toMatchObject({ name: 'paused', reasons: ['user'] });
    expect(both().do({ type: 'user/connect', reason: 'user' }).state).toMatchObject({ reasons: ['frozen'] });
    const walk = both().do({ type: 'user/connect', reason: 'user' }).do({ type: 'page/resumed' });
    expect(walk.state).toMatchObject({ name: 'connecting', reason: 'wake' });
  });
});

describe('closing', () => {
  const closing = (): Walk => new Walk().connect().opened().do({ type: 'user/close', flushMs: 900, failure: null });

  it('goes on with an open connection until the outbox is empty or the time is over', () => {
    expect([closing().state.name, closing().timer('flush')]).toEqual(['closing', 900]);
    expect(closing().do({ type: 'outbox/emptied' }).state.name).toBe('closed');
    const walk = closing().do({ type: 'timer/flush' });
    expect(walk.told).toEqual(['timer/clear', 'link/detach', 'tell/close']);
    expect(walk.effects).toContainEqual({ type: 'link/detach', code: 1000, reason: '' });
  });

  it('ends when the connection does, and tells its failure only if it has one', () => {
    expect(closing().closed(1006).state).toMatchObject({ name: 'closed', failure: null });
    const aborted = { code: 'ABORTED', message: 'signal' } as const;
    expect(closing().do({ type: 'user/close', flushMs: 0, failure: aborted }).state).toMatchObject({
      failure: aborted,
    });
    expect(closing().do({ type: 'user/close', flushMs: 9_000, failure: null }).effects).toEqual([]);
  });

  it('is at once without a connection to flush', () => {
    for (const walk of [new Walk(), new Walk().connect(), new Walk().connect().closed(1006)]) {
      expect(walk.do({ type: 'user/close', flushMs: 900, failure: null }).state.name).toBe('closed');
    }
  });
});
