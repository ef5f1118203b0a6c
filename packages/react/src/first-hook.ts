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
    if (!(cause instanceof TypeError)) throw cause;
    throw invalid(
      'the hook was called outside of a component, or by another copy of React than @holdfast/react has: `npm ls react` shows how many there are',
      cause,
    );
  }
}

/** What a hook throws: the app has to change a call or its set-up. */
export function invalid(message: string, cause?: unknown): HoldfastError {
  return new HoldfastError({ code: 'INVALID_OPTION', message, cause }, Date.now());
}
