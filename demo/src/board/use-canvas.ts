import { type RefObject, useEffect, useRef } from 'react';

/**
 * A canvas that is painted again after changes, at most once every `everyMs` and within a frame, and when its size is
 * another one. `watch` and `paint` must stay the same over renders.
 */
export function useCanvas(
  watch: (changed: () => void) => () => void,
  paint: (canvas: HTMLCanvasElement) => void,
  everyMs: number,
): RefObject<HTMLCanvasElement | null> {
  const ref = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const canvas = ref.current;
    if (canvas === null) return undefined;
    let frame = 0;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let paintedAt = -Infinity;
    let isDue = false;
    const inFrame = (): void => {
      frame = requestAnimationFrame(() => {
        isDue = false;
        paintedAt = performance.now();
        paint(canvas);
      });
    };
    const changed = (): void => {
      if (isDue) return;
      isDue = true;
      const rest = paintedAt + everyMs - performance.now();
      if (rest <= 0) inFrame();
      else timer = setTimeout(inFrame, rest);
    };
    const size = new ResizeObserver(changed);
    size.observe(canvas);
    const unwatch = watch(changed);
    changed();
    return () => {
      unwatch();
      size.disconnect();
      cancelAnimationFrame(frame);
      clearTimeout(timer);
    };
  }, [watch, paint, everyMs]);
  return ref;
}
