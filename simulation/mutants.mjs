/** Faults planted in the code that the simulator must find within the fixed seeds, or the plans that failed once: `npm run mutants [-- --only fence] [-- --seeds 2400]`. */
import process from 'node:process';
import { parseArgs } from 'node:util';
import { MUTANTS } from './mutant-list.mjs';
import { inWorkers } from './workers.mjs';

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    seeds: { type: 'string', default: '2400' },
    verbose: { type: 'boolean', default: false },
  },
});
const seeds = Number(values.seeds);
if (!Number.isSafeInteger(seeds) || seeds < 1)
  throw new TypeError(`--seeds must be a whole number from 1, not ${values.seeds}`);
const chosen = MUTANTS.filter(({ name }) => values.only === undefined || name.includes(values.only));
if (chosen.length === 0) throw new TypeError(`no mutant is called ${values.only}`);

let survivors = 0;
let handedOut = 0;
await inWorkers(
  new URL('mutants-worker.mjs', import.meta.url),
  () => {
    const mutant = chosen[handedOut];
    handedOut += 1;
    return mutant && { mutant, seeds };
  },
  ({ mutant: { name } }, /** @type {any} */ caught) => {
    if (caught === null) survivors += 1;
    const verdict = caught === null ? `SURVIVED ${seeds} seeds` : `caught by seed ${caught.seed}: ${caught.invariant}`;
    console.log(`${name.padEnd(40)} ${verdict}`);
    if (values.verbose && caught !== null) console.log(caught.description);
  },
);
console.log(
  survivors === 0 ? `every mutant was caught: ${chosen.length}` : `${survivors} of ${chosen.length} mutants survived`,
);
process.exitCode = survivors === 0 ? 0 : 1;
