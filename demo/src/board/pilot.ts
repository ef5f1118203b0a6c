import { BOARD_HEIGHT, BOARD_WIDTH, type Line } from '../messages.ts';

/** How long a line of the pilot is, in units of the board. */
const STEP = 17;
const TICK_MS = 33;
/** After a pause of the page no more than this is made up for. */
const MAX_CATCH_UP_MS = 250;

export interface PilotOptions {
  /** How many lines may be drawn now. */
  readonly room: () => number;
  readonly draw: (lines: readonly Line[]) => void;
}

/** Draws a knot that turns slowly, at any rate. */
export class Pilot {
  readonly #options: PilotOptions;
  readonly #curve = new Knot();
  #perSecond = 0;
  #timer: ReturnType<typeof setInterval> | null = null;
  #lastAt = 0;
  #due = 0;

  constructor(options: PilotOptions) {
    this.#options = options;
  }

  /** 0 stops it. */
  draw(perSecond: number): void {
    this.#perSecond = perSecond;
    if (perSecond === 0) {
      if (this.#timer !== null) clearInterval(this.#timer);
      this.#timer = null;
    } else if (this.#timer === null) {
      this.#lastAt = performance.now();
      this.#due = 0;
      this.#timer = setInterval(() => this.#tick(), TICK_MS);
    }
  }

  #tick(): void {
    const now = performance.now();
    this.#due += (Math.min(now - this.#lastAt, MAX_CATCH_UP_MS) * this.#perSecond) / 1_000;
    this.#lastAt = now;
    const amount = Math.min(Math.floor(this.#due), this.#options.room());
    // Where the outbox is full the rest is not made up for.
    this.#due -= Math.floor(this.#due);
    if (amount > 0) this.#options.draw(Array.from({ length: amount }, () => this.#curve.next()));
  }
}

/** A torus knot seen from above, its pen at any time. */
class Knot {
  #angle = 0;
  #turn = Math.random() * Math.PI;
  #pen: readonly [number, number] | null = null;

  next(): Line {
    const from = this.#pen ?? this.#at();
    // The pen moves the more slowly along the angle the further out it is: steps of about the same length.
    const ahead = 0.001;
    const [x0, y0] = this.#at();
    const [x1, y1] = this.#at(ahead);
    const speed = Math.max(200, Math.hypot(x1 - x0, y1 - y0) / ahead);
    this.#angle += STEP / speed;
    this.#turn += 0.0006;
    this.#pen = this.#at();
    return [from[0], from[1], this.#pen[0], this.#pen[1]];
  }

  #at(ahead = 0): readonly [x: number, y: number] {
    const angle = this.#angle + ahead;
    const radius = 0.62 + 0.34 * Math.cos((7 / 3) * angle);
    const x = radius * Math.cos(angle + this.#turn);
    const y = radius * Math.sin(angle + this.#turn);
    const put = (part: number, size: number): number => Math.round(size / 2 + part * size * 0.47);
    return [put(x, BOARD_WIDTH), put(y, BOARD_HEIGHT)];
  }
}
