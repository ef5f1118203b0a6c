import { withSources } from '../scripts/module-runner.mjs';
import { serveJobs } from './workers.mjs';

// Hunts mutants for mutants.mjs: the first seed that a mutant breaks and the code as it is does not.
await withSources(import.meta.dirname, async (load) => {
  const { runSeed: runClean } = await load('/run.ts');
  await serveJobs(({ mutant, seeds }) => hunt(mutant, seeds, runClean));
});

/**
 * @param {{ readonly name: string, readonly file: string, readonly from: string, readonly to: string }} mutant
 * @param {number} seeds
 * @param {(seed: number) => Promise<any>} runClean
 */
async function hunt(mutant, seeds, runClean) {
  let isApplied = false;
  const caught = await withSources(
    import.meta.dirname,
    async (load) => {
      const { runSeed, describeFailure } = await load('/run.ts');
      const kept = (await load('/kept-seeds.ts')).keptSeeds();
      for (let place = 0; place < seeds + kept.length; place += 1) {
        const { seed, plan } = kept[place - seeds] ?? { seed: place + 1 };
        const result = await runSeed(seed, { plan });
        if (result.fault === null || (await runClean(seed, { plan })).fault !== null) continue;
        return { seed, invariant: result.fault.invariant, description: describeFailure(result) };
      }
      return null;
    },
    (code, file) => {
      if (!file.endsWith(mutant.file)) return code;
      const pieces = code.split(mutant.from);
      if (pieces.length !== 2)
        throw new Error(`${mutant.name}: its text is ${pieces.length - 1} times in ${mutant.file}`);
      isApplied = true;
      return pieces.join(mutant.to);
    },
  );
  if (!isApplied) throw new Error(`${mutant.name}: ${mutant.file} was never loaded`);
  return caught;
}
