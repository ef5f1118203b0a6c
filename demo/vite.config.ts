import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import react from '@vitejs/plugin-react';
import { defaultClientConditions, defaultServerConditions, defineConfig } from 'vite';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const server = `http://127.0.0.1:${process.env['HOLDFAST_DEV_PORT'] ?? '8790'}`;
// The server answers only its own page: it is asked under its own name.
const behind = { target: server, changeOrigin: true, headers: { origin: server } };

// One configuration for both halves: `vite build` makes the page, `vite build --ssr` the server and its worker.
export default defineConfig(({ isSsrBuild }) => ({
  root: here('src'),
  // Built for any folder of any host.
  base: './',
  publicDir: here('public'),
  cacheDir: here('node_modules/.vite'),
  plugins: isSsrBuild ? [] : [react()],
  // Workspace packages are read from their sources: the demo needs no build of them.
  resolve: { conditions: ['source', ...defaultClientConditions] },
  ssr: { resolve: { conditions: ['source', ...defaultServerConditions] } },
  server: {
    proxy: {
      '^/(socket|live|lanes/(plain|reconnecting))$': { ...behind, ws: true, rewriteWsOrigin: true },
      '/tally': behind,
      // Not the page's own modules in src/faults, which have an ending.
      '^/faults(/[^.]*)?$': behind,
    },
  },
  build: isSsrBuild
    ? {
        outDir: here('dist-server'),
        emptyOutDir: true,
        copyPublicDir: false,
        target: 'node20',
        sourcemap: true,
        rolldownOptions: {
          input: ['main', 'worker'].map((name) => here(`server/${name}.ts`)).filter((file) => existsSync(file)),
          output: { entryFileNames: '[name].js', chunkFileNames: 'chunks/[name]-[hash].js' },
        },
      }
    : { outDir: here('dist'), emptyOutDir: true, target: 'es2022', sourcemap: true },
}));
