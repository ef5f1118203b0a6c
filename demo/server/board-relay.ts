import type { BoardLine, ServerMessage } from '../src/messages.ts';
import type { Board } from './board.ts';

/** The part of a session that is used here. */
export interface Listener {
  readonly id: string;
  send(message: ServerMessage): unknown;
}

const EVERY_MS = 40;
const LINES_A_MESSAGE = 1_000;

/** Tells all pages what is drawn: new lines in one message every 40 ms. */
export class BoardRelay {
  readonly #board: Board;
  readonly #listeners: () => Iterable<Listener>;
  #fresh: BoardLine[] = [];

  constructor(board: Board, listeners: () => Iterable<Listener>) {
    this.#board = board;
    this.#listeners = listeners;
  }

  /** Shows a new page what there is. Lines that are due come again with the next message; their places tell. */
  show(listener: Listener): void {
    const { lines } = this.#board;
    let at = 0;
    do {
      listener.send({ kind: 'board', isFirst: at === 0, lines: lines.slice(at, at + LINES_A_MESSAGE) });
      at += LINES_A_MESSAGE;
    } while (at < lines.length);
  }

  drawn(line: BoardLine): void {
    this.#board.add(line);
    if (this.#fresh.push(line) === 1) setTimeout(() => this.#flush(), EVERY_MS);
  }

  cleared(through: number): void {
    this.#flush();
    this.#board.forget(through);
    this.#tell({ kind: 'cleared', through });
  }

  #flush(): void {
    if (this.#fresh.length === 0) return;
    const lines = this.#fresh.sort(([left], [right]) => left - right);
    this.#fresh = [];
    this.#tell({ kind: 'lines', lines });
  }

  #tell(message: ServerMessage): void {
    for (const listener of this.#listeners()) listener.send(message);
  }
}
