import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { install } from './install.mjs';
import { root, run, tool } from './run.mjs';

await install();

// The pure floors come first: what they refuse is a mistake of design, the rest are slips.
const projects = [
  ['pure floor of core', 'packages/core/tsconfig.pure.json', 'packages/core/src'],
  ['pure floor of server', 'packages/server/tsconfig.pure.json', 'packages/server/src/session'],
  ['core', 'packages/core/tsconfig.json', 'packages/core/src'],
  ['react', 'packages/react/tsconfig.json', 'packages/react/src'],
  ['server', 'packages/server/tsconfig.json', 'packages/server/src'],
  ['inspector', 'packages/inspector/tsconfig.json', 'packages/inspector/src'],
  ['simulation', 'simulation/tsconfig.json', 'simulation'],
  ['demo', 'demo/tsconfig.json', 'demo'],
  ['browsers', 'browsers/tsconfig.json', 'browsers'],
  ['interop', 'interop/tsconfig.json', 'interop'],
  ['examples', 'examples/tsconfig.json', 'examples'],
  ['site', 'site/tsconfig.json', 'site'],
  ['scripts', 'tsconfig.json', 'scripts'],
];
const tsc = tool('typescript', 'tsc');
let failed = 0;
for (const [name = '', project = '', folder = ''] of projects) {
  if (!hasSources(join(root, folder))) continue;
  const { code } = await run(process.execPath, [tsc, '--noEmit', '-p', project]);
  console.log(`${code === 0 ? '✓' : '✗'} types: ${name}`);
  if (code !== 0) failed += 1;
}
process.exitCode = failed === 0 ? 0 : 1;

/** @param {string} folder */
function hasSources(folder) {
  if (!existsSync(folder)) return false;
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  return names.some((name) => /\.(ts|tsx|mjs)$/.test(name) && !name.includes('node_modules'));
}
