import { fileURLToPath } from 'node:url';
import { bundlePage } from '../scripts/bundle-page.mjs';

/** What a page of the tests is for. */
export type PageName = 'harness' | 'react' | 'requirements' | 'storage';

const bundles = new Map<PageName, Promise<string>>();

/** The page's script as one classic script, made once. React is its development build: Strict Mode does nothing in the other. */
export function bundleHarness(name: PageName): Promise<string> {
  const bundle = bundles.get(name) ?? BUNDLES[name]();
  bundles.set(name, bundle);
  return bundle;
}

const BUNDLES = {
  harness: () => bundlePage(path('harness.ts'), 'holdfastPage'),
  react: () => bundlePage(path('react.tsx'), 'holdfastPage', 'development'),
  requirements: () => bundlePage(path('requirements.ts'), 'holdfastPage'),
  storage: () => bundlePage(path('storage.ts'), 'holdfastPage'),
};

function path(file: string): string {
  return fileURLToPath(new URL(`page/${file}`, import.meta.url));
}
