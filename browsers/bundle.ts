import { fileURLToPath } from 'node:url';
import { build, defaultClientConditions } from 'vite';

let bundled: Promise<string> | null = null;

/** `page/harness.ts` with the packages' sources in it, as one classic script. Made once. */
export function bundlePage(): Promise<string> {
  bundled ??= bundle();
  return bundled;
}

async function bundle(): Promise<string> {
  const result = await build({
    configFile: false,
    logLevel: 'warn',
    root: fileURLToPath(new URL('page', import.meta.url)),
    resolve: { conditions: ['source', ...defaultClientConditions] },
    build: {
      write: false,
      minify: false,
      target: 'es2022',
      lib: {
        entry: fileURLToPath(new URL('page/harness.ts', import.meta.url)),
        formats: ['iife'],
        name: 'holdfastPage',
      },
    },
  });
  const [output] = Array.isArray(result) ? result : [result];
  if (output === undefined || !('output' in output)) throw new Error('vite gave no output');
  return output.output[0].code;
}
