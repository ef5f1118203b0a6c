/**
 * Two tabs write into a stored outbox while their browser is killed with SIGKILL at random moments, and the server at
 * others: `npm run kills -- --chromium 50 --firefox 10 [--seed 1]`. Half of the kills with the position hook.
 */
import { parseArgs } from 'node:util';
import { withSources } from '../scripts/module-runner.mjs';

const { values } = parseArgs({
  options: {
    chromium: { type: 'string', default: '0' },
    firefox: { type: 'string', default: '0' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    verbose: { type: 'boolean', default: false },
  },
});
const seed = Number(values.seed);

await withSources(import.meta.dirname, async (load) => {
  const { runKills } = await load('/kills.ts');
  for (const browser of ['chromium', 'firefox']) {
    const kills = Number(values[/** @type {'chromium' | 'firefox'} */ (browser)]);
    if (!Number.isSafeInteger(kills) || kills < 0) throw new TypeError(`--${browser} must be a whole number from 0`);
    for (const [hasPositions, share] of [
      [false, Math.ceil(kills / 2)],
      [true, Math.floor(kills / 2)],
    ]) {
      if (share === 0) continue;
      const print = values.verbose ? (/** @type {string} */ line) => console.log(line) : undefined;
      const figures = await runKills({ browser, kills: share, hasPositions, seed, print });
      const { browserKills, serverKills, mostWaiting, sent, stored, taken, doubledMarked, ms } = figures;
      console.log(
        `${browser}, ${hasPositions ? 'with' : 'without'} the position hook: ${browserKills} kills of the browser, ` +
          `${serverKills} of the server; at least ${sent} sent, ${stored} stored, up to ${mostWaiting} of them only in storage at a kill, ${taken} taken, ` +
          `${doubledMarked} doubled and marked, 0 doubled unmarked, 0 lost; ${Math.round(ms / 1000)} s`,
      );
    }
  }
  console.log(`seed ${seed}: nothing lost, nothing doubled unmarked, each producer in order`);
});
