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

/** How long what a record holds is, about: in bytes where it is encrypted, else in characters. */
export function recordLength(record: unknown): number {
  const { sealed, messages } = fieldsOf(record);
  const { byteLength } = fieldsOf(sealed);
  let length = typeof byteLength === 'number' ? byteLength : 0;
  for (const message of Array.isArray(messages) ? (messages as unknown[]) : []) {
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
