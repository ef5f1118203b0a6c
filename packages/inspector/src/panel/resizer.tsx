import type { KeyboardEvent, PointerEvent, ReactElement } from 'react';

const LEAST = 180;
const STEP = 24;

/** An edge of the panel that can be dragged, or moved by arrow keys. */
export function Resizer(props: {
  readonly edge: 'top' | 'left';
  readonly size: number;
  readonly onResize: (size: number) => void;
}): ReactElement {
  const { edge, size, onResize } = props;
  const isTop = edge === 'top';
  const most = (): number => Math.round((isTop ? innerHeight : innerWidth) * 0.95);
  const resize = (to: number): void => onResize(Math.round(Math.max(LEAST, Math.min(most(), to))));

  const onPointerDown = (event: PointerEvent<HTMLElement>): void => {
    const handle: HTMLElement = event.currentTarget;
    const from = isTop ? event.clientY : event.clientX;
    handle.setPointerCapture(event.pointerId);
    const dragging = new AbortController();
    const { signal } = dragging;
    handle.addEventListener('pointermove', (move) => resize(size + from - (isTop ? move.clientY : move.clientX)), {
      signal,
    });
    for (const end of ['pointerup', 'pointercancel']) handle.addEventListener(end, () => dragging.abort(), { signal });
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const by = { ArrowUp: STEP, ArrowLeft: STEP, ArrowDown: -STEP, ArrowRight: -STEP }[event.key];
    if (by === undefined) return;
    event.preventDefault();
    resize(size + by);
  };

  return (
    <div
      className={`resizer ${edge}`}
      role="separator"
      tabIndex={0}
      aria-label={isTop ? 'Height of the panel' : 'Width of the panel'}
      aria-orientation={isTop ? 'horizontal' : 'vertical'}
      aria-valuenow={size}
      aria-valuemin={LEAST}
      aria-valuemax={most()}
      onPointerDown={onPointerDown}
      onKeyDown={onKeyDown}
    />
  );
}
