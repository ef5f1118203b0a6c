import type { KeyboardEvent, PointerEvent, ReactElement } from 'react';

const LEAST = { height: 180, width: 320 } as const;
const STEP = 24;

/** An edge of the panel that can be dragged, or moved by arrow keys. */
export function Resizer(props: {
  readonly edge: 'top' | 'bottom' | 'left' | 'right';
  readonly size: number;
  readonly onResize: (size: number) => void;
}): ReactElement {
  const { edge, size, onResize } = props;
  const isHeight = edge === 'top' || edge === 'bottom';
  /** Which way it grows: down and right, or up and left. */
  const sign = edge === 'bottom' || edge === 'right' ? 1 : -1;
  const least = LEAST[isHeight ? 'height' : 'width'];
  const most = (): number => Math.round((isHeight ? innerHeight : innerWidth) * 0.95);
  const resize = (to: number): void => onResize(Math.round(Math.max(least, Math.min(most(), to))));

  const onPointerDown = (event: PointerEvent<HTMLElement>): void => {
    const handle: HTMLElement = event.currentTarget;
    const from = isHeight ? event.clientY : event.clientX;
    handle.setPointerCapture(event.pointerId);
    const dragging = new AbortController();
    const { signal } = dragging;
    const move = ({ clientX, clientY }: globalThis.PointerEvent): void =>
      resize(size + sign * ((isHeight ? clientY : clientX) - from));
    handle.addEventListener('pointermove', move, { signal });
    for (const end of ['pointerup', 'pointercancel']) handle.addEventListener(end, () => dragging.abort(), { signal });
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const by = { ArrowUp: -STEP, ArrowLeft: -STEP, ArrowDown: STEP, ArrowRight: STEP }[event.key];
    if (by === undefined) return;
    event.preventDefault();
    resize(size + sign * by);
  };

  return (
    <div
      className={`resizer ${edge}`}
      role="separator"
      tabIndex={0}
      aria-label={isHeight ? 'Height of the panel' : 'Width of the panel'}
      aria-orientation={isHeight ? 'horizontal' : 'vertical'}
      aria-valuenow={size}
      aria-valuemin={least}
      aria-valuemax={most()}
      onPointerDown={onPointerDown}
      onKeyDown={onKeyDown}
    />
  );
}
