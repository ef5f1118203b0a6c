import { type KeyboardEvent, type PointerEvent, type ReactElement, useCallback, useState } from 'react';
import { formatCount } from '../lib/format.ts';
import { useStore } from '../lib/use-store.ts';
import { BOARD_HEIGHT, BOARD_WIDTH } from '../messages.ts';
import type { BoardState } from './board-state.ts';
import { Cursors } from './cursors.tsx';
import type { Drawing } from './drawing.ts';
import type { LiveRoom } from './live.ts';
import { BoardPainter, paintPending } from './board-painter.ts';
import { clamp, Pen, type Point } from './pen.ts';
import { useCanvas } from './use-canvas.ts';

interface BoardViewProps {
  readonly board: BoardState;
  readonly drawing: Drawing;
  readonly live: LiveRoom;
}

const PAINT_MS = 33;
const KEY_STEP = 25;
const MOVES: { readonly [key: string]: Point } = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

export function BoardView({ board, drawing, live }: BoardViewProps): ReactElement {
  const watch = useCallback((changed: () => void) => board.watch(changed), [board]);
  const painter = useState(() => new BoardPainter(board))[0];
  const pendingPainter = useCallback((canvas: HTMLCanvasElement) => paintPending(canvas, board), [board]);
  const canvas = useCanvas(watch, painter.paint, PAINT_MS);
  const pendingCanvas = useCanvas(watch, pendingPainter, PAINT_MS);
  const pen = useState(() => new Pen())[0];
  const [keyPen, setKeyPen] = useState<{ readonly at: Point; readonly isDown: boolean } | null>(null);
  const { lines, pending, digest } = useStore(board.facts);

  const pointOf = (event: { readonly clientX: number; readonly clientY: number }, element: Element): Point => {
    const { left, top, width, height } = element.getBoundingClientRect();
    return clamp(((event.clientX - left) / width) * BOARD_WIDTH, ((event.clientY - top) / height) * BOARD_HEIGHT);
  };
  const goTo = (at: Point): void => {
    live.point(at);
    drawing.draw(pen.move(at));
  };
  const onPointerMove = (event: PointerEvent): void => {
    const element = event.currentTarget;
    const moves = event.nativeEvent.getCoalescedEvents?.() ?? [];
    for (const move of moves.length > 0 ? moves : [event.nativeEvent]) goTo(pointOf(move, element));
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const at = keyPen?.at ?? ([BOARD_WIDTH / 2, BOARD_HEIGHT / 2] as const);
    const move = MOVES[event.key];
    if (move !== undefined) {
      const step = event.shiftKey ? 4 * KEY_STEP : KEY_STEP;
      const to = clamp(at[0] + move[0] * step, at[1] + move[1] * step);
      goTo(to);
      setKeyPen({ at: to, isDown: pen.isDown });
    } else if (event.key === ' ' || event.key === 'Enter') {
      if (pen.isDown) pen.up();
      else pen.down(at);
      setKeyPen({ at, isDown: pen.isDown });
    } else return;
    event.preventDefault();
  };

  return (
    <div
      className="board"
      role="application"
      tabIndex={0}
      aria-roledescription="drawing board"
      aria-label="Shared board"
      aria-describedby="board-help board-state"
      data-testid="board"
      data-lines={lines}
      data-pending={pending}
      data-digest={digest}
      onPointerDown={(event) => {
        if (event.button !== 0) return;
        event.currentTarget.setPointerCapture(event.pointerId);
        setKeyPen(null);
        pen.down(pointOf(event, event.currentTarget));
      }}
      onPointerMove={onPointerMove}
      onPointerUp={() => pen.up()}
      onPointerCancel={() => pen.up()}
      onKeyDown={onKeyDown}
      onBlur={() => {
        pen.up();
        setKeyPen(null);
      }}
    >
      <canvas ref={canvas} aria-hidden="true" />
      <canvas ref={pendingCanvas} aria-hidden="true" />
      <Cursors live={live} />
      {keyPen !== null && (
        <span
          className={`key-pen ${keyPen.isDown ? 'is-down' : ''}`}
          style={{ left: `${(keyPen.at[0] / BOARD_WIDTH) * 100}%`, top: `${(keyPen.at[1] / BOARD_HEIGHT) * 100}%` }}
          aria-hidden="true"
        />
      )}
      <p className={`board-hint ${lines + pending === 0 ? '' : 'is-over'}`} aria-hidden="true">
        <b>Draw here.</b> Or press “Draw for me”.
      </p>
      <p className="only-heard" id="board-help">
        Arrow keys move the pen, with Shift further. Space puts it down and lifts it.
      </p>
      <p className="only-heard" id="board-state">
        {formatCount(lines)} lines on the board, {formatCount(pending)} of this page on their way.
      </p>
      <p className="only-heard" aria-live="polite">
        {keyPen === null ? '' : keyPen.isDown ? 'Pen down' : 'Pen up'}
      </p>
    </div>
  );
}
