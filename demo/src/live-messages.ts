/** What pages tell each other about the moment: cursors and who is there. Nobody misses what was lost of it. */

/** Page to server. */
export type LiveUp = { readonly kind: 'cursor'; readonly x: number; readonly y: number; readonly hue: number };

export interface Cursor {
  readonly id: number;
  readonly x: number;
  readonly y: number;
  readonly hue: number;
}

/** Server to page. */
export interface LiveDown {
  readonly kind: 'live';
  /** Pages that are connected now, this one among them. */
  readonly present: number;
  /** Cursors of the others that moved. */
  readonly cursors: readonly Cursor[];
  /** Cursors that are there no more. */
  readonly gone: readonly number[];
}

export const LIVE_PING = '{"kind":"ping"}';
export const LIVE_PONG = '{"kind":"pong"}';
