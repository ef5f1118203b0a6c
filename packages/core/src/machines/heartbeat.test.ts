import { describe, expect, it } from 'vitest';
import { Dice } from '../testing-fakes/random.fixture.ts';
import {
  answerWithinMs,
  heartbeat,
  type HeartbeatEvent,
  type HeartbeatState,
  type HeartbeatWord,
} from './heartbeat.ts';

const options = { intervalMs: 16_000, timeoutMs: 5_000 };
const silence: HeartbeatEvent = { type: 'timer', heard: false };
const sound: HeartbeatEvent = { type: 'timer', heard: true };
const hint: HeartbeatEvent = { type: 'hint', tellsLate: true };
const answered = (ms: number): HeartbeatEvent => ({ type: 'answered', ms });

type Told = readonly [timerMs: number, word: HeartbeatWord | null];

function run(...events: readonly HeartbeatEvent[]): { state: HeartbeatState; told: Told } {
  let [state, ...told] = heartbeat.start(options);
  for (const event of events) [state, ...told] = heartbeat.transition(state, event, options);
  return { state, told };
}

describe('the pause between two questions', () => {
  it('is a quarter of the interval at first, and doubles with every answer up to the interval', () => {
    expect(run().told).toEqual([4_000, null]);
    const beats = [silence, sound];
    expect(run(...beats).told[0]).toBe(8_000);
    expect(run(...beats, ...beats).told[0]).toBe(16_000);
    expect(run(...beats, ...beats, ...beats).told[0]).toBe(16_000);
  });

  it('is short again after a miss', () => {
    const beats = [silence, sound];
    expect(run(...beats, ...beats, silence, silence, sound).told[0]).toBe(4_000);
  });
});

describe('a question', () => {
  it('is asked though something was heard meanwhile: the round trip is wanted, too', () => {
    for (const event of [silence, sound]) {
      expect(run(event).told).toEqual([1_250, 'ping']);
      expect(run(event).state.misses).toBe(0);
    }
  });

  // A page that was frozen for an hour gets one late timer: it must hear the mail that waited before it judges.
  it('takes four parts and a last hearing in silence to call a peer dead, however late each timer comes', () => {
    const told = (silent: number): Told => run(silence, ...Array.from({ length: silent }, () => silence)).told;
    expect(told(1)).toEqual([1_250, 'ping']);
    expect(told(3)).toEqual([1_250, 'ping']);
    expect(told(4)).toEqual([100, null]);
    expect(told(5)).toEqual([0, 'dead']);
  });

  it.each([1, 2, 3, 4, 5])('is answered by anything that is heard before timer %i of the deadline', (part) => {
    const { state, told } = run(silence, ...Array.from({ length: part - 1 }, () => silence), sound);
    expect([state.misses, told[1]]).toEqual([null, 'alive']);
  });
});

describe('the deadline', () => {
  it('comes from the measured round trips', () => {
    // RFC 6298: after the first sample R it is R + 4 * R / 2.
    expect(answerWithinMs(run(answered(400)).state)).toBe(1_200);
    expect(run(answered(200), silence).told[0]).toBe(1_200);
    expect(answerWithinMs(run().state)).toBe(null);
  });

  it('nears the round trip while it is steady, and grows when it varies', () => {
    const steady = run(...Array.from({ length: 40 }, () => answered(400)));
    expect(answerWithinMs(steady.state)).toBeCloseTo(400, 0);
    expect(answerWithinMs(run(answered(400), answered(400), answered(900)).state)).toBeGreaterThan(1_200);
  });

  it('has a floor, so that nobody is in a hurry, and never exceeds what was allowed', () => {
    expect(run(answered(1), silence).told[0]).toBe(500);
    expect(run(answered(9_000), silence).told[0]).toBe(1_250);
  });
});

describe('a first question', () => {
  // Nothing was measured yet, and a link with a round trip of two seconds is no dead link.
  it('has the time that the handshake says a slow link needs', () => {
    const first = (openMs: number): number => answerWithinMs(heartbeat.start(options, openMs)[0]) ?? 0;
    expect([first(100), first(4_000)]).toEqual([150, 6_000]);
    const [state] = heartbeat.start(options, 4_000);
    expect(heartbeat.transition(state, hint, options)[1]).toBe(1_250);
    // What was measured replaces the guess.
    expect(answerWithinMs(heartbeat.transition(state, answered(100), options)[0])).toBe(300);
  });

  it('has the time that the protocol says its server needs', () => {
    const settings = { ...options, answerMs: 20_000 };
    for (const event of [hint, silence]) {
      expect(heartbeat.transition(run().state, event, settings)[1]).toBe(5_000);
    }
  });
});

describe('a hint', () => {
  it('asks at once, and tells when the first part passes in silence', () => {
    expect(run(hint).told).toEqual([250, 'ping']);
    expect(run(hint, silence).told[1]).toBe('late');
    expect(run(hint, silence, silence).told[1]).toBe('ping');
    expect(run({ type: 'hint', tellsLate: false }, silence).told[1]).toBe('ping');
  });

  // A link with a round trip of a second is no dead link.
  it('allows for a slow link', () => {
    expect(run(answered(300), hint).told[0]).toBe(900);
  });

  it('shortens a deadline that has just begun', () => {
    expect(run(silence, hint).state).toMatchObject({ misses: 0, partMs: 250 });
  });

  it('keeps the deadline of an earlier hint, however many come', () => {
    const { state, told } = run(hint, silence, silence, hint, hint, hint);
    expect([state.misses, state.partMs, told]).toEqual([2, 250, [0, null]]);
  });

  it('leaves the same object when nothing changes', () => {
    const { state } = run(hint);
    expect(heartbeat.transition(state, hint, options)[0]).toBe(state);
  });

  // With three quarters of 5 s gone, a hint of 1 s must not put off the verdict.
  it('never gives more time than was left', () => {
    for (const timeoutMs of [100, 1_000, 2_000, 5_000, 60_000]) {
      const dice = new Dice(timeoutMs);
      const settings = { intervalMs: 1_000, timeoutMs };
      for (let round = 0; round < 200; round += 1) {
        let [state] = heartbeat.transition(heartbeat.start(settings)[0], silence, settings);
        let passed = 0;
        for (let step = 0; step < 40; step += 1) {
          const ms = state.misses === 4 ? 100 : state.partMs;
          const event = dice.chance(0.5) ? hint : silence;
          const before: HeartbeatState = state;
          const [next, , word] = heartbeat.transition(state, event, settings);
          state = next;
          // A hint comes at any moment before the timer fires.
          passed += event === silence ? ms : state === before ? 0 : dice.number() * ms;
          if (word === 'dead') break;
        }
        expect(passed).toBeLessThanOrEqual(timeoutMs + 100.001);
      }
    }
  });
});
