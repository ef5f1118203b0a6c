import { BOARD_HEIGHT, BOARD_WIDTH, type Line } from '../messages.ts';

export type Point = readonly [x: number, y: number];

/** A shorter move is no line of its own. */
const LEAST = 6;
/** A longer one is several: a message is a small piece of a stroke. */
const MOST = 40;

/** Makes lines of where a pen goes. */
export class Pen {
  #at: Point | null = null;

  get isDown(): boolean {
    return this.#at !== null;
  }

  down(at: Point): void {
    this.#at = at;
  }

  up(): void {
    this.#at = null;
  }

  /** The lines to here; none while the pen is up, or has hardly moved. */
  move(to: Point): readonly Line[] {
    if (this.#at === null) return [];
    const [x0, y0] = this.#at;
    const length = Math.hypot(to[0] - x0, to[1] - y0);
    if (length < LEAST) return [];
    const pieces = Math.ceil(length / MOST);
    const at = (piece: number): Point => [
      Math.round(x0 + ((to[0] - x0) * piece) / pieces),
      Math.round(y0 + ((to[1] - y0) * piece) / pieces),
    ];
    this.#at = to;
    return Array.from({ length: pieces }, (_, index) => [...at(index), ...at(index + 1)] as const);
  }
}

/** The nearest point on the board. */
export const clamp = (x: number, y: number): Point => [
  Math.round(Math.min(BOARD_WIDTH, Math.max(0, x))),
  Math.round(Math.min(BOARD_HEIGHT, Math.max(0, y))),
];
