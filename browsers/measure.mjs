/**
 * What a page behind a real link takes to come back, medians in milliseconds: `node browsers/measure.mjs [--runs 11]
 * [--only cable]`. Needs Chromium and what whyNoNamespaces asks for.
 */
import { parseArgs } from 'node:util';
import { createServer, defaultServerConditions } from 'vite';

const { values } = parseArgs({ options: { runs: { type: 'string', default: '11' }, only: { type: 'string' } } });
const runs = Number(values.runs);
if (!Number.isSafeInteger(runs) || runs < 1) throw new TypeError(`--runs must be a whole number, not ${values.runs}`);

// Node 20 runs no TypeScript by itself.
const vite = await createServer({
  root: import.meta.dirname,
  configFile: false,
  appType: 'custom',
  logLevel: 'error',
  server: { middlewareMode: true, hmr: false, ws: false, watch: null },
  optimizeDeps: { noDiscovery: true },
  // `using` is newer than Node 20.
  oxc: { target: 'es2022' },
  ssr: { resolve: { conditions: ['source', ...defaultServerConditions] } },
});
try {
  const { measure } = await vite.ssrLoadModule('/measure.ts');
  await measure(runs, values.only ?? '');
} finally {
  await vite.close();
}
