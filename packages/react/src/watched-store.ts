import { createStore } from 'zustand/vanilla';
import type { Watchable } from './use-selection.ts';

/**
 * A zustand store over something that tells of changes. It watches while somebody subscribes. `read` gives the snapshot
 * before, where nothing has changed.
 */
export function watchedStore<Snapshot>(
  initial: Snapshot,
  read: (before: Snapshot) => Snapshot,
  watch: (refresh: () => void) => () => void,
): Watchable<Snapshot> {
  const store = createStore<Snapshot>(() => read(initial));
  let subscribers = 0;
  let stop: (() => void) | null = null;

  const refresh = (): void => {
    const before = store.getState();
    const now = read(before);
    if (now !== before) store.setState(now, true);
  };

  return {
    getState: () => {
      // While nobody subscribes, nobody tells: between a render and its subscription there may have been news.
      // While somebody does, what was told last is the truth for all, or two components of one render would differ.
      if (stop === null) refresh();
      return store.getState();
    },
    subscribe: (listener) => {
      subscribers += 1;
      if (stop === null) {
        stop = watch(refresh);
        refresh();
      }
      // zustand keeps a set: without a function of its own, a listener given twice would be removed once for both.
      const unsubscribe = store.subscribe(() => {
        listener();
      });
      let isActive = true;
      return () => {
        if (!isActive) return;
        isActive = false;
        unsubscribe();
        subscribers -= 1;
        if (subscribers > 0) return;
        stop?.();
        stop = null;
      };
    },
  };
}
