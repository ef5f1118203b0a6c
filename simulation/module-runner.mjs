import { createServer, defaultServerConditions } from 'vite';

/**
 * Runs the simulator's TypeScript from its sources: Node 20 has no way of its own. `edit` may change the text of a module
 * before it is compiled.
 * @template T
 * @param {(load: (file: string) => Promise<any>) => Promise<T>} use
 * @param {(code: string, file: string) => string} [edit]
 * @returns {Promise<T>}
 */
export async function withSimulator(use, edit) {
  const server = await createServer({
    root: import.meta.dirname,
    configFile: false,
    appType: 'custom',
    logLevel: 'error',
    server: { middlewareMode: true, hmr: false, ws: false, watch: null },
    optimizeDeps: { noDiscovery: true },
    ssr: { resolve: { conditions: ['source', ...defaultServerConditions] } },
    resolve: { conditions: ['source'] },
    plugins:
      edit === undefined
        ? []
        : [{ name: 'edit', enforce: 'pre', transform: (code, id) => edit(code, id.split('?')[0]) }],
  });
  try {
    return await use((file) => server.ssrLoadModule(file));
  } finally {
    await server.close();
  }
}
