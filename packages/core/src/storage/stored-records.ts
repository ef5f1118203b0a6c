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
 * as much again. Payloads that are text stand one behind the other, bytes in a list. Of each message four numbers: seq,
 * time to live and its beginning, NaN where there is none, and the length of its text, NaN where it is bytes.
 */
export interface Columns {
  readonly text: string;
  readonly bytes: readonly Uint8Array[];
  readonly numbers: Float64Array;
}

const NUMBERS = 4;

export function toColumns(segment: Segment): Columns {
  const texts: string[] = [];
  const bytes: Uint8Array[] = [];
  const numbers = new Float64Array(segment.length * NUMBERS);
  for (const [place, { seq, payload, ttl }] of segment.entries()) {
    const at = place * NUMBERS;
    numbers[at] = seq;
    numbers[at + 1] = ttl?.ms ?? NaN;
    numbers[at + 2] = ttl?.since ?? NaN;
    numbers[at + 3] = typeof payload === 'string' ? payload.length : NaN;
    if (typeof payload === 'string') texts.push(payload);
    else bytes.push(payload);
  }
  // Added up one by one they would be a tree, which takes as long to clone as all the rest.
  return { text: texts.join(''), bytes, numbers };
}

/** What should be the messages of a record; undefined where it has none in the clear. */
export function messagesIn(record: unknown): readonly unknown[] | undefined {
  // Until version 3 a segment was a list of messages.
  const { text, bytes, numbers, messages } = fieldsOf(record);
  if (Array.isArray(messages)) return messages as readonly unknown[];
  if (!isText(text) || !Array.isArray(bytes) || !(numbers instanceof Float64Array)) return undefined;
  const found: unknown[] = [];
  const numberAt = (at: number): number | null => (Number.isNaN(numbers[at]) ? null : (numbers[at] as number));
  let end = 0;
  let blobs = 0;
  for (let at = 0; at < numbers.length; at += NUMBERS) {
    const ms = numberAt(at + 1);
    const length = numberAt(at + 3);
    let payload: unknown;
    if (length === null) {
      payload = bytes[blobs];
      blobs += 1;
    } else if (isSeq(length)) {
      payload = text.slice(end, end + length);
      end += length;
    }
    found.push({ seq: numbers[at], payload, ttl: ms === null ? null : { ms, since: numberAt(at + 2) } });
  }
  // Of a record that was damaged nobody can tell whose text is whose.
  return end === text.length && blobs === bytes.length ? found : undefined;
}

/** How many messages a record holds, undefined where that can't be seen, and how long it is, about: in bytes where it is encrypted, else in characters. */
export function sizeOf(record: unknown): { readonly messages: number | undefined; readonly length: number } {
  const { text, bytes, numbers, messages, sealed } = fieldsOf(record);
  const payloads = Array.isArray(messages) ? messages.map((message: unknown) => fieldsOf(message).payload) : bytes;
  const { byteLength } = fieldsOf(sealed);
  let length = (typeof byteLength === 'number' ? byteLength : 0) + (isText(text) ? text.length : 0);
  for (const payload of Array.isArray(payloads) ? (payloads as readonly unknown[]) : []) {
    if (isPayload(payload)) length += payload.length;
  }
  const count = numbers instanceof Float64Array ? numbers.length / NUMBERS : undefined;
  return { messages: Array.isArray(messages) ? messages.length : count, length };
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
