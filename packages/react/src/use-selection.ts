import { useEffect, useMemo, useSyncExternalStore } from 'react';
import { useFirstRef } from './first-hook.ts';
import { isSame } from './same.ts';
import type { Store } from './watched-store.ts';

/**
 * Selects from one part of a store. The selector runs when that part or the selector is another one; the component
 * renders again only when the result is, as `isSame` compares.
 */
export function useSelection<Snapshot, Part, Selected>(
  store: Store<Snapshot>,
  pick: (snapshot: Snapshot) => Part,
  selector: (part: Part) => Selected,
): Selected {
  const committed = useFirstRef<{ readonly value: Selected } | null>(null);

  const [getSnapshot, getServerSnapshot] = useMemo(() => {
    // React asks for the snapshot many times a render and must get the same one: a selector that makes a new object
    // each time would otherwise render for ever.
    let last: { readonly part: Part; readonly value: Selected } | null = null;
    const select = (snapshot: Snapshot): Selected => {
      const part = pick(snapshot);
      if (last !== null && Object.is(last.part, part)) return last.value;
      const value = selector(part);
      const before = last ?? committed.current;
      last = { part, value: before !== null && isSame(before.value, value) ? before.value : value };
      return last.value;
    };
    return [() => select(store.getState()), () => select(store.getInitialState())];
  }, [store, pick, selector, committed]);

  const selected = useSyncExternalStore(store.subscribe, getSnapshot, getServerSnapshot);
  useEffect(() => {
    committed.current = { value: selected };
  }, [selected, committed]);
  return selected;
}
