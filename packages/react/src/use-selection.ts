import { useEffect, useMemo, useRef, useSyncExternalStore } from 'react';
import { shallow } from 'zustand/vanilla/shallow';
import type { SocketSnapshot, SocketStore } from './socket-store.ts';

/**
 * Selects from one part of a store. The selector runs when that part or the selector is another one; the component
 * renders again only when the result is, by `Object.is` or, for plain objects, arrays, maps and sets, by their entries.
 */
export function useSelection<Part, Selected>(
  store: SocketStore,
  pick: (snapshot: SocketSnapshot) => Part,
  selector: (part: Part) => Selected,
): Selected {
  const committed = useRef<{ readonly value: Selected } | null>(null);

  const [getSnapshot, getServerSnapshot] = useMemo(() => {
    // React asks for the snapshot many times a render and must get the same one: a selector that makes a new object
    // each time would otherwise render for ever.
    let last: { readonly part: Part; readonly value: Selected } | null = null;
    const select = (snapshot: SocketSnapshot): Selected => {
      const part = pick(snapshot);
      if (last !== null && Object.is(last.part, part)) return last.value;
      const value = selector(part);
      const before = last ?? committed.current;
      last = { part, value: before !== null && isSame(before.value, value) ? before.value : value };
      return last.value;
    };
    return [() => select(store.getState()), () => select(store.getInitialState())];
  }, [store, pick, selector]);

  const selected = useSyncExternalStore(store.subscribe, getSnapshot, getServerSnapshot);
  useEffect(() => {
    committed.current = { value: selected };
  }, [selected]);
  return selected;
}

/** zustand's `shallow` alone would find any two dates or errors without own fields the same. */
function isSame(a: unknown, b: unknown): boolean {
  return Object.is(a, b) || (hasEntries(a) && hasEntries(b) && shallow(a, b));
}

function hasEntries(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (Array.isArray(value) || value instanceof Map || value instanceof Set) return true;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
