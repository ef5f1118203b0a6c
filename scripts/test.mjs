import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { ensureBrowser, ensureMosquitto, ensureNamespaces, ensureNginx } from './browsers.mjs';
import { buildDemo, buildPackages } from './build.mjs';
import { install } from './install.mjs';
import { packages, root, run, say, tool } from './run.mjs';

// Everything after `npm test --` goes to vitest: a file name, -t 'a title', --project core.
const asked = process.argv.slice(2);
const totals = { passed: 0, failed: 0, skipped: 0 };
/** What must still be read at the end of a long log. */
const notes = [];

// However this ends, even by a build that fails: the last line is the totals.
process.once('exit', (code) => {
  for (const note of notes) console.log(note);
  if (code !== 0 && totals.failed === 0) totals.failed = 1;
  console.log(`${totals.passed} passed, ${totals.failed} failed, ${totals.skipped} skipped`);
});

await install();
const env = { ...process.env };
await browser('chromium', 'CHROME_PATH');
await browser('firefox', 'FIREFOX_PATH');
await browser('webkit', 'WEBKIT_DRIVER_PATH');
const noNamespaces = await ensureNamespaces();
if (noNamespaces !== null) without('network namespaces', noNamespaces);
const noMosquitto = await ensureMosquitto();
if (noMosquitto !== null) without('Mosquitto', noMosquitto);
const noNginx = await ensureNginx();
if (noNginx !== null) without('nginx', noNginx);
await buildPackages();
await buildDemo();

const scratch = mkdtempSync(join(tmpdir(), 'holdfast-test-'));
try {
  say('test');
  const report = join(scratch, 'report.json');
  const args = ['run', '--reporter=default', '--reporter=json', `--outputFile.json=${report}`, ...asked];
  const { code } = await run(process.execPath, [tool('vitest', 'vitest'), ...args], { env });
  addUp(report, code);
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

if (totals.passed + totals.failed === 0) {
  notes.push('no test matches what was asked for');
  totals.failed += 1;
}
process.exitCode = totals.failed === 0 ? 0 : 1;

/**
 * Makes a browser known to the tests. A missing one skips its tests, but not where a machine is meant to have it.
 *
 * @param {import('./find-browser.mjs').BrowserName} name
 * @param {string} variable
 */
async function browser(name, variable) {
  const found = await ensureBrowser(name);
  if (found.path !== undefined) {
    env[variable] = found.path;
    return;
  }
  without(name, found.reason);
  // The end-to-end tests skip themselves; the browser project can't start, so its tests are counted in the text.
  if (name === 'chromium') totals.skipped += countBrowserTests();
}

/**
 * What this machine lacks: its tests are skipped, but not where a machine is meant to have it.
 *
 * @param {string} what
 * @param {string} reason
 */
function without(what, reason) {
  notes.push(`no ${what}, its tests are skipped: ${reason}`);
  if (process.env['CI'] === 'true') totals.failed += 1;
}

function countBrowserTests() {
  const folder = join(root, 'packages');
  const files = packages.flatMap((name) =>
    readdirSync(join(folder, name, 'src'), { recursive: true, encoding: 'utf8' })
      .filter((file) => /\.browser\.test\.tsx?$/.test(file))
      .map((file) => join(folder, name, 'src', file)),
  );
  const tests = files.map((file) => readFileSync(file, 'utf8').match(/^\s*(?:it|test)\b.*\(/gm) ?? []);
  return tests.flat().length;
}

/**
 * @param {string} file the report of vitest
 * @param {number} code
 */
function addUp(file, code) {
  let report;
  try {
    report = JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    notes.push(`vitest ended with ${code} and left no report`);
    totals.failed += 1;
    return;
  }
  totals.passed += report.numPassedTests;
  totals.skipped += report.numPendingTests + report.numTodoTests;
  let failed = report.numFailedTests;
  for (const { name, status, assertionResults } of report.testResults) {
    // A file that doesn't load has no test to fail.
    if (status === 'failed' && !assertionResults.some((/** @type {any} */ test) => test.status === 'failed')) {
      notes.push(`failed as a whole: ${name}`);
      failed += 1;
    }
  }
  if (code !== 0 && failed === 0) {
    notes.push(`vitest ended with ${code}, though no test failed: see its errors above`);
    failed = 1;
  }
  if (report.numTotalTests === 0) {
    notes.push('no test was run');
    failed = Math.max(failed, 1);
  }
  totals.failed += failed;
}
