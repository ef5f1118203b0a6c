import {
  bytesIn,
  decodeClientMessage,
  decodeServerMessage,
  type ClientFrame,
  type ServerFrame,
  type WireError,
} from '@holdfast/core/protocol';
import type { DescribedFrame, Direction } from './records.ts';

/** What is shown of a payload: what the app makes of it, or nothing. */
export type ShowPayload = ((payload: unknown, direction: Direction) => unknown) | null;

/** A payload that is longer is cut off. */
const LONGEST = 4_000;

/** The panel judges nobody: what is too large for the server is shown, too. */
const NO_LIMITS = { messageBytes: Number.POSITIVE_INFINITY, producers: Number.POSITIVE_INFINITY };

const encoder = new TextEncoder();

/** A frame in words, and as it was decoded; null: not of `holdfast.v1`. */
export type SeenFrame = readonly [description: DescribedFrame, frame: ClientFrame | ServerFrame | null];

/** Bytes of a WebSocket message, text in UTF-8. */
export function sizeOf(data: unknown): number {
  if (typeof data === 'string') return encoder.encode(data).length;
  if (data instanceof Blob) return data.size;
  return bytesIn(data)?.length ?? 0;
}

/** The frames of one WebSocket message of `holdfast.v1`. Tokens, keys and what the app sends are not in them. */
export function describeFrames(data: unknown, direction: Direction, show: ShowPayload): SeenFrame[] {
  const parts = typeof data === 'string' ? data.split('\n') : [data];
  return parts.flatMap((part) => {
    const decoded = direction === 'up' ? decodeClientMessage(part, NO_LIMITS) : decodeServerMessage(part);
    if (!decoded.ok) {
      return [[{ kind: 'invalid', text: decoded.fault.message, bytes: sizeOf(part), payload: null }, null]];
    }
    return decoded.frames.map((frame): SeenFrame => {
      const bytes = frame.kind === 'm' && frame.payload instanceof Uint8Array ? frame.payload.length : sizeOf(part);
      return [{ ...inWords(frame, direction, show), bytes }, frame];
    });
  });
}

/** A WebSocket message of any other protocol. */
export function describePlain(data: unknown, direction: Direction, show: ShowPayload): DescribedFrame {
  const kind = typeof data === 'string' ? 'text' : 'binary';
  return { kind, text: '', bytes: sizeOf(data), payload: shown(data, direction, show) };
}

function inWords(
  frame: ClientFrame | ServerFrame,
  direction: Direction,
  show: ShowPayload,
): Omit<DescribedFrame, 'bytes'> {
  const say = (kind: string, text: string, payload: string | null = null): Omit<DescribedFrame, 'bytes'> => ({
    kind,
    text,
    payload,
  });
  switch (frame.kind) {
    case 'hello': {
      const { hello } = frame;
      const session =
        hello.session === undefined ? 'new session' : `resume ${short(hello.session)} after ${hello.received}`;
      return say(
        'hello',
        `${session} · ${count(hello.producers.length, 'producer')}${hello.auth === undefined ? '' : ' · token'}`,
      );
    }
    case 'welcome': {
      const { welcome } = frame;
      const what = welcome.resumed ? 'resumed' : 'new session';
      const lost = welcome.lost === undefined ? '' : ` · lost: ${welcome.lost.reason}`;
      return say('welcome', `${what} ${short(welcome.session)} · offset ${welcome.offset}${lost}`);
    }
    case 'm':
      return say(
        'message',
        'seq' in frame ? `seq ${frame.seq} · producer ${frame.producer}` : `offset ${frame.offset}`,
        shown(frame.payload, direction, show),
      );
    case 'a':
      return say(
        'ack',
        'seq' in frame ? `up to seq ${frame.seq} · producer ${frame.producer}` : `up to offset ${frame.offset}`,
      );
    case 'r':
      // The words of a refusal are the app's own, and may quote the message.
      return say(
        'refusal',
        `seq ${frame.seq} · producer ${frame.producer} · ${frame.error.code}`,
        show === null ? null : shown({ ...frame.error }, direction, show),
      );
    case 's':
      return say('skip', `seq ${frame.seq} · producer ${frame.producer}`);
    case 'p':
    case 'q':
      return say(frame.kind === 'p' ? 'ping' : 'pong', String(frame.n));
    case 'producers':
      return say('producers', frame.producers.map(([id]) => short(id)).join(', '));
    case 'taken':
      return say('taken', count(frame.taken.length, 'producer'));
    case 'fin':
      return say('fin', short(frame.id));
    case 'auth':
      return say('auth', 'token');
    case 'drain':
    case 'reauth':
      return say(frame.kind, `within ${frame.withinMs} ms`);
    case 'error':
      return say('error', errorCode(frame.error));
  }
}

function shown(payload: unknown, direction: Direction, show: ShowPayload): string | null {
  if (show === null) return null;
  let text: string;
  try {
    text = inText(show(payload, direction));
  } catch {
    text = '(the option payloads threw)';
  }
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}… (${text.length} characters)` : text;
}

function inText(value: unknown): string {
  if (typeof value === 'string') return value;
  const bytes = bytesIn(value);
  if (bytes === null) return JSON.stringify(value, null, 2) ?? '';
  const hex = Array.from(bytes.subarray(0, 256), (byte) => byte.toString(16).padStart(2, '0'));
  return `${hex.join(' ')}${bytes.length > 256 ? ` … (${bytes.length} bytes)` : ''}`;
}

/** Enough of an id to tell it from others, and too little to use it. */
export function short(id: string): string {
  return id.length > 8 ? `${id.slice(0, 8)}…` : id;
}

function errorCode({ code }: WireError): string {
  return code;
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`;
}
