/** What the page and the handler tell each other, as the payload of messages. */

/** The ways by which the page sends each numbered message once. */
export const LANES = ['holdfast', 'reconnecting', 'plain'] as const;
export type LaneName = (typeof LANES)[number];
export const LANE_TITLES: { readonly [lane in LaneName]: string } = {
  holdfast: 'Holdfast',
  reconnecting: 'reconnecting-websocket',
  plain: 'Plain WebSocket',
};

/** Units of the board: every coordinate is a whole number within them. */
export const BOARD_WIDTH = 1_600;
export const BOARD_HEIGHT = 1_000;
/** The board keeps the newest lines. */
export const BOARD_LINES = 4_000;

/** One piece of a stroke, from one point to the next. */
export type Line = readonly [x0: number, y0: number, x1: number, y1: number];

/** Page to handler: one message of a run. */
export interface NumberedMessage {
  /** One page's own series of numbers; it goes on after a reload. */
  readonly run: string;
  /** Counted by the page from 1, so that the handler can judge without asking the protocol. */
  readonly number: number;
  /** Typed by a person, and answered with an echo. */
  readonly text?: string;
  /** A piece of a stroke for the board, in this hue. */
  readonly line?: Line;
  readonly hue?: number;
  /** Wipes the board. */
  readonly clear?: true;
  /** Milliseconds since the epoch. */
  readonly sentAt: number;
}

/** Page to handler, first on every connection: which run it wants to hear of. */
export interface WatchMessage {
  readonly watch: string;
}

export const MAX_TEXT_LENGTH = 2_000;
export const MAX_NUMBER = 1_000_000_000;
export const RUN_PATTERN: RegExp = /^[a-z0-9-]{1,64}$/;

/** What the server has counted of one run, judged by the numbers inside the messages alone. */
export interface Tally {
  /** Messages that arrived, each time counted. */
  readonly received: number;
  /** Numbers below the highest that never came. */
  readonly missing: number;
  /** Messages whose number had come before. */
  readonly doubled: number;
  /** Messages that came after one with a higher number. */
  readonly outOfOrder: number;
  /** The highest number so far. */
  readonly highest: number;
}

/** So many of the newest ranges are told to a page. */
export const RECENT_RANGES = 40;

export type Range = readonly [from: number, to: number];

/** The count of one lane, with the newest of the numbers that came as ranges, rising. */
export interface LaneRecord extends Tally {
  readonly recent: readonly Range[];
}

export type LaneRecords = { readonly [lane in LaneName]: LaneRecord };

/** Handler to page. */
export type ServerMessage = RecordMessage | EchoMessage | BoardMessage | LinesMessage | ClearedMessage;

/** What every lane has brought of a run. */
export interface RecordMessage {
  readonly kind: 'record';
  readonly run: string;
  readonly lanes: LaneRecords;
}

export interface EchoMessage {
  readonly kind: 'echo';
  readonly number: number;
  readonly text: string;
  /** When the page sent it, by the page's clock. */
  readonly sentAt: number;
}

/** A line with its place on the board, which is the same for everybody, and whose it is. */
export type BoardLine = readonly [
  seq: number,
  x0: number,
  y0: number,
  x1: number,
  y1: number,
  hue: number,
  author: string,
  number: number,
];

/** The board as it is, in parts: for a session that is new. */
export interface BoardMessage {
  readonly kind: 'board';
  readonly isFirst: boolean;
  readonly lines: readonly BoardLine[];
}

/** What was drawn since. */
export interface LinesMessage {
  readonly kind: 'lines';
  readonly lines: readonly BoardLine[];
}

/** Everything up to this place is wiped. */
export interface ClearedMessage {
  readonly kind: 'cleared';
  readonly through: number;
}

/** How a line names its author: the beginning of a run is enough to know one's own. */
export const authorOf = (run: string): string => run.slice(0, 8);
