import { describe, expect, it } from 'vitest';
import { FakeEnvironment } from '../testing-fakes/fake-environment.fixture.ts';
import { createTurn, type Turn } from './turn.ts';

function aTurn(): { turn: Turn; environment: FakeEnvironment; runs: () => number; onRun: (run: () => void) => void } {
  const environment = new FakeEnvironment();
  let runs = 0;
  let then = (): void => {};
  const turn = createTurn(environment, () => {
    runs += 1;
    then();
  });
  return { turn, environment, runs: () => runs, onRun: (run) => void (then = run) };
}

describe('Turn', () => {
  it('runs once at the end of the turn, however often it is asked', async () => {
    const { turn, environment, runs } = aTurn();
    for (let count = 0; count < 5; count += 1) turn.request();
    expect(runs()).toBe(0);
    await environment.settle();
    expect(runs()).toBe(1);
    turn.request();
    await environment.settle();
    expect(runs()).toBe(2);
  });

  it('hears a request that comes while it runs', async () => {
    const { turn, environment, runs, onRun } = aTurn();
    onRun(() => void (runs() < 3 && turn.request()));
    turn.request();
    await environment.settle();
    expect(runs()).toBe(3);
  });

  it('runs within the time of the first that asked', async () => {
    const { turn, environment, runs } = aTurn();
    turn.requestWithin(25);
    await environment.advance(20);
    turn.requestWithin(25);
    expect([runs(), environment.timers]).toEqual([0, 1]);
    await environment.advance(5);
    expect([runs(), environment.timers]).toEqual([1, 0]);
    turn.requestWithin(25);
    await environment.advance(25);
    expect(runs()).toBe(2);
  });

  it('runs earlier when somebody asks for it, and never later', async () => {
    const { turn, environment, runs } = aTurn();
    turn.requestWithin(25);
    turn.requestWithin(2);
    turn.requestWithin(10);
    await environment.advance(1);
    expect(runs()).toBe(0);
    await environment.advance(1);
    expect([runs(), environment.timers]).toEqual([1, 0]);
    turn.requestWithin(25);
    await environment.advance(24);
    turn.requestWithin(2);
    await environment.advance(1);
    expect([runs(), environment.timers]).toEqual([2, 0]);
  });

  it('runs no more once it is stopped, whatever was asked before', async () => {
    const { turn, environment, runs } = aTurn();
    turn.request();
    turn.requestWithin(5);
    turn.stop();
    turn.request();
    turn.requestWithin(5);
    await environment.advance(100);
    expect([runs(), environment.timers]).toEqual([0, 0]);
  });
});
