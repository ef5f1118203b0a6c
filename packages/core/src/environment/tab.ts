import type { Environment, Locks, TabStorage } from './ports.ts';

/** What only stored messages need of the browser: taken where they are kept, so that no other bundle has it. */
export function tabOf(environment: Environment): Pick<Environment, 'locks' | 'tabStorage'> {
  return 'locks' in environment ? environment : { locks: webLocks(), tabStorage: tabStorage() };
}

function webLocks(): Locks | undefined {
  const manager = globalThis.navigator?.locks;
  if (manager === undefined || manager === null) return undefined;
  return {
    request(name, { ifAvailable = false, signal }) {
      return new Promise((resolve, reject) => {
        const options: LockOptions = { ifAvailable, ...(signal !== undefined && !ifAvailable && { signal }) };
        manager
          .request(name, options, (lock) => {
            if (lock === null) {
              resolve(null);
              return undefined;
            }
            // The lock is held until this promise ends.
            return new Promise<void>((release) => resolve(() => release()));
          })
          .catch(reject);
      });
    },
  };
}

/**
 * Reading `sessionStorage` throws where storage is blocked. One that is full, or fails later, costs the order over a
 * reload and nothing else: what it is asked then is answered with null.
 */
function tabStorage(): TabStorage | undefined {
  try {
    if (typeof sessionStorage === 'undefined') return undefined;
    const storage = sessionStorage;
    return {
      get: (key) => orNull(() => storage.getItem(key)),
      set: (key, value) => void orNull(() => storage.setItem(key, value)),
    };
  } catch {
    return undefined;
  }
}

function orNull<T>(run: () => T): T | null {
  try {
    return run();
  } catch {
    return null;
  }
}
