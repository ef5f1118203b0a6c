import type { BoardLine } from '../messages.ts';
import type { BoardState } from './board-state.ts';
import { fit, isOddStrand, paint, type Stroke, wipe } from './paint.ts';

const WIDTH = 11;
/** So many of the newest lines are as bright as can be; before them it fades, in steps. */
const BRIGHT = 2_400;
const FADES = 6;
/** What is new is painted onto what is there; all of it anew only so often. */
const REPAINT_MS = 1_000;
const MOST_PENDING = 2_000;

/** Paints the board at a cost that follows what is new, not what is there. */
export class BoardPainter {
  readonly #board: BoardState;
  /** Place of the newest line that is painted. */
  #paintedThrough = 0;
  #oldest = 0;
  #wholeAt = -Infinity;

  constructor(board: BoardState) {
    this.#board = board;
  }

  readonly paint = (canvas: HTMLCanvasElement): void => {
    const isFresh = fit(canvas);
    const context = canvas.getContext('2d');
    if (context === null) return;
    const { lines } = this.#board;
    const oldest = lines[0]?.[0] ?? 0;
    const isWiped = lines.length === 0 || oldest < this.#oldest || this.#paintedThrough < oldest;
    const isFading = lines.length > BRIGHT && performance.now() - this.#wholeAt > REPAINT_MS;
    if (isFresh || isWiped || isFading) this.#paintAll(context, lines);
    else paint(context, strokes(lines, this.#firstNew(lines), lines.length), { width: WIDTH, alpha: 1 });
    this.#oldest = oldest;
    this.#paintedThrough = lines.at(-1)?.[0] ?? 0;
  };

  #firstNew(lines: readonly BoardLine[]): number {
    let first = lines.length;
    while (first > 0 && (lines[first - 1]?.[0] ?? 0) > this.#paintedThrough) first -= 1;
    return first;
  }

  #paintAll(context: CanvasRenderingContext2D, lines: readonly BoardLine[]): void {
    this.#wholeAt = performance.now();
    wipe(context);
    const bright = Math.max(0, lines.length - BRIGHT);
    for (let fade = 0; fade < FADES && bright > 0; fade += 1) {
      const from = Math.floor((bright * fade) / FADES);
      const to = Math.floor((bright * (fade + 1)) / FADES);
      paint(context, strokes(lines, from, to), { width: WIDTH, alpha: 0.12 + (0.7 * fade) / FADES });
    }
    paint(context, strokes(lines, bright, lines.length), { width: WIDTH, alpha: 1 });
  }
}

/** What is kept here: thin, until the server has shown it to all. */
export function paintPending(canvas: HTMLCanvasElement, { pending }: BoardState): void {
  fit(canvas);
  const context = canvas.getContext('2d');
  if (context === null) return;
  wipe(context);
  const kept = pending.slice(-MOST_PENDING).map(({ line, hue, number }) => ({ line, hue, isOdd: isOddStrand(number) }));
  paint(context, kept, { width: WIDTH / 2, alpha: 0.6 });
}

function* strokes(lines: readonly BoardLine[], from: number, to: number): Iterable<Stroke> {
  for (let index = from; index < to; index += 1) {
    const line = lines[index];
    if (line === undefined) return;
    yield { line: [line[1], line[2], line[3], line[4]], hue: line[5], isOdd: isOddStrand(line[7]) };
  }
}
