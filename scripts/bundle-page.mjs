import { dirname } from 'node:path';
import { build, defaultClientConditions } from 'vite';

/**
 * A module with the packages' sources and all else that it imports, as one classic script for a page.
 *
 * @param {string} entry path of the module
 * @param {string} name the global that its exports become
 * @param {'production' | 'development'} [mode] what libraries are told that they run in
 * @returns {Promise<string>}
 */
export async function bundlePage(entry, name, mode = 'production') {
  const result = await build({
    configFile: false,
    logLevel: 'warn',
    root: dirname(entry),
    resolve: { conditions: ['source', ...defaultClientConditions] },
    // Libraries ask for it, and a page has no `process`.
    define: { 'process.env.NODE_ENV': JSON.stringify(mode) },
    build: {
      write: false,
      minify: false,
      target: 'es2022',
      lib: { entry, formats: ['iife'], name },
      // A script has no module to say 'use client' in.
      rolldownOptions: { onwarn: (warning, warn) => warning.code === 'MODULE_LEVEL_DIRECTIVE' || warn(warning) },
    },
  });
  const [output] = Array.isArray(result) ? result : [result];
  if (output === undefined || !('output' in output)) throw new Error('vite gave no output');
  return output.output[0].code;
}
