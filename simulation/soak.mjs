/** Fresh seeds for a given time: `npm run soak -- --minutes 10 [--from 1000000]`. Ends at the first broken invariant. */
import process from 'node:process';
import { parseArgs } from 'node:util';
import { withSources } from '../scripts/module-runner.mjs';

const { values } = parseArgs({ options: { minutes: { type: 'string', default: '5' }, from: { type: 'string' } } });
const minutes = Number(values.minutes);
if (!(minutes > 0)) throw new TypeError(`--minutes must be a number above 0, not ${values.minutes}`);
// Far from the fixed seeds, and another place every time.
const from =
  values.from === undefined ? 1_000_000 + (Math.floor(Date.now() / 1000) % 1_000_000) * 1_000 : Number(values.from);
if (!Number.isSafeInteger(from)) throw new TypeError(`--from must be a whole number, not ${values.from}`);

process.exitCode = await withSources(import.meta.dirname, async (load) => {
  const { runSeed, describeFailure } = await load('/run.ts');
  const began = performance.now();
  const until = began + minutes * 60_000;
  let seed = from;
  let virtualMs = 0;
  let lastSaid = began;
  for (; performance.now() < until; seed += 1) {
    const result = await runSeed(seed);
    virtualMs += result.ranMs;
    if (result.fault !== null) {
      console.log(describeFailure(result));
      console.log(`smaller: npm run sim -- --seed ${seed} --shrink`);
      console.log(`${seed - from + 1} seeds from ${from}`);
      return 1;
    }
    if (performance.now() - lastSaid > 30_000) {
      lastSaid = performance.now();
      console.log(`${seed - from + 1} seeds`);
    }
  }
  const seconds = (performance.now() - began) / 1000;
  const hours = (virtualMs / 3_600_000).toFixed(1);
  console.log(
    `${seed - from} seeds from ${from} in ${seconds.toFixed(0)} s, ${hours} hours of virtual time: all invariants held`,
  );
  return 0;
});
