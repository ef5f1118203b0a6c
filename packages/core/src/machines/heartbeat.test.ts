import { describe, expect, it } from 'vitest';
import { Dice } from '../testing-fakes/random.fixture.ts';
import { heartbeat, type HeartbeatEffect, type HeartbeatEvent, type HeartbeatState } from './heartbeat.ts';

const options = { intervalMs: 15_000, timeoutMs: 5_000 };
const silence: HeartbeatEvent = { type: 'timer', heard: false };
const sound: HeartbeatEvent = { type: 'timer', heard: true };
const hint: HeartbeatEvent = { type: 'hint', timeoutMs: 2_000 };

function run(...events: readonly HeartbeatEvent[]): { state: HeartbeatState; effects: readonly HeartbeatEffect[] } {
  let [state, effects] = heartbeat.start(options);
  for (const event of events) [state, effects] = heartbeat.transition(state, event, options);
  return { state, effects };
}

describe('heartbeat', () => {
  it('starts by waiting for the interval', () => {
    expect(run()).toEqual({ state: { name: 'quiet' }, effects: [{ type: 'timer', ms: 15_000 }] });
  });

  it('asks after the interval, though something was heard meanwhile: the round trip is wanted, too', () => {
    for (const event of [silence, sound]) {
      expect(run(event)).toEqual({
        state: { name: 'probing', quarters: 0, timeoutMs: 5_000 },
        effects: [{ type: 'ping' }, { type: 'timer', ms: 1_250 }],
      });
    }
  });

  // A page that was frozen for an hour gets one late timer: it must hear the mail that waited before it judges.
  it('takes four quarters and a last hearing in silence to call a peer dead, however late each timer comes', () => {
    const silent = [silence, silence, silence, silence];
    expect(run(silence, ...silent.slice(1)).effects).toEqual([{ type: 'timer', ms: 1_250 }]);
    expect(run(silence, ...silent).effects).toEqual([{ type: 'timer', ms: 100 }]);
    expect(run(silence, ...silent, silence)).toEqual({ state: { name: 'quiet' }, effects: [{ type: 'dead' }] });
  });

  it.each([1, 2, 3, 4, 5])('is satisfied by anything that is heard before timer %i of the deadline', (quarter) => {
    const silent = Array.from({ length: quarter - 1 }, () => silence);
    expect(run(silence, ...silent, sound)).toEqual(run());
  });

  it('asks at once when there is a hint, with the deadline of the hint', () => {
    expect(run(hint)).toEqual({
      state: { name: 'probing', quarters: 0, timeoutMs: 2_000 },
      effects: [{ type: 'ping' }, { type: 'timer', ms: 500 }],
    });
  });

  it('shortens a deadline that has just begun', () => {
    expect(run(silence, hint)).toEqual(run(hint));
  });

  it('keeps the deadline of an earlier hint, however many come', () => {
    const { state, effects } = run(hint, silence, silence, hint, hint, hint);
    expect(state).toEqual({ name: 'probing', quarters: 2, timeoutMs: 2_000 });
    expect(effects).toEqual([]);
  });

  it('is the same object when nothing changes', () => {
    const { state } = run(hint);
    expect(heartbeat.transition(state, hint, options)[0]).toBe(state);
  });

  // With three quarters of 5 s gone, a hint of 2 s would put off the verdict that is due within 1,250 ms.
  it('is never given more time by a hint than it had left', () => {
    for (const timeoutMs of [100, 1_000, 2_000, 3_000, 5_000, 60_000]) {
      const dice = new Dice(timeoutMs);
      for (let round = 0; round < 200; round += 1) {
        let [state] = heartbeat.transition({ name: 'quiet' }, silence, { intervalMs: 1_000, timeoutMs });
        let passed = 0;
        for (let step = 0; step < 40; step += 1) {
          const probing = state as { timeoutMs: number; quarters: number };
          const ms = probing.quarters === 4 ? 100 : probing.timeoutMs / 4;
          let effects: readonly HeartbeatEffect[];
          if (dice.chance(0.5)) {
            // The hint comes at any moment before the timer fires.
            const before = state;
            [state, effects] = heartbeat.transition(state, hint, { intervalMs: 1_000, timeoutMs });
            if (state !== before) passed += dice.number() * ms;
          } else {
            [state, effects] = heartbeat.transition(state, silence, { intervalMs: 1_000, timeoutMs });
            passed += ms;
          }
          if (effects[0]?.type === 'dead') break;
        }
        expect(passed).toBeLessThanOrEqual(timeoutMs + 100.001);
      }
    }
  });
});
