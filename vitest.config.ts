import { fileURLToPath } from 'node:url';
import { playwright } from '@vitest/browser-playwright';
import { defaultClientConditions, defaultServerConditions } from 'vite';
import { defineConfig, type TestProjectInlineConfiguration } from 'vitest/config';
import { chromiumArguments, findBrowser } from './scripts/find-browser.mjs';

const chromium = findBrowser('chromium');

/** Workspace packages are read from their sources: no test waits for a build. */
const fromSource = {
  resolve: { conditions: ['source', ...defaultClientConditions] },
  ssr: { resolve: { conditions: ['source', ...defaultServerConditions] } },
};

const typecheck = (tsconfig: string) => ({
  enabled: true,
  checker: 'tsc',
  include: ['src/**/*.test-d.{ts,tsx}'],
  tsconfig,
  // Mistakes outside the type tests are for `npm run typecheck` to tell.
  ignoreSourceErrors: true,
});

/** Some explore hundreds of plans: they end, but a machine that does other work beside takes its time. */
const UNIT_TIMEOUT_MS = 60_000;

/** The packages of the oldest React that the hooks run on. */
const react18 = Object.fromEntries(
  ['react', 'react-dom', '@testing-library/react'].map((name) => [
    name,
    fileURLToPath(new URL(`packages/react/react-18/node_modules/${name}`, import.meta.url)),
  ]),
);

const unitTests = ['src/**/*.test.{ts,tsx}'];
const browserTests = 'src/**/*.browser.test.{ts,tsx}';

/** Without a Chromium there are no such projects: scripts/test.mjs tells why and counts their tests as skipped. */
const inBrowser: TestProjectInlineConfiguration[] =
  chromium.path === undefined
    ? []
    : [
        { folder: 'packages/core', browser: 'browser', setup: './src/websocket/test-server.fixture.ts' },
        { folder: 'packages/inspector', browser: 'inspector-browser', setup: './src/real-server.fixture.ts' },
        { folder: 'packages/react', browser: 'react-browser', setup: undefined },
      ].map(({ folder, browser, setup }) => ({
        ...fromSource,
        root: folder,
        test: {
          name: `${folder.replace('packages/', '')} in a browser`,
          sequence: { groupOrder: 1 },
          include: [browserTests],
          globalSetup: setup === undefined ? [] : [setup],
          testTimeout: 30_000,
          browser: {
            enabled: true,
            headless: true,
            screenshotFailures: false,
            provider: playwright({
              launchOptions: {
                executablePath: chromium.path,
                args: chromiumArguments(),
              },
            }),
            instances: [{ browser: 'chromium', name: browser }],
          },
        },
      }));

export default defineConfig({
  test: {
    coverage: {
      provider: 'v8',
      include: ['packages/*/src/**/*.{ts,tsx}'],
      exclude: ['**/*.test.*', '**/*.test-d.*', '**/*.fixture.*'],
    },
    projects: [
      {
        ...fromSource,
        root: 'packages/core',
        test: {
          name: 'core',
          testTimeout: UNIT_TIMEOUT_MS,
          environment: 'node',
          include: unitTests,
          exclude: [browserTests],
          typecheck: typecheck('tsconfig.json'),
        },
      },
      {
        ...fromSource,
        root: 'packages/react',
        test: {
          name: 'react',
          testTimeout: UNIT_TIMEOUT_MS,
          environment: 'happy-dom',
          include: unitTests,
          exclude: [browserTests],
          typecheck: typecheck('tsconfig.json'),
        },
      },
      {
        ...fromSource,
        root: 'packages/inspector',
        test: {
          name: 'inspector',
          testTimeout: UNIT_TIMEOUT_MS,
          environment: 'happy-dom',
          setupFiles: ['./src/uplot.fixture.ts'],
          include: unitTests,
          exclude: [browserTests],
          typecheck: typecheck('tsconfig.json'),
        },
      },
      {
        ...fromSource,
        resolve: { ...fromSource.resolve, alias: react18 },
        root: 'packages/react',
        test: {
          name: 'react-18',
          testTimeout: UNIT_TIMEOUT_MS,
          environment: 'happy-dom',
          include: [...unitTests, 'react-18/*.test.ts'],
          // What React 19 brought, and what is not about React.
          exclude: [
            browserTests,
            'src/compat/**',
            'src/*.react-19.test.tsx',
            'src/pool.test.ts',
            'src/socket-*.test.ts',
            'src/leaks.test.tsx',
          ],
          server: { deps: { inline: ['zustand'] } },
        },
      },
      {
        ...fromSource,
        root: 'packages/server',
        test: {
          name: 'server',
          environment: 'node',
          testTimeout: UNIT_TIMEOUT_MS,
          include: unitTests,
          typecheck: typecheck('tsconfig.json'),
        },
      },
      {
        ...fromSource,
        root: 'simulation',
        test: {
          name: 'simulation',
          environment: 'node',
          include: ['**/*.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 60_000,
        },
      },
      ...inBrowser,
      {
        ...fromSource,
        root: 'demo',
        test: {
          name: 'e2e',
          sequence: { groupOrder: 2 },
          environment: 'node',
          include: ['e2e/**/*.e2e.test.ts'],
          fileParallelism: false,
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      {
        ...fromSource,
        root: 'browsers',
        test: {
          name: 'browsers',
          sequence: { groupOrder: 3 },
          environment: 'node',
          include: ['**/*.test.ts'],
          fileParallelism: false,
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      {
        ...fromSource,
        root: 'interop',
        test: {
          name: 'interop',
          sequence: { groupOrder: 4 },
          environment: 'node',
          include: ['**/*.test.ts'],
          // Left to Node it would find another build of graphql than the one that makes the schema.
          server: { deps: { inline: ['graphql-ws'] } },
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      {
        // The packages as an app gets them: they must be built.
        root: 'examples',
        test: {
          name: 'examples',
          sequence: { groupOrder: 5 },
          environment: 'node',
          include: ['*/*.test.mjs'],
          fileParallelism: false,
        },
      },
      {
        root: 'site',
        test: {
          name: 'site',
          sequence: { groupOrder: 5 },
          environment: 'node',
          include: ['*.test.mjs'],
        },
      },
      {
        root: '.',
        test: {
          name: 'house',
          environment: 'node',
          include: ['scripts/*.test.mjs'],
          exclude: ['scripts/consumer.test.mjs'],
        },
      },
      {
        root: '.',
        test: {
          name: 'consumer',
          sequence: { groupOrder: 6 },
          environment: 'node',
          include: ['scripts/consumer.test.mjs'],
          testTimeout: 300_000,
          hookTimeout: 300_000,
        },
      },
    ],
  },
});
