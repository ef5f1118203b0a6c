import { BOARD_HEIGHT, BOARD_WIDTH, type Line } from '../messages.ts';

/** A line ready to be painted. */
export interface Stroke {
  readonly line: Line;
  readonly hue: number;
  /** Two shades take turns, as the strands of a rope do. */
  readonly isOdd: boolean;
}

export interface Brush {
  readonly width: number;
  /** From 0 to 1. */
  readonly alpha: number;
}

const STRAND = 3;

export const isOddStrand = (number: number): boolean => Math.floor(number / STRAND) % 2 === 1;

const MAX_PIXEL_RATIO = 2;

/** Makes the canvas as sharp as the screen, and its coordinates those of the board. Gives whether its size changed. */
export function fit(canvas: HTMLCanvasElement): boolean {
  const ratio = Math.min(devicePixelRatio, MAX_PIXEL_RATIO);
  const width = Math.max(1, Math.round(canvas.clientWidth * ratio));
  const height = Math.max(1, Math.round(canvas.clientHeight * ratio));
  if (canvas.width === width && canvas.height === height) return false;
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext('2d');
  context?.setTransform(width / BOARD_WIDTH, 0, 0, height / BOARD_HEIGHT, 0, 0);
  if (context !== null) {
    context.lineCap = 'round';
    context.lineJoin = 'round';
  }
  return true;
}

export function wipe(context: CanvasRenderingContext2D): void {
  context.clearRect(0, 0, BOARD_WIDTH, BOARD_HEIGHT);
}

export const colorOf = (hue: number, isOdd: boolean): string => `hsl(${hue} 88% ${isOdd ? 72 : 58}%)`;

/** Paints strokes of one brush. As few paths as there are colours: a path a line would be too slow for thousands. */
export function paint(context: CanvasRenderingContext2D, strokes: Iterable<Stroke>, { width, alpha }: Brush): void {
  const paths = new Map<string, Path2D>();
  for (const { line, hue, isOdd } of strokes) {
    const color = colorOf(hue, isOdd);
    let path = paths.get(color);
    if (path === undefined) {
      path = new Path2D();
      paths.set(color, path);
    }
    path.moveTo(line[0], line[1]);
    path.lineTo(line[2], line[3]);
  }
  context.globalAlpha = alpha;
  context.lineWidth = width;
  for (const [color, path] of paths) {
    context.strokeStyle = color;
    context.stroke(path);
  }
  context.globalAlpha = 1;
}
