import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { EVENT_TYPES, EVENTS, options, STATE_NAMES, STATES } from './connection.fixture.ts';
import type { Effect, Event, EventType, State, StateName } from './connection-state.ts';
import { TABLE, transition } from './connection.ts';

const spec = new URL('./SPEC.md', import.meta.url);
const BEGIN =
  '<!-- The tables below are written by connection-table.test.ts: npx vitest run --project core connection-table -u -->';

interface Outcome {
  readonly state: State;
  readonly next: State;
  readonly effects: readonly Effect[];
}

function outcomes(name: StateName, type: EventType): Outcome[] {
  return STATES[name].flatMap((state) =>
    (EVENTS[type] as readonly Event[]).map((event) => {
      const [next, effects] = transition(state, event, { now: 10, random: 0.5 }, options);
      return { state, next, effects };
    }),
  );
}

const cells = STATE_NAMES.flatMap((name) => EVENT_TYPES.map((type) => ({ name, type })));

describe('the transition table', () => {
  it('has a row for every event in every state, and no other', () => {
    expect(Object.keys(TABLE).sort()).toEqual([...STATE_NAMES].sort());
    for (const name of STATE_NAMES) expect(Object.keys(TABLE[name]).sort(), name).toEqual([...EVENT_TYPES].sort());
  });

  it.each(cells)('$name, $type: does what it says', ({ name, type }) => {
    const row = TABLE[name][type];
    const all = outcomes(name, type);
    expect(all.length).toBeGreaterThan(0);
    if (typeof row === 'string') {
      expect(row).toMatch(/^nothing: \S/);
      for (const { state, next, effects } of all) expect([next === state, effects]).toEqual([true, []]);
    } else {
      // A row that does nothing in any form of its state would have to say why.
      expect(all.some(({ state, next, effects }) => next !== state || effects.length > 0)).toBe(true);
    }
  });

  it.each(cells)('$name, $type: an event of another connection changes nothing', ({ name, type }) => {
    for (const state of STATES[name]) {
      for (const event of EVENTS[type] as readonly Event[]) {
        if (!('connectionId' in event)) continue;
        for (const connectionId of [0, state.connectionId - 1, state.connectionId + 1]) {
          const [next, effects] = transition(state, { ...event, connectionId }, { now: 10, random: 0.5 }, options);
          expect([next === state, effects]).toEqual([true, []]);
        }
      }
    }
  });

  it.each(cells)('$name, $type: is pure', ({ name, type }) => {
    const before = JSON.stringify(STATES[name]);
    expect(outcomes(name, type)).toEqual(outcomes(name, type));
    expect(JSON.stringify(STATES[name])).toBe(before);
  });

  it('is what SPEC.md shows', async () => {
    const written = readFileSync(spec, 'utf8');
    const at = written.indexOf(BEGIN);
    expect(at, 'SPEC.md has lost the line above its tables').toBeGreaterThan(0);
    await expect(`${written.slice(0, at)}${BEGIN}\n\n${tables()}`).toMatchFileSnapshot(spec.pathname);
  });
});

/** The table as Markdown, one part a state: what was seen to follow, not what somebody wrote down. */
function tables(): string {
  return STATE_NAMES.map((name) => {
    const rows = EVENT_TYPES.filter((type) => typeof TABLE[name][type] !== 'string').map(
      (type) => `| \`${type}\` | ${followers(name, type)} |`,
    );
    const nothing = new Map<string, EventType[]>();
    for (const type of EVENT_TYPES) {
      const row = TABLE[name][type];
      if (typeof row === 'string') nothing.set(row, [...(nothing.get(row) ?? []), type]);
    }
    const reasons = [...nothing].map(
      ([reason, types]) => `- ${reason}: ${types.map((type) => `\`${type}\``).join(', ')}`,
    );
    return [
      `### ${name}`,
      '',
      ...(rows.length === 0 ? [] : ['| event | what follows |', '| --- | --- |', ...rows, '']),
      ...(reasons.length === 0 ? [] : [...reasons, '']),
    ].join('\n');
  }).join('\n');
}

/** Each different thing that follows in some form of the state, with its orders. */
function followers(name: StateName, type: EventType): string {
  const seen = new Set(
    outcomes(name, type).map(({ state, next, effects }) => {
      if (next === state && effects.length === 0) return 'nothing';
      const orders = effects.map(words).join(', ');
      return `**${next.name}**${orders === '' ? '' : `: ${orders}`}`;
    }),
  );
  return [...seen].sort((one, two) => Number(one === 'nothing') - Number(two === 'nothing')).join(' <br> or ');
}

function words(effect: Effect): string {
  switch (effect.type) {
    case 'timer/set':
      return `set ${effect.timer}`;
    case 'timer/clear':
      return `clear ${effect.timer}`;
    case 'link/detach':
      return `detach (${effect.code})`;
    default:
      return effect.type.slice(effect.type.indexOf('/') + 1);
  }
}
