/** What the page and the handler tell each other, as the payload of messages. */

/** Page to handler: one message of a run. */
export interface NumberedMessage {
  /** One page's own series of numbers; it goes on after a reload. */
  readonly run: string;
  /** Counted by the page from 1, so that the handler can judge without asking the protocol. */
  readonly number: number;
  /** Typed by a person, and answered with an echo. */
  readonly text?: string;
  /** Milliseconds since the epoch. */
  readonly sentAt: number;
}

export const MAX_TEXT_LENGTH = 2_000;
export const MAX_NUMBER = 1_000_000_000;
export const RUN_PATTERN: RegExp = /^[a-z0-9-]{1,64}$/;

/** What the handler has counted of one run, judged by the numbers inside the messages alone. */
export interface Tally {
  /** Messages that reached the handler, each time counted. */
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

/** Handler to page. */
export type ServerMessage = TallyMessage | EchoMessage;

export interface TallyMessage extends Tally {
  readonly kind: 'tally';
  readonly run: string;
}

export interface EchoMessage {
  readonly kind: 'echo';
  readonly number: number;
  readonly text: string;
  /** When the page sent it, by the page's clock. */
  readonly sentAt: number;
}
