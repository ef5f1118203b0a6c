/**
 * What a page behind a real link takes to come back, medians in milliseconds: `node browsers/measure.mjs [--runs 11]
 * [--only cable]`. Needs Chromium and what whyNoNamespaces asks for.
 */
import { parseArgs } from 'node:util';
import { withSources } from '../scripts/module-runner.mjs';

const { values } = parseArgs({ options: { runs: { type: 'string', default: '11' }, only: { type: 'string' } } });
const runs = Number(values.runs);
if (!Number.isSafeInteger(runs) || runs < 1) throw new TypeError(`--runs must be a whole number, not ${values.runs}`);

await withSources(import.meta.dirname, async (load) => {
  const { measure } = await load('/measure.ts');
  await measure(runs, values.only ?? '');
});
