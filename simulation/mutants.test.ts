import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { MUTANTS } from './mutant-list.mjs';

test.each(MUTANTS)('the code that the mutant "$name" changes is there, once', ({ file, from, to }) => {
  const code = readFileSync(new URL(`../${file}`, import.meta.url), 'utf8');
  expect(code.split(from)).toHaveLength(2);
  expect(to).not.toBe(from);
});

test('their names tell them apart', () => {
  expect(new Set(MUTANTS.map(({ name }) => name)).size).toBe(MUTANTS.length);
});
