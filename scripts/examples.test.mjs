import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { expect, test } from 'vitest';
import { blocksOf, pages, writeExamples } from './examples.mjs';
import { root, run, tool } from './run.mjs';

// Every example that users read is compiled, against the packages as they are now.

const all = pages().flatMap((file) => blocksOf(file));
const whole = all.filter(({ fragment }) => fragment === undefined);

test('no block of code is overlooked', () => {
  const opened = pages().flatMap(
    (file) =>
      readFileSync(join(root, file), 'utf8').match(/^\s*```(?:[jt]sx?|mjs|typescript|javascript)\b.*$/gim) ?? [],
  );
  expect(all.length).toBe(opened.length);
  expect(all.length).toBeGreaterThan(35);
});

test('a fragment is an exception, and says why', () => {
  const fragments = all.filter(({ fragment }) => fragment !== undefined);
  expect(fragments.filter(({ fragment = '' }) => fragment.length < 10)).toEqual([]);
  expect(fragments.length).toBeLessThanOrEqual(5);
});

test(`${whole.length} examples of ${pages().length} pages compile`, { timeout: 120_000 }, async () => {
  // In the site's folder, which depends on all that the examples import.
  const folder = join(root, 'site', '.examples');
  writeExamples(folder, whole);
  const tsc = tool('typescript', 'tsc');
  const { output } = await run(process.execPath, [tsc, '-p', join(root, 'site', 'tsconfig.examples.json')], {
    quiet: true,
  });
  expect(output).toBe('');
});

test('the compiler sees what is wrong with an example, at its line', () => {
  const folder = join(root, 'site', '.examples-broken');
  const [block] = blocksOf(
    'docs/broken.md',
    '# Broken\n\n<!-- given:\ndeclare const known: string; -->\n```ts\nknown.missing();\n```\n',
  );
  writeExamples(folder, block === undefined ? [] : [block]);
  const tsc = tool('typescript', 'tsc');
  const project = join(root, 'site', 'tsconfig.examples-broken.json');
  const { stdout } = spawnSync(process.execPath, [tsc, '-p', project], { cwd: root, encoding: 'utf8' });
  expect(stdout).toMatch(/broken\/line-6\.ts\(6,7\).*TS2339/);
});

test('the configuration of nginx is shown as it is tested', () => {
  const conf = readFileSync(join(root, 'examples', 'behind-nginx', 'holdfast.conf'), 'utf8');
  expect(readFileSync(join(root, 'docs', 'deploying.md'), 'utf8')).toContain(`\`\`\`nginx\n${conf}\`\`\``);
});
