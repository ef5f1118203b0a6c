import { describe, expect, it } from 'vitest';
import { Dice } from '../testing-fakes/random.fixture.ts';
import { EVENT_TYPES, EVENTS, options } from './connection.fixture.ts';
import type { ConnectionOptions, Effect, Event, State, TimerName } from './connection-state.ts';
import { initialState } from './connection-steps.ts';
import { transition } from './connection.ts';

/** What the outside knows of the machine: the timers that run and the link that is there. It shares none of its code. */
class Outside {
  readonly timers = new Set<TimerName>();
  link: number | null = null;
  rival: number | null = null;
  greeted: number | null = null;
  /** Links whose end the app has not heard of. */
  untold = 0;
  #heldBy: State['name'] = 'idle';

  run(effect: Effect, state: State): void {
    switch (effect.type) {
      case 'timer/set':
        this.timers.add(effect.timer);
        return;
      case 'link/connect':
        expect(effect.connectionId).toBe(state.newestId);
        if (this.link === null) this.link = effect.connectionId;
        else {
          expect(this.rival, 'a third connection').toBe(null);
          this.rival = effect.connectionId;
        }
        return;
      case 'link/promote':
        expect(effect.connectionId, 'only the rival takes over').toBe(this.rival);
        this.link = this.rival;
        this.rival = null;
        if (state.name === 'connecting' && !state.isHandover) this.untold += 1;
        return;
      case 'link/abandon':
        this.rival = null;
        return;
      case 'link/greet':
        expect(effect.connectionId).toBe(this.link);
        return;
      case 'link/detach':
        expect(this.link, 'a detach of nothing').not.toBe(null);
        this.link = null;
        this.rival = null;
        this.untold += 1;
        return;
      case 'flow/start':
      case 'link/ping':
        expect(this.greeted, `${effect.type} before the welcome`).toBe(this.link);
        return;
      case 'tell/close':
        this.untold -= 1;
        return;
      case 'link/prepare':
      case 'tell/error':
        return;
    }
  }

  check(state: State, before: State): void {
    expect(state.newestId).toBeGreaterThanOrEqual(before.newestId);
    expect(state.newestId).toBeGreaterThanOrEqual(state.connectionId);
    expect(this.link).toBe(['connecting', 'open', 'closing'].includes(state.name) ? state.connectionId : null);
    expect(this.rival).toBe(state.name === 'open' ? (state.rival?.connectionId ?? null) : null);
    const due = this.#due(state);
    expect([...this.timers], state.name).toEqual(expect.arrayContaining(due));
    // What else runs is ignored when it fires; in these states nothing may be left at all.
    if (state.name !== 'open') expect(this.timers.size, state.name).toBe(due.length);
    expect(this.untold, 'every end is told, and once').toBe(0);
    if (state.name === 'open') expect(this.greeted).toBe(state.connectionId);
    if (before.name === 'closed') expect(state).toBe(before);
    if (state.name === 'waiting') expect(state.retryAt).toBeGreaterThanOrEqual(state.since);
    if (state.name === 'paused') expect(new Set(state.reasons).size).toBe(Math.max(1, state.reasons.length));
    // From scratch: a connection proved stable, or the app asked where the retries had ended.
    if (state.attempt < before.attempt && before.trips === 0)
      expect([this.#heldBy, state.attempt]).toEqual([expect.stringMatching(/^(?:open|suspended)$/), 0]);
    this.#heldBy = state.name;
  }

  /** The timers that a state must have, and no other: never stuck, and nothing left behind. */
  #due(state: State): TimerName[] {
    switch (state.name) {
      case 'connecting':
        return ['connect'];
      case 'open': {
        const beats: TimerName[] = state.heartbeatOptions === null ? [] : ['heartbeat'];
        if (!state.isStable) beats.push('stable');
        if (state.rival !== null) beats.push('rival');
        if (state.silentTicks !== null) beats.push('silence');
        return beats;
      }
      case 'waiting':
        return ['retry'];
      case 'closing':
        return ['flush'];
      case 'suspended':
        return state.retryAt === null ? [] : ['retry'];
      case 'idle':
      case 'paused':
      case 'closed':
        return [];
    }
  }
}

function nextEvent(dice: Dice, state: State, outside: Outside): Event {
  const forward = { opening: 'link/opened', greeting: 'link/welcomed', preparing: 'link/prepared' } as const;
  // Mostly what happens, so that the walk gets somewhere; at times anything at all.
  if (state.step !== null && dice.chance(0.4)) {
    const event = dice.pick<Event>(EVENTS[forward[state.step]]);
    return { ...event, connectionId: state.connectionId } as Event;
  }
  for (;;) {
    const event = dice.pick<Event>(EVENTS[dice.pick(EVENT_TYPES)]);
    if (event.type === 'user/close' && dice.chance(0.9)) continue;
    if (!('connectionId' in event)) return event;
    const connectionId = dice.chance(0.2) ? dice.below(state.newestId + 1) : state.connectionId;
    // A timer of this connection fires only if it is set.
    const timer = event.type.startsWith('timer/') ? (event.type.slice(6) as TimerName) : null;
    if (timer !== null && connectionId === state.connectionId && !outside.timers.has(timer)) continue;
    return { ...event, connectionId };
  }
}

describe('a walk at random', () => {
  it.each(Array.from({ length: 40 }, (_, index) => index + 1))('keeps every promise (seed %i)', (seed) => {
    const dice = new Dice(seed);
    const settings: ConnectionOptions = {
      ...options,
      maxAttempts: dice.pick([0, 1, 3, Number.POSITIVE_INFINITY]),
      maxElapsedMs: dice.pick([20, Number.POSITIVE_INFINITY]),
      coolDownMs: dice.pick([50, Number.POSITIVE_INFINITY]),
      releaseAfterMs: dice.pick([100, Number.POSITIVE_INFINITY]),
      canRace: dice.chance(0.8),
      proofMs: dice.pick([0, 10]),
    };
    const seen = new Set<string>();
    for (let round = 0; round < 40; round += 1) {
      let state = initialState(0, dice.chance(0.2));
      const outside = new Outside();
      for (let step = 0; step < 150; step += 1) {
        const event = nextEvent(dice, state, outside);
        const isOfRival =
          state.name === 'open' && 'connectionId' in event && event.connectionId === state.rival?.connectionId;
        const isCurrent = !('connectionId' in event) || event.connectionId === state.connectionId || isOfRival;
        if (isCurrent && !isOfRival && event.type.startsWith('timer/'))
          outside.timers.delete(event.type.slice(6) as TimerName);
        if (isCurrent && event.type === 'link/welcomed' && state.name === 'connecting' && state.step === 'greeting') {
          outside.greeted = state.connectionId;
        }
        const [next, effects] = transition(state, event, { now: step, random: dice.number() }, settings);
        if (!isCurrent) expect([next === state, effects]).toEqual([true, []]);
        // A timer belongs to the state in which it was set.
        if (next.name !== state.name) outside.timers.clear();
        for (const effect of effects) outside.run(effect, next);
        outside.check(next, state);
        seen.add(next.name);
        state = next;
      }
    }
    expect(seen.size, [...seen].join()).toBeGreaterThanOrEqual(6);
  });
});
