import {
  useRef,
  useSyncExternalStore,
  type KeyboardEvent,
  type PointerEvent,
  type ReactElement,
  type RefObject,
} from 'react';
import type { Corner } from '../holdfast-inspector.tsx';
import type { Inspector } from '../record/inspector.ts';
import { PhaseMark, phaseOf } from './phase.tsx';

/** A pointer that moves less is a hand that trembles. */
const DRAG_PX = 6;

/** The button that opens the panel. It can be dragged to another corner, or sent there by the arrow keys. */
export function Launcher(props: {
  readonly theme: 'light' | 'dark';
  readonly inspector: Inspector;
  readonly corner: Corner;
  readonly onCorner: (corner: Corner) => void;
  readonly onOpen: () => void;
  readonly button: RefObject<HTMLButtonElement | null>;
}): ReactElement {
  const { theme, inspector, corner, onCorner, onOpen, button } = props;
  const { subscribe } = inspector.log;
  // Of all that the log tells it renders for these alone: a closed panel costs nothing.
  const phase = useSyncExternalStore(subscribe, () => phaseOf(inspector));
  const hasFaults = useSyncExternalStore(subscribe, () => inspector.faults.isActive);
  /** The click at the end of a drag opens nothing. */
  const wasDragged = useRef(false);

  const onPointerDown = (event: PointerEvent<HTMLButtonElement>): void => {
    wasDragged.current = false;
    if (event.button !== 0) return;
    const { currentTarget: pill, pointerId, clientX, clientY } = event;
    const dragging = new AbortController();
    const { signal } = dragging;
    const move = (to: globalThis.PointerEvent): void => {
      const [x, y] = [to.clientX - clientX, to.clientY - clientY];
      if (!wasDragged.current && Math.hypot(x, y) < DRAG_PX) return;
      if (!wasDragged.current) pill.setPointerCapture(pointerId);
      wasDragged.current = true;
      pill.style.translate = `${x}px ${y}px`;
    };
    const end = (): void => {
      dragging.abort();
      pill.style.translate = '';
    };
    const drop = (at: globalThis.PointerEvent): void => {
      end();
      if (!wasDragged.current) return;
      onCorner(`${at.clientY < innerHeight / 2 ? 'top' : 'bottom'}-${at.clientX < innerWidth / 2 ? 'left' : 'right'}`);
    };
    document.addEventListener('pointermove', move, { signal });
    document.addEventListener('pointerup', drop, { signal });
    document.addEventListener('pointercancel', end, { signal });
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const [vertical, horizontal] = corner.split('-') as ['top' | 'bottom', 'left' | 'right'];
    const to = {
      ArrowUp: `top-${horizontal}`,
      ArrowDown: `bottom-${horizontal}`,
      ArrowLeft: `${vertical}-left`,
      ArrowRight: `${vertical}-right`,
    }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    onCorner(to as Corner);
  };

  return (
    <button
      ref={button}
      type="button"
      className="root launcher"
      data-theme={theme}
      data-corner={corner}
      aria-label={`Open the Holdfast inspector: ${inspector.name} is ${phase}${hasFaults ? ', faults are on' : ''}`}
      title={`${inspector.name} is ${phase}. Drag it, or press an arrow key, to move it to another corner.`}
      onPointerDown={onPointerDown}
      onKeyDown={onKeyDown}
      onClick={(event) => {
        // Keys click, too, and have no number of clicks.
        if (!wasDragged.current || event.detail === 0) onOpen();
      }}
    >
      <PhaseMark phase={phase} />
      <span className="name">Holdfast</span>
      {hasFaults ? <span className="mark" /> : null}
    </button>
  );
}
