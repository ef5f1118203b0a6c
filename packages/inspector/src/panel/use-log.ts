import { useEffect, useReducer, useSyncExternalStore } from 'react';
import type { InspectorLog } from '../record/log.ts';

/** Renders when there is something new in the log, which tells it some times a second at most. */
export function useLog(log: InspectorLog): InspectorLog {
  useSyncExternalStore(log.subscribe, log.getVersion);
  return log;
}

/** Renders every `ms` while the page is visible, and gives the time. */
export function useNow(ms: number): number {
  const [, tick] = useReducer((count: number) => count + 1, 0);
  useEffect(() => {
    const timer = setInterval(() => {
      if (!document.hidden) tick();
    }, ms);
    return () => clearInterval(timer);
  }, [ms]);
  return Date.now();
}
