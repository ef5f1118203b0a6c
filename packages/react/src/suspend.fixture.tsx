import type { ReactNode } from 'react';

/** Suspends until `promise` is resolved, in React 18 as in 19, which has `use` for it. */
export function wait<Value>(promise: Promise<Value>): Value {
  const known = outcomes.get(promise);
  if (known !== undefined) return known.value as Value;
  void promise.then((value) => outcomes.set(promise, { value }));
  // oxlint-disable-next-line typescript/only-throw-error -- what React 18 takes for waiting
  throw promise;
}

const outcomes = new WeakMap<Promise<unknown>, { readonly value: unknown }>();

const never = new Promise<never>(() => {});

/** Suspends while it is told to. */
export function Waiting({ isWaiting }: { isWaiting: boolean }): ReactNode {
  return isWaiting ? wait(never) : null;
}
