import { bytesIn } from '../lib/bytes.ts';
import { describe } from '../lib/describe.ts';
import { splitBinary } from './binary.ts';
import { LOST_REASONS, MOST_DRAIN_MS, MOST_REFUSALS, type ServerFrame } from './frames.ts';

// Decoding by tables: a frame is a kind and its fields in order, a field is a check. A check gives what it was given, or
// throws a fault that names the field and its shape, and never quotes the value. What a client sends stands in
// `decode-client.ts`, which no client needs.

/** Limits that no lawful frame of either end passes: identifiers and texts of errors. */
const ID_LENGTH = 64;
const TEXT_LENGTH = 1_024;

/** All frames of one WebSocket message, or the first fault in it: then none of them counts. */
export type Decoded<Frame> =
  | { readonly ok: true; readonly frames: readonly Frame[] }
  | { readonly ok: false; readonly fault: DecodeFault };

/** What is wrong, for the `error` frame and the close code that answer it. */
export interface DecodeFault {
  /** 1002: breaks the protocol. 1003: neither text nor bytes. 1009: a payload above the limit. */
  readonly closeCode: 1002 | 1003 | 1009;
  readonly message: string;
}

export class Fault extends Error {
  readonly closeCode: DecodeFault['closeCode'];
  constructor(message: string, closeCode: DecodeFault['closeCode'] = 1002) {
    super(message);
    this.closeCode = closeCode;
  }
}

/** Gives the value in its checked form. `name` says in a fault which one it is. */
export type Check = (value: unknown, name: string) => unknown;

/** The fields of each kind of frame, in their order on the wire. */
export interface FrameFields {
  readonly [kind: string]: { readonly [field: string]: Check };
}

interface Field {
  readonly field: string;
  /** What a fault calls it: kind and place, and the field where that is another word. */
  readonly name: string;
  readonly check: Check;
}

export type FrameTable = ReadonlyMap<unknown, readonly Field[]>;

export function frameTable(kinds: FrameFields): FrameTable {
  return new Map(
    Object.entries(kinds).map(([kind, fields]) => [
      kind,
      Object.entries(fields).map(([field, check], index) => {
        const place = `${kind}[${index + 1}]`;
        return { field, check, name: field === kind ? place : `${place} (${field})` };
      }),
    ]),
  );
}

/** Decodes a WebSocket message. `table` and `Frame` say the same, and `read` may look at a line of text again. */
export function decodeMessage<Frame>(
  data: unknown,
  table: FrameTable,
  read: (frame: Frame, line: string) => Frame = (frame) => frame,
): Decoded<Frame> {
  try {
    const lines = typeof data === 'string' ? data.split('\n') : split(data, table);
    const frames = lines.map((line, index) => {
      const isText = typeof line === 'string';
      const frame = decodeFrame(isText ? parse(line, index) : line, table, index) as Frame;
      return read(frame, isText ? line : '');
    });
    return { ok: true, frames };
  } catch (fault) {
    if (!(fault instanceof Fault)) throw fault;
    return { ok: false, fault: { closeCode: fault.closeCode, message: fault.message } };
  }
}

function split(data: unknown, table: FrameTable): readonly unknown[][] {
  const bytes = bytesIn(data);
  if (bytes === null) throw new Fault(`a message must be text or bytes, not ${describe(data)}`, 1003);
  // A message's last field is the payload, all others are numbers.
  return splitBinary(bytes, (table.get('m') ?? []).length - 1, (message) => {
    throw new Fault(message);
  });
}

function parse(line: string, index: number): unknown {
  try {
    return JSON.parse(line);
  } catch {
    // The parser's own message quotes the input, which may be secret.
    throw new Fault(`frame ${index} is not JSON (${line.length} characters)`);
  }
}

/** Every message goes through here: nothing is made on the way but the frame. */
function decodeFrame(value: unknown, table: FrameTable, index: number): unknown {
  if (!Array.isArray(value)) list(value, `frame ${index}`);
  const elements = value as readonly unknown[];
  const kind = elements[0];
  const fields = table.get(kind);
  if (fields === undefined) throw new Fault(`a frame can't start with ${describe(kind)}`);
  if (elements.length !== fields.length + 1)
    throw new Fault(`a frame ${String(kind)} has ${fields.length + 1} elements, not ${elements.length}`);
  const frame: { [field: string]: unknown } = { kind };
  let place = 0;
  for (const { field, name, check } of fields) frame[field] = check(elements[(place += 1)], name);
  return frame;
}

// Checks.

