import type { Dice } from '../testing-fakes/random.fixture.ts';

/** What no lawful frame has, or only somewhere else. */
const strange = [
  'null',
  'true',
  '-1',
  '-0',
  '0.5',
  '1e400',
  '9007199254740993',
  '1e15',
  'NaN',
  'undefined',
  '""',
  '"x"',
  '"\\ud800"',
  '[]',
  '{}',
  '[[]]',
  '{"__proto__":{"polluted":true}}',
  '{"constructor":{"prototype":{"polluted":true}}}',
  '{"length":4,"0":"m"}',
  '['.repeat(10_000) + ']'.repeat(10_000),
  '{"a":'.repeat(10_000) + '1' + '}'.repeat(10_000),
  '[',
  ']',
  '"',
  '\n',
  '\r',
  '\ud800',
  '\u2028',
  '\u0000',
  `"${'x'.repeat(70)}"`,
  `"${'x'.repeat(20_000)}"`,
];

/** Breaks a message at one place: as text, or as the list that a frame is. */
export function mutate(text: string, dice: Dice): string {
  const at = dice.below(text.length + 1);
  const end = Math.min(text.length, at + dice.below(8));
  switch (dice.below(6)) {
    case 0:
      return text.slice(0, at) + text.slice(end);
    case 1:
      return text.slice(0, end) + text.slice(at);
    case 2:
      return text.slice(0, at) + dice.pick(strange) + text.slice(end);
    default:
      return text
        .split('\n')
        .map((line) => mutateFrame(line, dice))
        .join('\n');
  }
}

function mutateFrame(line: string, dice: Dice): string {
  const parts = (JSON.parse(line) as unknown[]).map((part) => JSON.stringify(part));
  const place = dice.below(parts.length);
  switch (dice.below(4)) {
    case 0:
      parts.splice(place, 1);
      break;
    case 1:
      parts.splice(place, 0, parts[place] as string);
      break;
    case 2:
      parts[place] = dice.pick(strange);
      break;
    default:
      parts[place] = replaceWithin(parts[place] as string, dice);
  }
  return `[${parts.join(',')}]`;
}

/** Replaces one member somewhere inside. */
function replaceWithin(json: string, dice: Dice): string {
  const value = JSON.parse(json) as unknown;
  if (typeof value !== 'object' || value === null) return dice.pick(strange);
  const keys = Object.keys(value);
  if (keys.length === 0) return dice.pick(strange);
  const chosen = dice.pick(keys);
  const members = Object.entries(value).map(([key, member]) => {
    const text = key === chosen ? replaceWithin(JSON.stringify(member), dice) : JSON.stringify(member);
    return Array.isArray(value) ? text : `${JSON.stringify(key)}:${text}`;
  });
  return Array.isArray(value) ? `[${members.join(',')}]` : `{${members.join(',')}}`;
}
