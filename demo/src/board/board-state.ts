import type { ConversationSocket } from '../conversation/sent-messages.ts';
import { createFrameStore, type FrameStore } from '../lib/frame-store.ts';
import { authorOf, BOARD_LINES, type BoardLine, type Line, type ServerMessage } from '../messages.ts';
import { countThrough } from './order.ts';

/** A line of this page that the server has not shown to all yet. */
export interface PendingLine {
  readonly number: number;
  readonly line: Line;
  readonly hue: number;
}

export interface BoardFacts {
  readonly lines: number;
  readonly pending: number;
  /** The same on every page whose board is the same. */
  readonly digest: string;
}

/** The board as the server has it, in the server's order, and what this page has drawn since. */
export class BoardState {
  readonly facts: FrameStore<BoardFacts>;
  lines: BoardLine[] = [];
  /** In the order of their numbers; the outbox bounds them. */
  pending: PendingLine[] = [];
  readonly #watchers = new Set<() => void>();
  readonly #author: string;
  /** Everything up to this place was wiped, or is too old to be kept. */
  #wipedThrough = 0;

  constructor(socket: ConversationSocket, run: string) {
    this.#author = authorOf(run);
    this.facts = createFrameStore(
      () => ({
        lines: this.lines.length,
        pending: this.pending.length,
        digest: digest(this.lines),
      }),
      250,
    );
    socket.on('message', (message) => this.#take(message));
  }

  /** Calls `changed` with every change. Returns the function that stops it. */
  watch(changed: () => void): () => void {
    this.#watchers.add(changed);
    return () => void this.#watchers.delete(changed);
  }

  draw(pending: readonly PendingLine[]): void {
    this.pending.push(...pending);
    this.#changed();
  }

  #take(message: ServerMessage): void {
    switch (message.kind) {
      case 'board':
        if (message.isFirst) this.lines = [];
        this.#add(message.lines);
        break;
      case 'lines':
        this.#add(message.lines);
        break;
      case 'cleared':
        this.#wipedThrough = Math.max(this.#wipedThrough, message.through);
        this.lines.splice(0, countThrough(this.lines, this.#wipedThrough));
        break;
      default:
        return;
    }
    this.#changed();
  }

  #add(lines: readonly BoardLine[]): void {
    let own = 0;
    for (const line of lines) {
      const [seq, , , , , , author, number] = line;
      if (author === this.#author) own = Math.max(own, number);
      const place = countThrough(this.lines, seq);
      const isKnown = this.lines[place - 1]?.[0] === seq;
      if (!isKnown && seq > this.#wipedThrough) this.lines.splice(place, 0, line);
    }
    if (this.lines.length > BOARD_LINES) this.lines.splice(0, this.lines.length - BOARD_LINES);
    // They come in order: what is below the newest of one's own has come, or was wiped.
    const first = this.pending.findIndex(({ number }) => number > own);
    if (own > 0) this.pending.splice(0, first === -1 ? this.pending.length : first);
  }

  #changed(): void {
    for (const changed of this.#watchers) changed();
    this.facts.invalidate();
  }
}

/** FNV-1a over whose lines are where. */
function digest(lines: readonly BoardLine[]): string {
  let hash = 0x811c9dc5;
  for (const line of lines) {
    for (const part of [line[0], line[1], line[2], line[3], line[4], line[7]]) {
      hash = Math.imul(hash ^ part, 0x01000193) >>> 0;
    }
  }
  return hash.toString(16);
}
