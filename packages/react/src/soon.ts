import { browserEnvironment } from '@holdfast/core';

/**
 * Runs it in the next frame, or by a timer where none comes; at once when the page hides, which gets no frame and slow timers
 * from then on, or is seen again. The function that it returns ends the wait.
 */
export function soon(run: () => void): () => void {
  const page = typeof document === 'undefined' ? undefined : document;
  const once = (): void => {
    cancel();
    run();
  };
  const cancelFrame = browserEnvironment().nextFrame(once);
  page?.addEventListener('visibilitychange', once);
  const cancel = (): void => {
    cancelFrame();
    page?.removeEventListener('visibilitychange', once);
  };
  return cancel;
}
