import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { BROWSER_DIFFERENCES } from './browser-differences.fixture.ts';
import { DIFFERENCES } from './differences.fixture.ts';
import { requirements } from './requirement-runner.fixture.ts';

const lines = readFileSync(new URL('../../../../docs/websocket.md', import.meta.url), 'utf8').split('\n');

it('docs/websocket.md prints every difference to the browser, and no other', () => {
  const rows = lines.filter((line) => /^\| \d+\.\d+ \|/.test(line));
  expect(rows).toEqual(DIFFERENCES.map(({ number, what, why }) => `| ${number} | ${what} | ${why} |`));
});

it('docs/websocket.md prints every difference between a browser and the standard, and no other', () => {
  const rows = lines.filter((line) => /^\| \w+ \| \d+\.\d+ \|/.test(line));
  expect(rows).toEqual(
    BROWSER_DIFFERENCES.map(
      ({ browser, number, classes, what, why }) =>
        `| ${browser} | ${number} | ${classes.includes('ours') ? 'both' : 'its own'} | ${what} | ${why} |`,
    ),
  );
});

it('every difference of a browser is a requirement of the table', () => {
  const numbers = requirements.map(({ number }) => number);
  expect(BROWSER_DIFFERENCES.filter(({ number }) => !numbers.includes(number))).toEqual([]);
});
