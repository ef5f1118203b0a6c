/** A value for React that is computed now and then, however often its sources change. */
export interface FrameStore<T> {
  readonly subscribe: (listener: () => void) => () => void;
  readonly getSnapshot: () => T;
  /** Says that a source has changed. Cheap: call it as often as things happen. */
  readonly invalidate: () => void;
}

/** Computes at most once every `everyMs`, within a frame; by default as often as anybody can read numbers. */
export function createFrameStore<T>(compute: () => T, everyMs = 100): FrameStore<T> {
  const listeners = new Set<() => void>();
  let snapshot = compute();
  let isScheduled = false;
  let computedAt = -Infinity;
  const update = (): void => {
    isScheduled = false;
    computedAt = performance.now();
    snapshot = compute();
    for (const listener of listeners) listener();
  };
  // A hidden page draws no frames: it catches up in one go when it is seen again.
  const inFrame = (): number => requestAnimationFrame(update);
  return {
    subscribe: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    getSnapshot: () => snapshot,
    invalidate: () => {
      if (isScheduled) return;
      isScheduled = true;
      const rest = computedAt + everyMs - performance.now();
      if (rest <= 0) inFrame();
      else setTimeout(inFrame, rest);
    },
  };
}
