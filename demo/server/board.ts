import type { LmdbDatabase, LmdbTable } from '@holdfast/server/lmdb';
import { countThrough } from '../src/board/order.ts';
import { BOARD_LINES, type BoardLine, type Line } from '../src/messages.ts';

/** The shared drawing: the newest lines, in the database that also keeps the positions. */
export class Board {
  readonly #table: LmdbTable<BoardLine, number>;
  readonly #lines: BoardLine[];
  #last: number;

  constructor(database: LmdbDatabase) {
    this.#table = database.openDB<BoardLine, number>({ name: 'demo-board' });
    this.#lines = [...this.#table.getRange()].map(({ value }) => value);
    this.#last = this.#lines.at(-1)?.[0] ?? 0;
  }

  get lines(): readonly BoardLine[] {
    return this.#lines;
  }

  /** Writes a line. Only inside a transaction; `add` shows it once that is committed. */
  write(line: Line, hue: number, author: string, number: number): BoardLine {
    this.#last += 1;
    const placed: BoardLine = [this.#last, ...line, hue, author, number];
    void this.#table.put(this.#last, placed);
    void this.#table.remove(this.#last - BOARD_LINES);
    return placed;
  }

  add(line: BoardLine): void {
    // Commits end in the order of their transactions, but nobody promises that it is told in this order.
    this.#lines.splice(countThrough(this.#lines, line[0]), 0, line);
    if (this.#lines.length > BOARD_LINES) this.#lines.shift();
  }

  /** Removes everything so far and gives its last place. Only inside a transaction; `forget` hides it afterwards. */
  wipe(): number {
    this.#last += 1;
    for (const { key } of this.#table.getRange()) void this.#table.remove(key);
    return this.#last;
  }

  forget(through: number): void {
    this.#lines.splice(0, countThrough(this.#lines, through));
  }
}
