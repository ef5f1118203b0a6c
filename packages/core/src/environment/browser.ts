import type { Environment, EnvironmentFact, Locks, TabStorage, WebSocketLike } from './ports.ts';

/**
 * The browser, a worker or Node, taken as it is when a socket is made: what is missing is left out. Where there is no
 * WebSocket (Node before 22), `openWebSocket` throws an error that says so.
 */
export function browserEnvironment(): Environment {
  return {
    now: () => performance.now(),
    wallClock: () => Date.now(),
    random: () => Math.random(),
    randomId,
    setTimer(ms, run) {
      // A delay above 2^31-1 ms would fire at once.
      const timer = setTimeout(run, Math.min(ms, 2_147_483_647));
      return () => clearTimeout(timer);
    },
    defer: (run) => queueMicrotask(run),
    nextFrame,
    openWebSocket(url, protocols) {
      if (typeof WebSocket === 'undefined') {
        throw new TypeError('there is no WebSocket here: pass an environment with openWebSocket');
      }
      return new WebSocket(url, [...protocols]) as WebSocketLike;
    },
    observe,
    isOnline: () => typeof navigator === 'undefined' || navigator.onLine !== false,
    locks: webLocks(),
    tabStorage: tabStorage(),
  };
}

/** 128 bits, base64url. `getRandomValues` exists on plain http too, unlike `randomUUID`. */
function randomId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '');
}

/** A hidden page paints nothing: there a timer stands in for the frame. */
function nextFrame(run: () => void): () => void {
  if (typeof requestAnimationFrame === 'undefined' || (typeof document !== 'undefined' && document.hidden)) {
    const timer = setTimeout(run, 16);
    return () => clearTimeout(timer);
  }
  const frame = requestAnimationFrame(run);
  return () => cancelAnimationFrame(frame);
}

function observe(tell: (fact: EnvironmentFact) => void, signal: AbortSignal): void {
  const listen = (target: EventTarget, type: string, run: (event: Event) => void): void =>
    target.addEventListener(type, run, { signal });
  if (typeof addEventListener === 'function') {
    const scope = globalThis as unknown as EventTarget;
    listen(scope, 'online', () => tell('online'));
    listen(scope, 'offline', () => tell('offline'));
    // Into the back/forward cache, or away for good: either way the page stops here.
    listen(scope, 'pagehide', () => tell('frozen'));
    listen(scope, 'pageshow', (event) => (event as PageTransitionEvent).persisted && tell('resumed'));
  }
  if (typeof document !== 'undefined') {
    listen(document, 'visibilitychange', () => tell(document.visibilityState === 'hidden' ? 'hidden' : 'visible'));
    // Chromium dispatches these on document, and they do not bubble.
    listen(document, 'freeze', () => tell('frozen'));
    listen(document, 'resume', () => tell('resumed'));
  }
}

function webLocks(): Locks | undefined {
  const manager = typeof navigator === 'undefined' ? undefined : navigator.locks;
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
