import { createServer, defaultServerConditions } from 'vite';

/**
 * Runs TypeScript from its sources: Node 20 has no way of its own. Files are named from `root`; `edit` may change the text of
 * a module before it is compiled.
 * @template T
 * @param {string} root
 * @param {(load: (file: string) => Promise<any>) => Promise<T>} use
 * @param {(code: string, file: string) => string} [edit]
 * @returns {Promise<T>}
 */
export async function withSources(root, use, edit) {
  const server = await createServer({
    root,
    configFile: false,
    appType: 'custom',
    logLevel: 'error',
    server: { middlewareMode: true, hmr: false, ws: false, watch: null },
    optimizeDeps: { noDiscovery: true },
    // `using` is newer than Node 20.
    oxc: { target: 'es2022' },
    ssr: { resolve: { conditions: ['source', ...defaultServerConditions] } },
    resolve: { conditions: ['source'] },
    plugins:
      edit === undefined
        ? []
        : [{ name: 'edit', enforce: 'pre', transform: (code, id) => edit(code, id.replace(/\?.*/, '')) }],
  });
  try {
    return await use((file) => server.ssrLoadModule(file));
  } finally {
    await server.close();
  }
}