function must(isSo: boolean, name: string, shape: string, value: unknown): void {
  if (!isSo) throw new Fault(`${name} must be ${shape}, not ${describe(value)}`);
}

export const anything: Check = (value) => value;

export const integer: Check = (value, name) => {
  must(Number.isSafeInteger(value) && (value as number) >= 0, name, 'a whole number from 0', value);
  return value;
};

export const positive: Check = (value, name) => {
  must(integer(value, name) !== 0, name, 'at least 1', value);
  return value;
};

const boolean: Check = (value, name) => {
  must(typeof value === 'boolean', name, 'true or false', value);
  return value;
};

export function text(value: unknown, name: string, most: number = TEXT_LENGTH): string {
  must(typeof value === 'string' && value.length <= most, name, `a string of at most ${most}`, value);
  return value as string;
}

export const identifier: Check = (value, name) => {
  must(text(value, name, ID_LENGTH) !== '', name, 'more than nothing', value);
  return value;
};

export function list(value: unknown, name: string, most: number = Number.MAX_SAFE_INTEGER): readonly unknown[] {
  must(Array.isArray(value), name, 'an array', value);
  must((value as unknown[]).length <= most, name, `of at most ${most}`, value);
  return value as readonly unknown[];
}

type Record = { readonly [key: string]: unknown };

function record(value: unknown, name: string): Record {
  must(typeof value === 'object' && value !== null && !Array.isArray(value), name, 'an object', value);
  return value as Record;
}

/** An object with these fields, and some of those; others are left out. Nothing is taken from a prototype. */
export function object(required: { readonly [key: string]: Check }, optional: typeof required = {}): Check {
  return (value, name) => {
    const given = record(value, name);
    const checked: { [key: string]: unknown } = {};
    for (const [key, check] of Object.entries({ ...required, ...optional })) {
      const field = Object.hasOwn(given, key) ? given[key] : undefined;
      if (field !== undefined || Object.hasOwn(required, key)) checked[key] = check(field, `${name}.${key}`);
    }
    return checked;
  };
}

// What a server sends.

const wireError = object(
  { code: (value, name) => text(value, name, ID_LENGTH), message: (value, name) => text(value, name) },
  { retryAfterMs: integer, details: record },
);

const lost = object({
  reason: (value, name) => {
    must((LOST_REASONS as readonly unknown[]).includes(value), name, 'a known reason', value);
    return value;
  },
  from: positive,
  to: (value, name) => (value === null ? null : positive(value, name)),
});

const takens: Check = (value, name) =>
  list(value, name).map((item, index) => {
    if (item === null) return null;
    const place = `${name}[${index}]`;
    const [seq, refused, ...doubt] = list(item, place, 3);
    return [
      integer(seq, `${place}[0] (seq)`),
      list(refused, `${place}[1]`, MOST_REFUSALS).map((pair) => {
        const [refusedSeq, error] = list(pair, `${place}[1]`, 2);
        return [positive(refusedSeq, 'refusal[0] (seq)'), wireError(error, 'refusal[1]')];
      }),
      ...doubt.map((upTo) => integer(upTo, `${place}[2] (doubtUpTo)`)),
    ];
  });

const welcome = object(
  {
    session: identifier,
    key: identifier,
    epoch: identifier,
    offset: integer,
    resumed: boolean,
    taken: takens,
    identity: identifier,
    heartbeat: object({ intervalMs: positive, timeoutMs: positive }),
    window: object({ messages: positive, bytes: positive }),
    limits: object({ messageBytes: positive, producers: positive, producerTtlMs: positive }),
    time: integer,
  },
  { lost },
);

function within(kind: string): Check {
  return (value) => {
    const ms = record(value, kind)['within'];
    must((integer(ms, `${kind}.within`) as number) <= MOST_DRAIN_MS, `${kind}.within`, `at most ${MOST_DRAIN_MS}`, ms);
    return ms;
  };
}

/** Frames that go both ways. */
export const COMMON: FrameFields = { p: { n: integer }, q: { n: integer }, error: { error: wireError } };

const SERVER = frameTable({
  ...COMMON,
  welcome: { welcome: (value) => welcome(value, 'welcome') },
  taken: { taken: takens },
  m: { offset: positive, payload: anything },
  a: { producer: integer, seq: positive },
  r: { producer: integer, seq: positive, error: wireError },
  drain: { withinMs: within('drain') },
  reauth: { withinMs: within('reauth') },
});

/** Decodes what a server sent. */
export function decodeServerMessage(data: unknown): Decoded<ServerFrame> {
  return decodeMessage(data, SERVER);
}
