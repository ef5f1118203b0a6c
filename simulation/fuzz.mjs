/**
 * Feeds server and client with frames that know the grammar and break it:
 * `npm run fuzz -- --frames 1000000 [--seed 1]`. A round that fails prints its seed; `--seed` goes on from there.
 */
import process from 'node:process';
import { parseArgs } from 'node:util';
import v8 from 'node:v8';
import vm from 'node:vm';
import { withSources } from '../scripts/module-runner.mjs';

const { values } = parseArgs({
  options: { frames: { type: 'string', default: '1000000' }, seed: { type: 'string', default: '1' } },
});
const frames = Number(values.frames);
const first = Number(values.seed);
if (!Number.isSafeInteger(frames) || frames < 1 || !Number.isSafeInteger(first))
  throw new TypeError('--frames and --seed are whole numbers');

/** What may be left on the heap, beyond what was there after the first rounds. */
const GROWTH_BYTES = 32 * 2 ** 20;
const WARM_ROUNDS = 5;

v8.setFlagsFromString('--expose-gc');
const collect = /** @type {() => void} */ (vm.runInNewContext('gc'));
const heap = () => {
  collect();
  return process.memoryUsage().heapUsed;
};

process.exitCode = await withSources(import.meta.dirname, async (load) => {
  const { fuzzRound, ROUND_FRAMES } = await load('/fuzz.ts');
  const rounds = Math.ceil(frames / ROUND_FRAMES);
  const began = performance.now();
  /** @type {Map<string, number>} */
  const all = new Map();
  let warm = 0;
  for (let round = 0; round < rounds; round += 1) {
    const seed = first + round;
    try {
      for (const [what, times] of await fuzzRound(seed)) all.set(what, (all.get(what) ?? 0) + times);
    } catch (cause) {
      console.error(`round ${seed} failed; again: npm run fuzz -- --frames ${ROUND_FRAMES} --seed ${seed}`);
      console.error(cause);
      return 1;
    }
    if (round === WARM_ROUNDS - 1) warm = heap();
  }
  const grown = warm === 0 ? 0 : heap() - warm;
  for (const [what, times] of [...all].sort(([left], [right]) => (left < right ? -1 : 1)))
    console.log(`${String(times).padStart(8)}  ${what}`);
  const seconds = (performance.now() - began) / 1000;
  console.log(`${rounds * ROUND_FRAMES} frames, seeds ${first} to ${first + rounds - 1}, in ${seconds.toFixed(1)} s;`);
  console.log(`the heap has grown by ${(grown / 2 ** 20).toFixed(1)} MB`);
  if (grown <= GROWTH_BYTES) return 0;
  console.error(`that is more than ${GROWTH_BYTES / 2 ** 20} MB`);
  return 1;
});
