import { type KeyboardEvent, type PointerEvent, type ReactElement, useCallback, useRef, useState } from 'react';
import { formatCount } from '../lib/format.ts';
import { useStore } from '../lib/use-store.ts';
import { BOARD_HEIGHT, BOARD_WIDTH } from '../messages.ts';
import type { BoardState } from './board-state.ts';
import { Cursors } from './cursors.tsx';
import type { Drawing } from './drawing.ts';
import type { LiveRoom } from './live.ts';
import { fit, isOddStrand, paint, type Stroke, wipe } from './paint.ts';
import { clamp, Pen, type Point } from './pen.ts';
import { useCanvas } from './use-canvas.ts';

interface BoardViewProps {
  readonly board: BoardState;
  readonly drawing: Drawing;
  readonly live: LiveRoom;
}

const PAINT_MS = 33;
const WIDTH = 11;
/** The oldest lines fade in so many steps. */
const FADES = 6;
const KEY_STEP = 25;
const MOVES: { readonly [key: string]: Point } = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

export function BoardView({ board, drawing, live }: BoardViewProps): ReactElement {
  const watch = useCallback((changed: () => void) => board.watch(changed), [board]);
  const paintBoard = useCallback((canvas: HTMLCanvasElement) => paintLines(canvas, board), [board]);
  const canvas = useCanvas(watch, paintBoard, PAINT_MS);
  const pen = useRef(new Pen()).current;
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

function paintLines(canvas: HTMLCanvasElement, { lines, pending }: BoardState): void {
  fit(canvas);
  const context = canvas.getContext('2d');
  if (context === null) return;
  wipe(context);
  // The newest 60 in 100 are as bright as can be; before them it fades.
  const bright = Math.max(0, lines.length - 2_400);
  for (let fade = 0; fade < FADES && bright > 0; fade += 1) {
    const from = Math.floor((bright * fade) / FADES);
    const to = Math.floor((bright * (fade + 1)) / FADES);
    paint(context, strokes(lines, from, to), { width: WIDTH, alpha: 0.12 + (0.7 * fade) / FADES });
  }
  paint(context, strokes(lines, bright, lines.length), { width: WIDTH, alpha: 1 });
  const kept = pending.slice(-2_000).map(({ line, hue, number }) => ({ line, hue, isOdd: isOddStrand(number) }));
  paint(context, kept, { width: WIDTH / 2, alpha: 0.55 });
}

function* strokes(lines: BoardState['lines'], from: number, to: number): Iterable<Stroke> {
  for (let index = from; index < to; index += 1) {
    const line = lines[index];
    if (line === undefined) return;
    yield { line: [line[1], line[2], line[3], line[4]], hue: line[5], isOdd: isOddStrand(line[7]) };
  }
}
