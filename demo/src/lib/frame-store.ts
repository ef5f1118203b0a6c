/** A value for React that is computed at most once a frame, however often its sources change. */
export interface FrameStore<T> {
  readonly subscribe: (listener: () => void) => () => void;
  readonly getSnapshot: () => T;
  /** Says that a source has changed. Cheap: call it as often as things happen. */
  readonly invalidate: () => void;
}

export function createFrameStore<T>(compute: () => T): FrameStore<T> {
  const listeners = new Set<() => void>();
  let snapshot = compute();
  let isScheduled = false;
  const update = (): void => {
    isScheduled = false;
    snapshot = compute();
    for (const listener of listeners) listener();
  };
  return {
    subscribe: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    getSnapshot: () => snapshot,
    invalidate: () => {
      if (isScheduled) return;
      isScheduled = true;
      // A hidden page draws no frames: it catches up in one go when it is seen again.
      requestAnimationFrame(update);
    },
  };
}
