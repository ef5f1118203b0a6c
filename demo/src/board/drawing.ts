import type { Outgoing } from '../conversation/sent-messages.ts';
import { createFrameStore, type FrameStore } from '../lib/frame-store.ts';
import type { Line } from '../messages.ts';
import type { BoardState } from './board-state.ts';
import { Pilot } from './pilot.ts';

export interface PilotView {
  readonly isOn: boolean;
  readonly perSecond: number;
}

export const RATES = [2, 5, 10, 20, 40, 60, 100, 200, 350, 500, 750, 1_000] as const;
/** None near the red of what is lost. */
const HUES = [168, 42, 205, 300, 262, 186, 95, 56] as const;
const HUE_KEY = 'holdfast-demo.hue';

/** Draws for this page: every line is a message, sent by all lanes, and pending until the server has shown it to all. */
export class Drawing {
  readonly hue: number;
  readonly pilot: FrameStore<PilotView>;
  readonly #outgoing: Outgoing;
  readonly #board: BoardState;
  readonly #pilot: Pilot;
  #view: PilotView = { isOn: false, perSecond: 60 };

  constructor(outgoing: Outgoing, board: BoardState, hue: number) {
    this.#outgoing = outgoing;
    this.#board = board;
    this.hue = hue;
    this.pilot = createFrameStore(() => this.#view, 0);
    this.#pilot = new Pilot({ room: () => outgoing.room, draw: (lines) => this.draw(lines) });
  }

  /** Lines for which the outbox has no room are not drawn: nothing is numbered that can't be sent. */
  draw(lines: readonly Line[]): void {
    const fitting = lines.slice(0, this.#outgoing.room);
    if (fitting.length === 0) return;
    const first = this.#outgoing.sendLines(fitting, this.hue);
    this.#board.draw(fitting.map((line, index) => ({ number: first + index, line, hue: this.hue })));
  }

  clear(): void {
    if (this.#outgoing.room > 0) this.#outgoing.clearBoard();
  }

  setPilot(change: Partial<PilotView>): void {
    this.#view = { ...this.#view, ...change };
    this.#pilot.draw(this.#view.isOn ? this.#view.perSecond : 0);
    this.pilot.invalidate();
  }
}

/** A hue of its own for every tab, the same after a reload. */
export function openHue(storage: Storage): number {
  const known = Number(storage.getItem(HUE_KEY));
  if (HUES.some((hue) => hue === known)) return known;
  const hue = HUES[Math.floor(Math.random() * HUES.length)] ?? HUES[0];
  storage.setItem(HUE_KEY, String(hue));
  return hue;
}
