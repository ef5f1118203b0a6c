import { describe, expect, it, vi } from 'vitest';
import { World } from './socket.fixture.ts';

describe('getState, getStats and subscribe', () => {
  it('give the same object until something changes', async () => {
    const world = new World();
    const before = [world.socket.getState(), world.socket.getStats()];
    expect([world.socket.getState(), world.socket.getStats()]).toEqual(before);
    expect(world.socket.getState()).toBe(before[0]);
    expect(world.socket.getStats()).toBe(before[1]);
    world.socket.send(1);
    expect([world.socket.getStats(), world.socket.getState() === before[0]]).toEqual([
      { rttMs: null, queued: 1, inFlight: 0 },
      true,
    ]);
    await world.accept();
    expect(world.socket.getState(), 'a step of connecting is no news').toBe(before[0]);
    await world.welcome();
    expect(world.socket.getState()).not.toBe(before[0]);
    expect(world.socket.getStats()).toMatchObject({ queued: 0, inFlight: 1 });
    expect(() => Object.assign(world.socket.getState(), { phase: 'idle' })).toThrow(TypeError);
  });

  it('tell of numbers at most once a frame, and of states at once', async () => {
    const world = await new World().welcome();
    let calls = 0;
    const stop = world.socket.subscribe(() => (calls += 1));
    for (let count = 0; count < 50; count += 1) world.socket.send(count);
    await world.settle();
    expect([calls, world.environment.frames]).toEqual([0, 1]);
    world.environment.paint();
    expect([calls, world.environment.frames]).toEqual([1, 0]);
    world.socket.pause();
    expect(calls).toBe(2);
    world.environment.paint();
    stop();
    world.socket.send('x');
    expect([calls, world.environment.frames]).toEqual([3, 0]);
  });

  it('tell that what waited for the connection is on it', async () => {
    const world = await new World().accept();
    world.socket.send('waits');
    let told = world.socket.getStats();
    world.socket.subscribe(() => (told = world.socket.getStats()));
    await world.welcome();
    world.environment.paint();
    expect(told).toMatchObject({ queued: 0, inFlight: 1 });
  });

  it('tell of the round trip', async () => {
    const world = await new World().welcome();
    await world.environment.advance(40);
    world.wire.receive(['q', 1]);
    expect(world.socket.getStats().rttMs).toBe(40);
  });

  it('report a subscriber that throws, and the others still hear', () => {
    const world = new World();
    const heard = vi.fn<() => void>();
    world.socket.subscribe(() => {
      throw new Error('mine');
    });
    world.socket.subscribe(heard);
    world.socket.pause();
    expect([world.errors, heard.mock.calls.length]).toEqual([['LISTENER_FAILED'], 1]);
  });

  it('do not call a subscriber that was stopped by one before it', () => {
    const world = new World();
    const second = vi.fn<() => void>();
    world.socket.subscribe(() => stop());
    const stop = world.socket.subscribe(second);
    world.socket.pause();
    expect(second).not.toHaveBeenCalled();
  });

  it('tell the truth to a listener of each event: the state is in force before the event', async () => {
    const world = new World();
    const seen: unknown[] = [];
    for (const type of ['open', 'close', 'state'] as const) {
      world.socket.on(type, () => seen.push([type, world.socket.getState().phase]));
    }
    await world.welcome();
    world.wire.closeBy(1006);
    expect(seen).toEqual([
      ['state', 'open'],
      ['open', 'open'],
      ['state', 'waiting'],
      ['close', 'waiting'],
    ]);
  });

  // A clock that stands still for 100 ms, as browsers with protection against fingerprinting have it.
  it('tell a new reason, though no time has passed', async () => {
    const world = new World();
    world.socket.reconnect();
    expect(world.socket.getState().reason).toBe('user');
    world.socket.pause();
    world.environment.tell('frozen');
    world.socket.connect();
    expect(world.socket.getState()).toMatchObject({ phase: 'paused', reason: 'frozen' });
  });
});
