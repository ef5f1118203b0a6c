import type { ReactNode } from 'react';

/** A component that suspends while it is told to, in React 18 and 19. */
export function suspend(): { readonly Waiting: (props: { isWaiting: boolean }) => ReactNode } {
  const never = new Promise<never>(() => {});
  return {
    Waiting: ({ isWaiting }) => {
      // oxlint-disable-next-line typescript/only-throw-error -- what React 18 takes for waiting
      if (isWaiting) throw never;
      return null;
    },
  };
}
