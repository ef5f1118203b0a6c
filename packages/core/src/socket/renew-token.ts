import type { Environment } from '../environment/ports.ts';
import type { Failure } from '../lib/errors.ts';
import { askToken } from './target.ts';

/** Pause after the first failure; doubled by each next one. */
const RETRY_MS = 500;

/**
 * Asks the app for a fresh token, again and again while there is time, and gives it to `answer`. Where none came in time
 * the server ends the connection. Returns the function that gives it up.
 */
export function renewToken(
  auth: () => string | Promise<string>,
  withinMs: number,
  environment: Environment,
  answer: (token: string) => void,
  report: (failure: Failure) => void,
): () => void {
  const until = environment.now() + withinMs;
  let isWanted = true;
  let cancelTimer = (): void => {};
  const ask = async (pauseMs: number): Promise<void> => {
    const found = await askToken(auth);
    if (!isWanted) return;
    if ('failure' in found) {
      report(found.failure);
      // Not on the way to the last moment: the connection that follows asks anew.
      if (environment.now() + pauseMs < until) cancelTimer = environment.setTimer(pauseMs, () => void ask(pauseMs * 2));
    } else answer(found.answer);
  };
  void ask(RETRY_MS);
  return () => {
    isWanted = false;
    cancelTimer();
  };
}
