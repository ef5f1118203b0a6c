import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { buildDemo, buildPackages } from './build.mjs';
import { install } from './install.mjs';
import { pack } from './pack.mjs';
import { must, root, say, tool } from './run.mjs';

// What CI does: first all that needs no test run, then the tests.
const node = process.execPath;

await install();
say('format');
await must(node, [tool('oxfmt', 'oxfmt'), '--check'], { quiet: true });
say('lint');
await must(node, [tool('oxlint', 'oxlint'), '--deny-warnings']);
say('types');
await must(node, [join(root, 'scripts', 'typecheck.mjs')]);
await buildPackages();
await buildDemo();

const scratch = mkdtempSync(join(tmpdir(), 'holdfast-check-'));
try {
  for (const [name, tarball] of Object.entries(await pack(scratch))) {
    say(`package ${name}`);
    await must(node, [tool('publint', 'publint'), tarball, '--strict'], { quiet: true });
    await must(node, [tool('@arethetypeswrong/cli', 'attw'), tarball, '--profile', 'esm-only'], { quiet: true });
  }
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
say('site');
await must(node, [join(root, 'site', 'build.mjs')], { quiet: true });
say('size');
await must(node, [tool('size-limit', 'size-limit')]);

if (!process.argv.includes('--static')) await must('npm', ['test']);
