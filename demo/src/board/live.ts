import { createSocket, memory, plain, type Socket, type SocketOptions } from '@holdfast/core';
import type { Inspector } from '@holdfast/inspector/tap';
import { createFrameStore, type FrameStore } from '../lib/frame-store.ts';
import { type Cursor, LIVE_PING, LIVE_PONG, type LiveDown, type LiveUp } from '../live-messages.ts';
import type { Point } from './pen.ts';

const EVERY_MS = 50;
/** A cursor that waited for longer is no news. */
const STALE_MS = 500;

export interface LiveView {
  /** Pages that are there, this one among them; null while nobody knows. */
  readonly present: number | null;
  readonly cursors: readonly Cursor[];
}

/**
 * Cursors and presence, on a socket of their own. They are volatile: the outbox holds one message, a newer cursor takes
 * the place of an older one, and what is late is dropped.
 */
export class LiveRoom {
  readonly store: FrameStore<LiveView>;
  readonly #socket: Socket<LiveDown, LiveUp>;
  readonly #cursors = new Map<number, Cursor>();
  #present: number | null = null;
  #next: Point | null = null;
  #isResting = false;
  readonly #hue: number;

  constructor(url: URL, hue: number, inspector: Inspector) {
    this.#hue = hue;
    const options: SocketOptions<LiveUp> = {
      url,
      protocol: plain({ ping: { data: () => LIVE_PING, isPong: (data) => data === LIVE_PONG } }),
      outbox: memory({ maxMessages: 1, overflow: 'drop-oldest' }),
      heartbeat: { intervalMs: 2_000, timeoutMs: 2_000 },
    };
    this.#socket = createSocket<LiveDown, LiveUp>(inspector.tap(options));
    inspector.attach(this.#socket);
    this.store = createFrameStore(() => ({ present: this.#present, cursors: [...this.#cursors.values()] }), 40);
    this.#socket.on('message', ({ present, cursors, gone }) => {
      this.#present = present;
      for (const cursor of cursors) this.#cursors.set(cursor.id, cursor);
      for (const id of gone) this.#cursors.delete(id);
      this.store.invalidate();
    });
    this.#socket.on('state', ({ phase }) => {
      if (phase === 'open') return;
      this.#present = null;
      this.#cursors.clear();
      this.store.invalidate();
    });
  }

  /** Shows the others where this page's pen is. */
  point(at: Point): void {
    this.#next = at;
    if (this.#isResting) return;
    this.#send();
    this.#isResting = true;
    const timer = setInterval(() => {
      if (this.#next !== null) return this.#send();
      clearInterval(timer);
      this.#isResting = false;
    }, EVERY_MS);
  }

  #send(): void {
    const at = this.#next;
    this.#next = null;
    if (at === null || this.#socket.getState().phase !== 'open') return;
    this.#socket.send({ kind: 'cursor', x: at[0], y: at[1], hue: this.#hue }, { ttlMs: STALE_MS });
  }
}
