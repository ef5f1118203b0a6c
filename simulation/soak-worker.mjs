import { withSources } from '../scripts/module-runner.mjs';
import { serveJobs } from './workers.mjs';

// Runs blocks of seeds for soak.mjs: what broke, and how much virtual time went by.
await withSources(import.meta.dirname, async (load) => {
  const { runSeed, describeFailure } = await load('/run.ts');
  await serveJobs(async ({ from, to }) => {
    const broken = [];
    let virtualMs = 0;
    for (let seed = from; seed < to; seed += 1) {
      const result = await runSeed(seed);
      virtualMs += result.ranMs;
      if (result.fault === null) continue;
      broken.push({ seed, ...result.fault, description: describeFailure(result) });
    }
    return { broken, virtualMs };
  });
});
