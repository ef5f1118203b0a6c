import { Refuse } from '@holdfast/server';
import {
  BOARD_HEIGHT,
  BOARD_WIDTH,
  type Line,
  MAX_NUMBER,
  MAX_TEXT_LENGTH,
  type NumberedMessage,
  RUN_PATTERN,
  type WatchMessage,
} from '../src/messages.ts';

type Fields = { readonly [name: string]: unknown };

/** @throws Refuse for what no page of ours sends */
export function check(data: unknown): NumberedMessage | WatchMessage {
  const fields = (data ?? {}) as Fields;
  const { watch, run, number, text, line, hue, clear, sentAt } = fields;
  if (watch !== undefined) return { watch: checkRun(watch, 'watch') };
  if (!isWithin(number, 1, MAX_NUMBER)) throw new Refuse(`number is no whole number from 1 to ${MAX_NUMBER}`);
  if (!isWithin(sentAt, 0, Number.MAX_SAFE_INTEGER)) throw new Refuse('sentAt is no time');
  if (clear !== undefined && clear !== true) throw new Refuse('clear is true or left out');
  return {
    run: checkRun(run, 'run'),
    number,
    sentAt,
    ...(text === undefined ? {} : { text: checkText(text) }),
    ...(line === undefined ? {} : { line: checkLine(line), hue: checkHue(hue) }),
    ...(clear === undefined ? {} : { clear }),
  };
}

function checkRun(value: unknown, field: string): string {
  if (typeof value !== 'string' || !RUN_PATTERN.test(value)) throw new Refuse(`${field} is no name of a run`);
  return value;
}

function checkText(value: unknown): string {
  if (typeof value !== 'string' || value.length > MAX_TEXT_LENGTH) throw new Refuse('text is no text, or too long');
  return value;
}

function checkLine(value: unknown): Line {
  if (!Array.isArray(value) || value.length !== 4) throw new Refuse('line is no four numbers');
  const [x0, y0, x1, y1] = value as unknown[];
  if (
    isWithin(x0, 0, BOARD_WIDTH) &&
    isWithin(y0, 0, BOARD_HEIGHT) &&
    isWithin(x1, 0, BOARD_WIDTH) &&
    isWithin(y1, 0, BOARD_HEIGHT)
  ) {
    return [x0, y0, x1, y1];
  }
  throw new Refuse(`line leaves the board of ${BOARD_WIDTH} by ${BOARD_HEIGHT}`);
}

function checkHue(value: unknown): number {
  if (!isWithin(value, 0, 359)) throw new Refuse('hue is no whole number from 0 to 359');
  return value;
}

export function isWithin(value: unknown, least: number, most: number): value is number {
  return Number.isSafeInteger(value) && (value as number) >= least && (value as number) <= most;
}
