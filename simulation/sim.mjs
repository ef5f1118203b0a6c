/**
 * Runs seeds: `npm run sim -- --seed 7 [--to 100] [--trace] [--shrink]`. With `--keep 'what it found'` a seed that breaks
 * is shrunk and put into failed-seeds.json, which the tests run from then on.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { withSources } from '../scripts/module-runner.mjs';

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    to: { type: 'string' },
    trace: { type: 'boolean', default: false },
    shrink: { type: 'boolean', default: false },
    keep: { type: 'string' },
    all: { type: 'boolean', default: false },
    coverage: { type: 'boolean', default: false },
  },
});
const from = Number(values.seed ?? '1');
const to = Number(values.to ?? from);
if (!Number.isSafeInteger(from) || !Number.isSafeInteger(to)) throw new TypeError('--seed and --to are whole numbers');

process.exitCode = await withSources(import.meta.dirname, async (load) => {
  const { runSeed, describeFailure } = await load('/run.ts');
  const { table } = await load('/coverage.ts');
  const coverage = new Map();
  const began = performance.now();
  const broken = new Map();
  for (let seed = from; seed <= to; seed += 1) {
    const result = await runSeed(seed, { coverage, ...(values.trace && { print: (line) => console.log(line) }) });
    if (result.fault === null) continue;
    const same = broken.get(result.fault.invariant) ?? [];
    same.push(seed);
    broken.set(result.fault.invariant, same);
    if (values.shrink || values.keep !== undefined) {
      const { shrink } = await load('/shrink.ts');
      const small = await shrink(seed);
      if (values.keep !== undefined) keep({ seed, found: values.keep, plan: small.plan });
      console.log(small.plan.actions.map((action) => JSON.stringify(action)).join('\n'));
      console.log(describeFailure(small.result));
    } else if (values.all) {
      console.log(`seed ${seed}: ${result.fault.invariant}: ${result.fault.text}`);
    } else {
      console.log(describeFailure(result));
    }
    if (!values.all) break;
  }
  const seconds = (performance.now() - began) / 1000;
  if (values.coverage) console.log(table(coverage));
  for (const [invariant, seeds] of broken)
    console.log(`${invariant}: ${seeds.length} seeds, ${seeds.slice(0, 12).join(' ')}`);
  console.log(`${to - from + 1} seeds in ${seconds.toFixed(1)} s, ${[...broken.values()].flat().length} broken`);
  return broken.size === 0 ? 0 : 1;
});

/** @param {{ seed: number, found: string, plan: unknown }} failure */
function keep(failure) {
  const file = new URL('failed-seeds.json', import.meta.url);
  const kept = JSON.parse(readFileSync(file, 'utf8'));
  writeFileSync(file, `${JSON.stringify([...kept, failure])}\n`);
  console.log('kept in failed-seeds.json; npm run format lays it out');
}
