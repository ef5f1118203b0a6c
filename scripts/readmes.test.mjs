import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { packages, root } from './run.mjs';

// What npm shows of a package: every entry, with the budget that is checked.

/** @type {{ name: string, path?: string, limit: string }[]} */
const budgets = JSON.parse(readFileSync(join(root, '.size-limit.json'), 'utf8'));

test('the links of the README lead to files of the repository', () => {
  const readme = readFileSync(join(root, 'README.md'), 'utf8');
  const files = [...readme.matchAll(/\]\(([^)#]+)(?:#[^)]*)?\)/g)].map(([, file = '']) => file);
  expect(files.length).toBeGreaterThan(20);
  expect(files.filter((file) => !existsSync(join(root, file)))).toEqual([]);
});

describe.each(packages)('the README of @holdfast/%s', (name) => {
  const readme = readFileSync(join(root, 'packages', name, 'README.md'), 'utf8');
  const manifest = JSON.parse(readFileSync(join(root, 'packages', name, 'package.json'), 'utf8'));
  const entries = Object.keys(manifest.exports)
    .filter((entry) => entry !== './package.json')
    .map((entry) => manifest.name + entry.slice(1));

  test.each(entries)('has %s with its budget', (entry) => {
    const row = readme.split('\n').find((line) => line.startsWith(`| \`${entry}\` |`));
    const budget = budgets.find((each) => each.name.replace(/[:,].*/, '') === entry);
    expect(row, 'a row of the table of entries').toBeDefined();
    expect(row?.split('|').at(-2)?.trim()).toBe(budget?.limit);
  });
});
