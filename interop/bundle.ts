import { fileURLToPath } from 'node:url';
import { build, defaultClientConditions } from 'vite';

/** `page/main.ts` with all libraries in it, as one classic script. */
export async function bundlePage(): Promise<string> {
  const result = await build({
    configFile: false,
    logLevel: 'warn',
    root: fileURLToPath(new URL('page', import.meta.url)),
    resolve: { conditions: ['source', ...defaultClientConditions] },
    define: { 'process.env.NODE_ENV': '"production"' },
    build: {
      write: false,
      minify: false,
      target: 'es2022',
      lib: {
        entry: fileURLToPath(new URL('page/main.ts', import.meta.url)),
        formats: ['iife'],
        name: 'interopPage',
      },
    },
  });
  const [output] = Array.isArray(result) ? result : [result];
  if (output === undefined || !('output' in output)) throw new Error('vite gave no output');
  return output.output[0].code;
}
