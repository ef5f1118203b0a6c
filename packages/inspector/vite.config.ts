import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  build: {
    target: 'es2022',
    sourcemap: true,
    // scripts/build.mjs has emptied it.
    emptyOutDir: false,
    lib: { entry: { index: here('src/index.ts'), tap: here('src/tap.ts') }, formats: ['es'] },
    rolldownOptions: {
      // What is named like a package comes from there; a style sheet is part of the panel, wherever it comes from.
      external: (id) => /^[@a-z]/.test(id) && !id.endsWith('?inline'),
      output: {
        entryFileNames: '[name].js',
        chunkFileNames: '[name].js',
        // A server component may import it.
        banner: ({ name }) => (name === 'index' ? "'use client';" : ''),
      },
    },
  },
});
