import { HoldfastError } from '@holdfast/core';
import { useRef, type RefObject } from 'react';

/**
 * `useRef` as the first hook of each of ours. Where no React answers, its own error is about a null that nobody wrote.
 * @throws HoldfastError INVALID_OPTION
 */
export function useFirstRef<Value>(initial: Value): RefObject<Value> {
  try {
    // oxlint-disable-next-line react-hooks/rules-of-hooks -- it is always called: only what it throws is caught
    return useRef(initial);
  } catch (cause) {
    // Its other errors say what is wrong.
    throw cause instanceof TypeError
      ? invalid('outside of a component, or a second copy of React: see npm ls react', cause)
      : cause;
  }
}

/** What a hook throws: the app has to change a call or its set-up. */
export function invalid(message: string, cause?: unknown): HoldfastError {
  return new HoldfastError({ code: 'INVALID_OPTION', message, cause }, Date.now());
}
