import type { LogHeader, Segment, StoredMessage, StoreInfo } from './ports.ts';

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
 * A segment in columns: an object for each message would cost several times as much to clone. Of each message the
 * payload, and three numbers: seq, time to live and its beginning, NaN where there is none.
 */
export interface Columns {
  readonly payloads: readonly StoredMessage['payload'][];
  readonly numbers: Float64Array;
}

const NUMBERS = 3;

export function toColumns(segment: Segment): Columns {
  const numbers = new Float64Array(segment.length * NUMBERS);
  const payloads = segment.map(({ seq, payload, ttl }, place) => {
    numbers.set([seq, ttl?.ms ?? Number.NaN, ttl?.since ?? Number.NaN], place * NUMBERS);
    return payload;
  });
  return { payloads, numbers };
}

/** What should be the messages of a record; undefined where it has none in the clear. */
export function messagesIn(record: unknown): readonly unknown[] | undefined {
  // Until version 3 a segment was a list of messages.
  const { payloads, numbers, messages } = fieldsOf(record);
  if (Array.isArray(messages)) return messages as readonly unknown[];
  if (!Array.isArray(payloads) || !(numbers instanceof Float64Array)) return undefined;
  if (numbers.length !== payloads.length * NUMBERS) return undefined;
  const orNull = (value: number | undefined): number | null => (Number.isNaN(value) ? null : (value as number));
  return payloads.map((payload: unknown, place) => {
    const [seq, ms, since] = numbers.subarray(place * NUMBERS);
    return { seq, payload, ttl: orNull(ms) === null ? null : { ms, since: orNull(since) } };
  });
}

/** How long what a record holds is, about: in bytes where it is encrypted, else in characters. */
export function recordLength(record: unknown): number {
  const { byteLength } = fieldsOf(fieldsOf(record).sealed);
  let length = typeof byteLength === 'number' ? byteLength : 0;
  for (const message of messagesIn(record) ?? []) {
    const { payload } = fieldsOf(message);
    if (isPayload(payload)) length += payload.length;
  }
  return length;
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
