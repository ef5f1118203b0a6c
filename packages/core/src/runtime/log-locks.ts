import type { ConnectionEnvironment, Locks } from '../environment/ports.ts';

/** What ends a round in the middle, where the page was frozen or its storage has failed. Nobody is told. */
export const OVER: Error = new Error('over');

/** The locks of logs that this page has, by the log's id. */
export interface LogLocks {
  has(id: string): boolean;
  /** Takes the lock of a log, if nobody holds it; tells whether this page has it. */
  take(id: string): Promise<boolean>;
  /** Waits for whoever has it, as the page before a reload, which may still be on its way out: a duplicated tab waits in vain. */
  takeWithin(ms: number, id: string, signal: AbortSignal): Promise<boolean>;
  giveBack(id: string): void;
  /** All but those for which `find` finds something. */
  giveAllBack(find?: (id: string) => unknown): void;
}

/** `isOver`: whether whoever asked must not have the lock any more; its promise rejects with `OVER`. */
export function logLocks(
  environment: ConnectionEnvironment,
  locks: Locks | undefined,
  scope: string,
  isOver: () => boolean,
): LogLocks {
  const releases = new Map<string, () => void>();

  async function request(id: string, wait: Parameters<Locks['request']>[1]): Promise<boolean> {
    if (releases.has(id)) return true;
    if (locks === undefined) throw new Error('this origin has no Web Locks (is it plain http?)');
    const release = await locks.request(`${scope}:${id}`, wait);
    if (release === null) return false;
    releases.set(id, release);
    if (!isOver()) return true;
    giveBack(id);
    throw OVER;
  }

  function giveBack(id: string): void {
    releases.get(id)?.();
    releases.delete(id);
  }

  return {
    has: (id) => releases.has(id),
    take: (id) => request(id, { ifAvailable: true }),
    async takeWithin(ms, id, signal) {
      const wait = new AbortController();
      const abort = (): void => wait.abort();
      // A frozen page would be given the lock without knowing, and keep it.
      signal.addEventListener('abort', abort);
      const cancel = environment.setTimer(ms, abort);
      try {
        return await request(id, { signal: wait.signal });
      } catch (cause) {
        if (isOver() || !wait.signal.aborted) throw cause;
        return false;
      } finally {
        cancel();
      }
    },
    giveBack,
    giveAllBack: (find) => releases.forEach((_, id) => find?.(id) ?? giveBack(id)),
  };
}
