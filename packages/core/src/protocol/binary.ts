import type { Bytes, EncodedPayload } from '../lib/bytes.ts';

// A binary WebSocket message holds one or more frames, each a message with a payload of bytes: a kind byte, the numbers
// of the frame and the payload's length as varints (LEB128: seven bits a byte, the lowest first, the eighth set where
// more follow), then the payload.

/** The only kind so far: `m`, of either end. */
const MESSAGE = 1;
/** Seven bits each: enough for every safe integer. */
const VARINT_BYTES = 8;

/** What stands before a payload, and the payload, which is copied only when the message is made. */
export type BinaryFrame = readonly [head: readonly number[], payload: Bytes];

/** The frame of a message, by what its payload is. `numbers`: producer and seq from a client, the offset from a server. */
export function messageFrame(payload: EncodedPayload, ...numbers: readonly number[]): string | BinaryFrame {
  if (typeof payload === 'string') return `["m",${numbers.join(',')},${payload}]`;
  return [[MESSAGE, ...[...numbers, payload.length].flatMap(varint)], payload];
}

/** The WebSocket message of these frames. */
export function joinBinary(frames: readonly BinaryFrame[]): Bytes {
  const parts = frames.flat();
  const data = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    data.set(part, at);
    at += part.length;
  }
  return data;
}

function varint(value: number): number[] {
  const bytes = [];
  let rest = value;
  // Not by shifts, which have 32 bits.
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
  return [...bytes, rest];
}

/**
 * The frames of a binary message as lists, like those of text: the kind's name, `count` numbers and the payload, copied,
 * so that it holds no more than its own bytes. What breaks the format is told to `fail`, which throws.
 */
export function splitBinary(data: Bytes, count: number, fail: (message: string) => never): readonly unknown[][] {
  const frames: unknown[][] = [];
  let at = 0;
  const readVarint = (): number => {
    let value = 0;
    for (let place = 0; place < VARINT_BYTES; place += 1) {
      const byte = data[at] ?? fail('a binary frame is cut off');
      at += 1;
      value += (byte % 128) * 128 ** place;
      if (byte < 128) return value;
    }
    return fail(`a varint has more than ${VARINT_BYTES} bytes`);
  };
  do {
    const kind = readVarint();
    if (kind !== MESSAGE) fail(`a binary frame can't be of kind ${kind}`);
    const numbers = Array.from({ length: count }, readVarint);
    const length = readVarint();
    if (length > data.length - at) fail(`a binary payload of ${length} bytes is cut off`);
    frames.push(['m', ...numbers, data.slice(at, at + length)]);
    at += length;
  } while (at < data.length);
  return frames;
}
