import { useSyncExternalStore } from 'react';
import { useFirstRef } from './first-hook.ts';
import { keepSame } from './same.ts';

/** What can be watched: a socket or a zustand store. */
export interface Watchable<State> {
  readonly getState: () => State;
  readonly subscribe: (listener: () => void) => () => void;
}

/**
 * Selects from something that is watched; `initial` is what it is on a server, and first when a page hydrates. Renders again
 * only when the result is another one, as `keepSame` compares.
 */
export function useSelection<State, Selected = State>(
  watched: Watchable<State>,
  initial: State,
  selector: (state: State) => Selected = (state) => state as unknown as Selected,
): Selected {
  const kept = useFirstRef<readonly [state: State, selector: unknown, value: Selected] | []>([]);
  const select = (state: State): Selected => {
    // React asks many times a render and must get the same object, though a selector may make a new one each time.
    const [from, by, value] = kept.current;
    if (from !== state || by !== selector) {
      kept.current = [state, selector, keepSame(value, selector(state))];
    }
    return kept.current[2] as Selected;
  };
  return useSyncExternalStore(
    watched.subscribe,
    () => select(watched.getState()),
    () => select(initial),
  );
}
