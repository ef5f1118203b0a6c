import type { LogHeader, Segment, StoreInfo } from './ports.ts';

// What is read back may have been written by another version, or damaged: nothing of it is taken on trust.

/** Whatever it is, its fields can be asked for. */
function fieldsOf(value: unknown): { readonly [field: string]: unknown } {
  return (value ?? {}) as { readonly [field: string]: unknown };
}

export function isInfo(value: unknown): value is StoreInfo {
  const { clientId, peer } = fieldsOf(value);
  return isText(clientId) && (peer === null || isText(peer));
}

export function isHeader(value: unknown): value is LogHeader {
  const { id, after, generation } = fieldsOf(value);
  return isText(id) && (after === null || isText(after)) && isSeq(generation);
}

/** Whether these are the messages of a segment that begins at `first`. */
export function isSegment(messages: unknown, first: unknown): messages is Segment {
  let least = first;
  return (
    Array.isArray(messages) &&
    fieldsOf(messages[0]).seq === first &&
    messages.every((message) => {
      const { seq, payload, ttl } = fieldsOf(message);
      const isNext = isSeq(seq) && seq >= (least as number);
      least = isNext && seq + 1;
      return isNext && isPayload(payload) && (ttl === null || isTtl(ttl));
    })
  );
}

/**
 * A segment in columns: an object for each message would cost several times as much to clone, and a string for each half
 * as much again. Payloads that are text stand one behind the other, bytes in a list; `lengths` has the length of each
 * message's text, NaN where it is bytes. Messages whose seqs follow each other, and that share their time to live, have
 * four numbers together: the first seq, the time to live and its beginning, NaN where there is none, and how many they are.
 */
export interface Columns {
  readonly text: string;
  readonly bytes: readonly Uint8Array[];
  readonly lengths: Float64Array;
  readonly numbers: Float64Array;
}

const NUMBERS = 4;

export function toColumns(segment: Segment): Columns {
  const texts: string[] = [];
  const bytes: Uint8Array[] = [];
  const lengths: number[] = [];
  const numbers: number[] = [];
  for (const { seq, payload, ttl } of segment) {
    const before = segment[lengths.length - 1];
    // Messages of one turn have the same object.
    if (seq - 1 !== before?.seq || ttl !== before.ttl) numbers.push(seq, ttl?.ms ?? NaN, ttl?.since ?? NaN, 0);
    (numbers[numbers.length - 1] as number) += 1;
    lengths.push(isText(payload) ? payload.length : NaN);
    if (isText(payload)) texts.push(payload);
    else bytes.push(payload);
  }
  // Added up one by one they would be a tree, which takes as long to clone as all the rest.
  return { text: texts.join(''), bytes, lengths: new Float64Array(lengths), numbers: new Float64Array(numbers) };
}

/** What should be the messages of a record; undefined where it has none in the clear. */
export function messagesIn(record: unknown): readonly unknown[] | undefined {
  // Until version 3 a segment was a list of messages.
  const { text, bytes, lengths, numbers, messages } = fieldsOf(record);
  if (Array.isArray(messages)) return messages as readonly unknown[];
  const sizes = lengthsIn(record);
  if (!isText(text) || !Array.isArray(bytes) || !(numbers instanceof Float64Array) || sizes === undefined)
    return undefined;
  const found: unknown[] = [];
  let end = 0;
  let blobs = 0;
  for (let at = 0; at < numbers.length; at += NUMBERS) {
    const [seq, ms, since, last] = numbers.subarray(at) as unknown as [number, number, number, number];
    const ttl = Number.isNaN(ms) ? null : { ms, since: Number.isNaN(since) ? null : since };
    const count = lengths ? last : 1;
    // Damaged it may be any number.
    if (count > sizes.length - found.length) return undefined;
    for (let next = 0; next < count; next += 1) {
      const length = sizes[found.length];
      let payload: unknown;
      if (isSeq(length)) {
        payload = text.slice(end, end + length);
        end += length;
      } else {
        payload = bytes[blobs];
        blobs += 1;
      }
      found.push({ seq: seq + next, payload, ttl });
    }
  }
  // Of a record that was damaged nobody can tell whose text is whose.
  return end === text.length && blobs === bytes.length && found.length === sizes.length ? found : undefined;
}

/** In version 3 each message had four numbers of its own, its length the last of them. */
function lengthsIn(record: unknown): Float64Array | undefined {
  const { lengths, numbers } = fieldsOf(record);
  const found =
    lengths === undefined && numbers instanceof Float64Array ? numbers.filter((_, at) => at % NUMBERS === 3) : lengths;
  return found instanceof Float64Array ? found : undefined;
}

/** How many messages a record holds, undefined where that can't be seen, and how long it is, about: in bytes where it is encrypted, else in characters. */
export function sizeOf(record: unknown): { readonly messages: number | undefined; readonly length: number } {
  const { text, bytes, messages, sealed } = fieldsOf(record);
  const payloads = Array.isArray(messages) ? messages.map((message: unknown) => fieldsOf(message).payload) : bytes;
  const { byteLength } = fieldsOf(sealed);
  let length = typeof byteLength === 'number' ? byteLength : 0;
  const parts: unknown[] = [text, payloads].flat();
  for (const payload of parts) if (isPayload(payload)) length += payload.length;
  return { messages: (Array.isArray(messages) ? messages : lengthsIn(record))?.length, length };
}

function isPayload(value: unknown): value is string | Uint8Array {
  return isText(value) || value instanceof Uint8Array;
}

function isTtl(value: unknown): boolean {
  const { ms, since } = fieldsOf(value);
  return (ms as number) >= 0 && typeof ms === 'number' && (since === null || Number.isFinite(since));
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

function isSeq(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
