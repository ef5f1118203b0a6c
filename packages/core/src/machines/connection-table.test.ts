import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { EVENT_TYPES, EVENTS, options, STATE_NAMES, STATES } from './connection.fixture.ts';
import type { Effect, Event, EventType, State, StateName } from './connection-state.ts';
import { transition } from './connection.ts';

const spec = new URL('./SPEC.md', import.meta.url);
const BEGIN =
  '<!-- The tables below are written by connection-table.test.ts: npx vitest run --project core connection-table -u -->';

interface Outcome {
  readonly state: State;
  readonly next: State;
  readonly effects: readonly Effect[];
}

const letsGo = { ...options, releaseAfterMs: 30_000 };

function outcomes(name: StateName, type: EventType): Outcome[] {
  return STATES[name].flatMap((state) =>
    (EVENTS[type] as readonly Event[]).flatMap((event) => {
      const ids = 'connectionId' in event && state.name === 'open' ? [7, state.rival?.connectionId ?? 7] : [7];
      return ids.map((connectionId) => {
        const told = 'connectionId' in event ? { ...event, connectionId } : event;
        const [next, effects] = transition(state, told, { now: 10, random: 0.5 }, letsGo);
        return { state, next, effects };
      });
    }),
  );
}

const cells = STATE_NAMES.flatMap((name) => EVENT_TYPES.map((type) => ({ name, type })));

describe('the transition table', () => {
  it.each(cells)('$name, $type: an event of another connection changes nothing', ({ name, type }) => {
    for (const state of STATES[name]) {
      for (const event of EVENTS[type] as readonly Event[]) {
        if (!('connectionId' in event)) continue;
        for (const connectionId of [0, state.connectionId - 1, state.newestId + 1]) {
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
    const rows = EVENT_TYPES.map((type) => ({ type, follows: followers(name, type) }));
    const nothing = rows.filter(({ follows }) => follows === 'nothing').map(({ type }) => `\`${type}\``);
    const something = rows.filter(({ follows }) => follows !== 'nothing');
    return [
      `### ${name}`,
      '',
      ...(something.length === 0
        ? []
        : [
            '| event | what follows |',
            '| --- | --- |',
            ...something.map(({ type, follows }) => `| \`${type}\` | ${follows} |`),
            '',
          ]),
      `Nothing follows: ${nothing.join(', ')}`,
      '',
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
    case 'link/detach':
      return `detach (${effect.code})`;
    default:
      return effect.type.slice(effect.type.indexOf('/') + 1);
  }
}
