import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { DIFFERENCES } from './differences.fixture.ts';

it('docs/resumable.md prints every difference to the browser, and no other', () => {
  const text = readFileSync(new URL('../../../../docs/resumable.md', import.meta.url), 'utf8');
  const rows = text.split('\n').filter((line) => /^\| \d+\.\d+ \|/.test(line));
  expect(rows).toEqual(DIFFERENCES.map(({ number, what, why }) => `| ${number} | ${what} | ${why} |`));
});
