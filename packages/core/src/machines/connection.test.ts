import { describe, expect, it } from 'vitest';
import { lostFailure, Walk } from './connection.fixture.ts';
import type { ConnectionOptions } from './connection-state.ts';

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
    expect([walk.timer('stable'), walk.timer('heartbeat')]).toEqual([5_000, 225]);
    expect(walk.told).toEqual(['timer/set', 'flow/start', 'link/ping', 'timer/set']);
  });

  it('asks nothing without a heartbeat', () => {
    const walk = new Walk().connect().do({ type: 'link/opened' }).do({ type: 'link/welcomed', heartbeat: null });
    walk.do({ type: 'link/prepared' });
    expect(walk.told).toEqual(['timer/set', 'flow/start']);
  });

  it.each(['opening', 'greeting', 'preparing'])('gives up when nothing happens while %s', (step) => {
    const walk = new Walk().connect();
    if (step !== 'opening') walk.do({ type: 'link/opened' });
    if (step === 'preparing') walk.do({ type: 'link/welcomed', heartbeat: null });
    walk.do({ type: 'timer/connect' });
    expect(walk.state).toMatchObject({ name: 'waiting', failure: { code: 'CONNECT_TIMEOUT', details: { step } } });
    expect(walk.told).toEqual(['link/detach', 'tell/close', 'timer/set']);
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
    expect(walk.told).toEqual(['link/detach', 'tell/close', 'tell/error', 'timer/set']);
    expect(attempts(walk.connect())).toBe(0);
    expect(walk.state.trips).toBe(0);
  });

  it('are none with maxAttempts 0, and the failure is told as it is', () => {
    const walk = new Walk({ maxAttempts: 0 }).connect().closed(1006);
    expect(walk.state).toMatchObject({ name: 'suspended', failure: { code: 'CONNECT_FAILED' } });
  });

  it('wait for as long as the server says, on top of their own delay', () => {
    expect(new Walk().connect().opened().closed(1013, 60_000).timer('retry')).toBe(60_250);
    expect(new Walk().connect().opened().closed(4429, 60_000).timer('retry')).toBe(60_250);
  });

  it('come at the very time of a place that the server keeps', () => {
    expect(new Walk().connect().closed(1013, 1_500, true).timer('retry')).toBe(1_500);
  });

  // A hint is no reason to come before the time that the server asked for.
  it('are not brought forward against the wish of the server', () => {
    for (const type of ['page/online', 'page/visible', 'page/focus', 'page/woke'] as const) {
      const walk = new Walk().connect().opened().closed(1013, 60_000).do({ type });
      expect(walk.state.name).toBe('waiting');
      walk.now = 60_001;
      expect(walk.do({ type }).state).toMatchObject({ name: 'connecting', reason: 'wake' });
    }
  });

  it('are far apart and alike when a busy server does not say when', () => {
    const walk = new Walk({ jitter: 'full' });
    walk.random = 0.5;
    expect(walk.connect().opened().closed(1013).timer('retry')).toBe(4_250);
    expect(walk.connect().opened().closed(1013).timer('retry')).toBe(4_250);
  });

  // The first bytes flow only half a second after a link is up again.
  it('go again soon, and count for nothing, in the first two seconds after the network came back', () => {
    const walk = new Walk({}, true).connect().closed(1006);
    walk.now = 20_000;
    walk.do({ type: 'page/online' }).closed(1006);
    expect([walk.timer('retry'), attempts(walk)]).toEqual([100, 1]);
    walk.now = 22_001;
    expect([walk.connect().closed(1006).timer('retry'), attempts(walk)]).toEqual([500, 2]);
  });

  it('end after maxElapsedMs of failing', () => {
    const walk = new Walk({ maxElapsedMs: 10_000 }).connect().closed(1006);
    walk.now = 9_999;
    expect(walk.connect().closed(1006).state.name).toBe('waiting');
    walk.now = 10_001;
    expect(walk.connect().closed(1006).state).toMatchObject({
      name: 'suspended',
      failure: { code: 'RETRIES_EXHAUSTED', details: { elapsedMs: 10_001 } },
    });
  });

  it('have the delays of a policy, or end with it', () => {
    const walkWith = (policies: ConnectionOptions['policies'], isOffline = false): Walk =>
      new Walk({ policies, jitter: 'none' }, isOffline).connect();
    expect(
      walkWith({ CONNECT_FAILED: { initialDelayMs: 40 } })
        .closed(1006)
        .timer('retry'),
    ).toBe(40);
    expect(
      walkWith({ CONNECT_FAILED: { jitter: 'equal' } })
        .closed(1006)
        .timer('retry'),
    ).toBe(250);
    expect(walkWith({ CONNECT_FAILED: false }).closed(1006).state).toMatchObject({ name: 'suspended', retryAt: null });
    expect(walkWith({ UNAUTHORIZED: false }).closed(4401).state.name).toBe('suspended');
    expect(walkWith({ SERVER_CLOSED: {} }).closed(1000).timer('retry')).toBe(500);
    const lost = walkWith({ HEARTBEAT_MISSED: { initialDelayMs: 9 } })
      .opened()
      .do({ type: 'timer/stable' });
    expect(lost.closed(4408).timer('retry')).toBe(9);
  });

  it('with a policy heed the server and the browser all the same', () => {
    const policies = { CONNECT_FAILED: { initialDelayMs: 1 }, SERVER_BUSY: { initialDelayMs: 1 } };
    const walk = (isOffline = false): Walk => new Walk({ policies, jitter: 'none' }, isOffline).connect();
    expect(walk().closed(1013, 5_000).timer('retry')).toBe(5_001);
    expect(walk().closed(1013, 5_000, true).timer('retry')).toBe(5_000);
    expect(walk(true).closed(1006).timer('retry')).toBe(30_000);
  });

  it('are what the app decides', () => {
    const seen: unknown[] = [];
    const decide = (word: number | false | undefined): Walk =>
      new Walk({
        decide: (context) => {
          seen.push(context);
          return word;
        },
      }).connect();
    expect(decide(7).closed(1006).timer('retry')).toBe(7);
    expect(decide(undefined).closed(1006).timer('retry')).toBe(250);
    expect(decide(false).closed(1006).state).toMatchObject({ name: 'suspended', retryAt: null });
    expect(decide(0).closed(4403).state.name).toBe('connecting');
    expect(seen[0]).toEqual({
      code: 'CONNECT_FAILED',
      closeCode: 1006,
      attempt: 1,
      elapsedMs: 0,
      retryAfterMs: null,
      lastDelayMs: 0,
      delayMs: 250,
    });
    expect(seen.at(-1)).toMatchObject({ code: 'FORBIDDEN', delayMs: null });
  });

  it('are rare while the browser says that it is offline, and begin at once when it takes that back', () => {
    const walk = new Walk({}, true).connect().closed(1006);
    expect([walk.state, walk.timer('retry')]).toMatchObject([{ name: 'waiting', reason: 'offline' }, 15_000]);
    walk.do({ type: 'page/online' });
    expect(walk.state).toMatchObject({ name: 'connecting', reason: 'wake', offlineAt: Infinity });
  });

  it('have their usual pace where what answers proves the browser wrong, as a server on this machine does', () => {
    const opened = new Walk({}, true).connect().opened();
    expect(opened.closed(1006).timer('retry')).toBe(250);
    const answered = new Walk().connect().opened().do({ type: 'page/offline' });
    answered.now = 5;
    answered.do({ type: 'link/answered', ms: 5 }).closed(1006);
    expect([answered.state, answered.timer('retry')]).toMatchObject([{ name: 'waiting', reason: 'lost' }, 250]);
    const rival = new Walk().connect().opened().do({ type: 'page/offline' }).do({ type: 'user/migrate' });
    rival.do({ type: 'link/opened', connectionId: rival.state.rival?.connectionId ?? 0 });
    expect(rival.closed(1006).state).toMatchObject({ name: 'waiting', reason: 'lost' });
    // It was asked before there was no network.
    const late = new Walk().connect().opened();
    late.now = 5;
    late.do({ type: 'page/offline' });
    late.now = 8;
    expect(late.do({ type: 'link/answered', ms: 4 }).closed(1006).state).toMatchObject({ reason: 'offline' });
    const silent = new Walk().connect().opened().do({ type: 'page/offline' });
    expect([silent.closed(1006).state, silent.timer('retry')]).toMatchObject([{ reason: 'offline' }, 15_000]);
  });

  it('begin anew when the network comes back to a handshake that began without one', () => {
    const walk = new Walk({}, true).connect();
    const { connectionId } = walk.state;
    expect(walk.do({ type: 'page/online' }).state).toMatchObject({
      name: 'connecting',
      connectionId: connectionId + 1,
    });
    expect(walk.told).toEqual(['link/detach', 'tell/close', 'timer/set', 'link/connect']);
    const greeting = new Walk({}, true).connect().do({ type: 'link/opened' }).do({ type: 'page/online' });
    expect(greeting.state).toMatchObject({ step: 'greeting', connectionId: 1, offlineAt: Infinity });
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

  it('is given up after four pings and a last silent timer, and a stable one is replaced at once', () => {
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

  it.each([
    'page/online',
    'page/offline',
    'page/visible',
    'page/resumed',
    'page/woke',
    'page/network',
    'page/focus',
  ] as const)('is asked at once on %s', (type) => {
    const walk = stable().do({ type });
    expect(walk.state.name).toBe('open');
    expect([walk.told, walk.timer('heartbeat')]).toEqual([['link/ping', 'timer/set'], 250]);
    expect(walk.do({ type }).effects).toEqual([]);
  });

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
    expect(walk.told).toEqual(['link/detach', 'tell/close']);
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
    expect(walk.told).toEqual(['link/detach', 'tell/close']);
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

describe('a second connection', () => {
  const silent = { type: 'timer/heartbeat', heard: false } as const;
  const heard = { type: 'timer/heartbeat', heard: true } as const;
  const raced = (): Walk => new Walk().connect().opened().do({ type: 'page/online' }).do(silent);

  it('races when a hint is not answered within a round trip', () => {
    expect(raced().told).toEqual(['link/ping', 'timer/set', 'link/abandon', 'timer/set', 'link/connect']);
    expect(raced().effects).toContainEqual({ type: 'link/connect', connectionId: 2 });
    expect(raced().state).toMatchObject({ name: 'open', connectionId: 1, newestId: 2 });
    expect(raced().do({ type: 'page/online' }).effects).toEqual([]);
  });

  it('is abandoned when the first one answers', () => {
    const walk = raced().do(heard);
    expect([walk.state, walk.told]).toMatchObject([{ name: 'open', rival: null }, ['timer/set', 'link/abandon']]);
    expect(walk.do({ type: 'link/opened', connectionId: 2 }).effects).toEqual([]);
  });

  it('takes over when it is open first; the app sees an open connection all the time', () => {
    const walk = raced();
    walk.now = 900;
    walk.do({ type: 'link/opened', connectionId: 2 });
    expect(walk.state).toMatchObject({ name: 'connecting', isHandover: true, since: 0, connectionId: 2 });
    expect(walk.told).toEqual(['link/promote', 'timer/set', 'link/greet']);
    walk.do({ type: 'link/welcomed', heartbeat: null }).do({ type: 'link/prepared' });
    expect(walk.state).toMatchObject({ name: 'open', since: 0 });
  });

  it('takes over on its way when the first one is found dead, or ends', () => {
    const dead = raced().do(silent).do(silent).do(silent).do(silent);
    const ended = raced().closed(1006);
    for (const walk of [dead, ended]) {
      expect(walk.state).toMatchObject({ name: 'connecting', step: 'opening', isHandover: false, reason: 'lost' });
      expect(walk.told).toEqual(['link/promote', 'timer/set', 'tell/close']);
      expect(walk.state.connectionId).toBe(2);
    }
    expect(raced().closed(4403).state.name).toBe('suspended');
  });

  // It would be deaf by the time that a busy server closes the second one, which it does right after the handshake.
  it('takes over only when it has lived for a moment, where the server does not speak first', () => {
    const proving = (): Walk => {
      const walk = new Walk({ proofMs: 100 }).connect().opened().do({ type: 'page/online' }).do(silent);
      walk.now = 2_001;
      return walk.do({ type: 'link/opened', connectionId: 2, ms: 40 });
    };
    expect([proving().state, proving().timer('rival')]).toMatchObject([{ name: 'open', rival: { openMs: 40 } }, 100]);
    const refused = proving().do({
      type: 'link/closed',
      connectionId: 2,
      code: 1013,
      reason: '',
      wasClean: true,
      retryAfterMs: 20_000,
      hasSlot: true,
    });
    expect([refused.state, refused.told]).toMatchObject([{ name: 'open', rival: null }, ['link/abandon']]);
    const proved = proving().do({ type: 'timer/rival' });
    expect(proved.state).toMatchObject({ name: 'connecting', step: 'greeting', isHandover: true, openMs: 40 });
    expect(proved.told).toEqual(['link/promote', 'timer/set', 'link/greet']);
    // The first one ends meanwhile: no reason to wait any longer.
    const needed = proving().closed(1006);
    expect(needed.state).toMatchObject({ name: 'connecting', step: 'greeting', isHandover: false });
    expect(needed.told).toEqual(['link/promote', 'timer/set', 'link/greet', 'tell/close']);
    expect(proving().do(heard).state).toMatchObject({ name: 'open', rival: null });
  });

  it('leaves the first one alone when it fails', () => {
    const late = (): Walk => {
      const walk = raced();
      walk.now = 2_001;
      return walk;
    };
    for (const walk of [
      late().do({
        type: 'link/closed',
        connectionId: 2,
        code: 1006,
        reason: '',
        wasClean: false,
        retryAfterMs: null,
        hasSlot: false,
      }),
      late().do({ type: 'timer/rival' }),
    ]) {
      expect([walk.state, walk.told]).toMatchObject([{ name: 'open', rival: null }, ['link/abandon']]);
    }
  });

  // The first bytes flow only half a second after a link is up again.
  it('is tried again soon while the network has only just come back', () => {
    const walk = raced().do({ type: 'link/failed', connectionId: 2, failure: lostFailure, closeCode: 1001 });
    expect([walk.state, walk.timer('rival')]).toMatchObject([{ name: 'open', rival: { connectionId: null } }, 100]);
    expect(walk.do({ type: 'timer/rival' }).effects).toContainEqual({ type: 'link/connect', connectionId: 3 });
  });

  it('is all there is to ask with where there is no ping', () => {
    const plain = (): Walk =>
      new Walk()
        .connect()
        .do({ type: 'link/opened' })
        .do({ type: 'link/welcomed', heartbeat: null })
        .do({ type: 'link/prepared' });
    const walk = plain().do({ type: 'page/focus' });
    expect([walk.told, walk.timer('heartbeat')]).toEqual([['timer/set'], 250]);
    expect(walk.do(heard).effects).toEqual([]);
    expect(plain().do({ type: 'page/focus' }).do(silent).told).toContain('link/connect');
  });

  it('is never made where it may not be', () => {
    const walk = new Walk({ canRace: false }).connect().opened().do({ type: 'page/online' }).do(silent);
    expect(walk.told).toEqual(['link/ping', 'timer/set']);
    expect(walk.do({ type: 'user/migrate' }).effects).toEqual([]);
    expect(walk.do({ type: 'link/drained', withinMs: 100 }).effects).toEqual([]);
  });
});

describe('a move', () => {
  const failed = {
    type: 'link/failed',
    connectionId: 2,
    failure: { code: 'URL_FAILED', message: '' },
    closeCode: 1001,
  } as const;
  const moving = (): Walk => new Walk().connect().opened().do({ type: 'user/migrate' });

  it('opens the next connection beside the old one, once', () => {
    expect(moving().told).toEqual(['link/abandon', 'timer/set', 'link/connect']);
    expect(moving().do({ type: 'user/migrate' }).effects).toEqual([]);
  });

  it('is not given up when the old connection answers', () => {
    const walk = moving().do({ type: 'page/online' }).do({ type: 'timer/heartbeat', heard: true });
    expect(walk.state).toMatchObject({ rival: { isWanted: true } });
  });

  it('is tried five times, then the old connection stays', () => {
    const walk = moving();
    for (let tries = 1; tries < 5; tries += 1) {
      walk.do({ ...failed, connectionId: walk.state.newestId });
      expect(walk.state).toMatchObject({ name: 'open', rival: { connectionId: null, tries } });
      expect(walk.timer('rival')).toBeGreaterThan(0);
      walk.do({ type: 'timer/rival' });
      expect(walk.told).toContain('link/connect');
    }
    walk.do({ ...failed, connectionId: walk.state.newestId });
    expect(walk.state).toMatchObject({ name: 'open', rival: null, connectionId: 1 });
  });

  it('begins somewhere in the first half of the time that a draining server gives', () => {
    const walk = new Walk().connect().opened();
    walk.random = 0.5;
    walk.do({ type: 'link/drained', withinMs: 30_000 });
    expect([walk.timer('rival'), walk.told]).toEqual([7_500, ['link/abandon', 'timer/set']]);
    expect(walk.do({ type: 'timer/rival' }).told).toContain('link/connect');
    expect(walk.do({ type: 'link/drained', withinMs: 30_000 }).effects).toEqual([]);
  });

  it('is nothing where nothing is open', () => {
    for (const walk of [new Walk(), new Walk().connect(), new Walk().connect().closed(1006)]) {
      expect(walk.do({ type: 'user/migrate' }).effects).toEqual([]);
    }
  });

  it('that waits for its turn begins with a hint, and is one all the same', () => {
    const walk = new Walk().connect().opened().do({ type: 'link/drained', withinMs: 30_000 });
    walk.do({ type: 'page/focus' }).do({ type: 'timer/heartbeat', heard: false });
    expect(walk.told).toContain('link/connect');
    walk.do({ type: 'timer/heartbeat', heard: true });
    expect(walk.state).toMatchObject({ rival: { isWanted: true, tries: 1 } });
  });
});

describe('the circuit breaker', () => {
  const tripped = (): Walk => new Walk({ maxAttempts: 1 }).connect().closed(1006).connect().closed(1006);

  it('opens after the limits, and tries once after the cool-down', () => {
    const walk = tripped();
    expect(walk.state).toMatchObject({ name: 'suspended', retryAt: 60_000, trips: 1 });
    expect(walk.do({ type: 'timer/retry' }).state).toMatchObject({ name: 'connecting', reason: 'retry' });
    expect(walk.closed(1006).state).toMatchObject({ name: 'suspended', trips: 2 });
    expect(walk.timer('retry')).toBe(120_000);
  });

  it('doubles the cool-down at most four times', () => {
    const walk = tripped();
    for (let tries = 0; tries < 10; tries += 1) walk.do({ type: 'timer/retry' }).closed(1006);
    expect(walk.timer('retry')).toBe(16 * 60_000);
  });

  it.each(['page/online', 'page/visible', 'page/resumed', 'page/woke', 'page/network'] as const)(
    'tries once on %s',
    (type) => {
      const walk = tripped().do({ type });
      expect(walk.state).toMatchObject({ name: 'connecting', reason: 'wake' });
      expect(walk.do({ type: 'link/opened' }).closed(1006).state.name).toBe('suspended');
    },
  );

  it('takes no focus for a sign that anything changed', () => {
    expect(tripped().do({ type: 'page/focus' }).effects).toEqual([]);
  });

  it('closes when a connection proves stable, or the app asks', () => {
    const walk = tripped().do({ type: 'timer/retry' }).opened();
    expect(walk.state.trips).toBe(1);
    expect(walk.do({ type: 'timer/stable' }).state.trips).toBe(0);
    expect(tripped().connect().state.trips).toBe(0);
  });

  it('stays shut for what no retry can mend: only the app goes on', () => {
    const walk = new Walk({ maxAttempts: 1 }).connect().closed(4403);
    expect(walk.state).toMatchObject({ name: 'suspended', retryAt: null, trips: 0 });
    expect(walk.do({ type: 'page/online' }).state.name).toBe('suspended');
    expect(walk.connect().state.name).toBe('connecting');
  });
});

describe('a hidden page', () => {
  const hidden = (releaseAfterMs: number): Walk =>
    new Walk({ releaseAfterMs }).connect().opened().do({ type: 'page/hidden' });

  it('lets go of its connection after a time, and is back when it is seen', () => {
    const walk = hidden(30_000);
    expect(walk.timer('hidden')).toBe(30_000);
    walk.do({ type: 'timer/hidden', isBusy: false });
    expect(walk.state).toMatchObject({ name: 'paused', reasons: ['hidden'] });
    expect(walk.do({ type: 'page/visible' }).state).toMatchObject({
      name: 'connecting',
      reason: 'wake',
      isHidden: false,
    });
  });

  it('never does while work is unsent, and is back when there is some', () => {
    const walk = hidden(30_000).do({ type: 'timer/hidden', isBusy: true });
    expect([walk.state.name, walk.timer('hidden')]).toEqual(['open', 30_000]);
    walk.do({ type: 'timer/hidden', isBusy: false }).do({ type: 'outbox/filled' });
    expect(walk.state.name).toBe('connecting');
    // It is hidden still: once stable, the time runs again.
    walk.opened().do({ type: 'timer/stable' });
    expect(walk.timer('hidden')).toBe(30_000);
  });

  it('keeps it unless told otherwise, and when it is seen in time', () => {
    expect(hidden(Number.POSITIVE_INFINITY).effects).toEqual([]);
    const walk = hidden(30_000).do({ type: 'page/visible' }).do({ type: 'timer/hidden', isBusy: false });
    expect(walk.state.name).toBe('open');
  });

  it('asks half as often', () => {
    const beat = (walk: Walk): Walk =>
      walk.do({ type: 'timer/heartbeat', heard: true }).do({ type: 'timer/heartbeat', heard: true });
    const longest = (walk: Walk): number | undefined => beat(beat(beat(beat(walk)))).timer('heartbeat');
    expect(longest(hidden(Number.POSITIVE_INFINITY))).toBe(30_000);
    expect(longest(new Walk().connect().opened())).toBe(15_000);
  });
});

describe('data sent into silence', () => {
  const tick = (heard: boolean, wrote: boolean) => ({ type: 'timer/silence', heard, wrote }) as const;
  const wrote = (): Walk => new Walk().connect().opened().do({ type: 'link/wrote' });

  it('is a question to the server after two silent ticks', () => {
    expect([wrote().told, wrote().timer('silence')]).toEqual([['timer/set'], 400]);
    const walk = wrote().do(tick(false, true));
    expect(walk.timer('silence')).toBe(400);
    walk.do(tick(false, true));
    expect(walk.told).toEqual(['link/ping', 'timer/set']);
    // A server that is slow for everybody must not get twice as many connections.
    expect(walk.do({ type: 'timer/heartbeat', heard: false }).told).not.toContain('link/connect');
  });

  it('is none when anything is heard, and nothing ticks when nothing is written', () => {
    expect(wrote().do(tick(false, true)).do(tick(true, true)).timer('silence')).toBe(400);
    const walk = wrote().do(tick(true, false));
    expect([walk.effects, walk.state]).toMatchObject([[], { silentTicks: null }]);
  });

  it('allows for the round trip', () => {
    const walk = new Walk().connect().opened().do({ type: 'link/answered', ms: 400 }).do({ type: 'link/wrote' });
    expect(walk.timer('silence')).toBe(1_200);
    const slow = new Walk().connect().do({ type: 'link/opened', ms: 4_000 });
    slow
      .do({ type: 'link/welcomed', heartbeat: { intervalMs: 15_000, timeoutMs: 5_000 } })
      .do({ type: 'link/prepared' });
    expect(slow.do({ type: 'link/wrote' }).timer('silence')).toBe(6_000);
  });

  it('allows for a server that speaks only so often', () => {
    const walk = new Walk().connect().do({ type: 'link/opened' });
    walk.do({ type: 'link/welcomed', heartbeat: { intervalMs: 15_000, timeoutMs: 5_000, answerMs: 20_000 } });
    expect(walk.do({ type: 'link/prepared' }).do({ type: 'link/wrote' }).timer('silence')).toBe(10_000);
  });
});
