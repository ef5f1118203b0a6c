import { fileURLToPath } from 'node:url';
import { createContext, Script } from 'node:vm';
import { build } from 'vite';
import { expect, test } from 'vitest';

const sources = fileURLToPath(new URL('..', import.meta.url));

/** Everything that a host adds to the language. None of it may be asked for while a module is only being read. */
const HOST = [
  ...['window', 'self', 'document', 'navigator', 'location', 'name', 'process', 'Buffer', 'require', 'console'],
  ...['setTimeout', 'clearTimeout', 'setInterval', 'setImmediate', 'queueMicrotask', 'requestAnimationFrame'],
  ...['performance', 'crypto', 'fetch', 'URL', 'TextEncoder', 'TextDecoder', 'structuredClone', 'btoa', 'atob'],
  ...['WebSocket', 'EventTarget', 'Event', 'AbortController', 'AbortSignal', 'DOMException', 'BroadcastChannel'],
  ...['indexedDB', 'IDBDatabase', 'IDBRequest', 'IDBKeyRange', 'IDBTransaction', 'IDBCursor', 'IDBObjectStore'],
  ...['localStorage', 'sessionStorage', 'caches', 'addEventListener', 'postMessage', 'Worker', 'SharedWorker'],
];

/** An entry and all that it imports, as one script that leaves what it exports in `entry`. */
async function bundle(entry: string): Promise<string> {
  const built = await build({
    configFile: false,
    root: sources,
    logLevel: 'silent',
    build: {
      write: false,
      minify: false,
      lib: { entry: `${sources}${entry}`, formats: ['iife'], name: 'entry' },
      rolldownOptions: { treeshake: false },
    },
  });
  const output = Array.isArray(built) ? built[0] : built;
  if (output === undefined || !('output' in output)) throw new Error('nothing was built');
  return output.output[0].code.replace(/^(?:const|let) entry\b/m, 'var entry');
}

/** Runs a script in a realm that has the language and `given`, nothing else, and tells what it asked for besides. */
function run(script: string, given: readonly string[] = []): { touched: string[]; exported: string[]; fault: unknown } {
  const touched: string[] = [];
  const realm: { [name: string]: unknown } = {};
  for (const name of HOST) {
    Object.defineProperty(realm, name, {
      configurable: true,
      get() {
        touched.push(name);
        if (given.includes(name)) return (globalThis as { [name: string]: unknown })[name];
        throw new Error(`${name} was touched on import`);
      },
    });
  }
  createContext(realm);
  try {
    return {
      touched,
      exported: new Script(`${script}\nObject.keys(entry)`).runInContext(realm) as string[],
      fault: null,
    };
  } catch (fault) {
    return { touched, exported: [], fault };
  }
}

test.each(['navigator.onLine', 'typeof document', 'new AbortController()', 'globalThis.crypto'])(
  'a script with %s at its top would be noticed',
  (expression) => {
    expect(run(`var entry = { it: ${expression} };`).touched).toHaveLength(1);
  },
);

test.each<[entry: string, name: string, needs: string[]]>([
  ['index.ts', 'createSocket', []],
  ['diagnose.ts', 'diagnose', []],
  ['indexeddb.ts', 'indexedDB', []],
  ['protocol.ts', 'decodeServerMessage', []],
  ['pings.ts', 'graphqlPing', []],
  ['worker-timers.ts', 'workerTimers', []],
  // A class is made from the class that it extends. Every host that runs it has this one, servers too.
  ['websocket.ts', 'HoldfastWebSocket', ['EventTarget']],
  // Read, not called: later a test runner may have put its own in its place.
  ['testing.ts', 'createTestWorld', ['setImmediate']],
])('importing %s for %s touches no global but %j', async (entry, name, needs) => {
  const { touched, exported, fault } = run(await bundle(entry), needs);
  expect([[...new Set(touched)], fault]).toEqual([needs, null]);
  expect(exported).toContain(name);
});
