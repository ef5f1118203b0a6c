import { fileURLToPath } from 'node:url';
import { bundlePage } from '../scripts/bundle-page.mjs';

let bundled: Promise<string> | null = null;

/** `page/harness.ts` as one classic script. Made once. */
export function bundleHarness(): Promise<string> {
  bundled ??= bundlePage(fileURLToPath(new URL('page/harness.ts', import.meta.url)), 'holdfastPage');
  return bundled;
}
