import type { LogHeader, Segment, StoredMessage, StoreInfo } from './ports.ts';

// What is read back may have been written by another version, or damaged: nothing of it is taken on trust.

type Fields<Shape> = { readonly [Key in keyof Shape]?: unknown };

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

export function isInfo(value: unknown): value is StoreInfo {
  if (!isObject(value)) return false;
  const { clientId, peer }: Fields<StoreInfo> = value;
  return typeof clientId === 'string' && (peer === null || typeof peer === 'string');
}

export function asInfo(value: unknown): StoreInfo {
  if (!isInfo(value)) throw new Error("the install's record is missing or can't be read");
  return { clientId: value.clientId, peer: value.peer };
}

export function isHeader(value: unknown): value is LogHeader {
  if (!isObject(value)) return false;
  const { id, after, generation }: Fields<LogHeader> = value;
  return typeof id === 'string' && (after === null || typeof after === 'string') && isSeq(generation);
}

export function isSegment(value: unknown): value is Segment {
  if (!isObject(value)) return false;
  const { first, last, messages }: Fields<Segment> = value;
  if (!isSeq(first) || !isSeq(last) || !Array.isArray(messages) || messages.length === 0) return false;
  let previous = -1;
  for (const message of messages as unknown[]) {
    if (!isMessage(message) || message.seq <= previous || (previous === -1 && message.seq !== first)) return false;
    previous = message.seq;
  }
  return previous === last;
}

function isMessage(value: unknown): value is StoredMessage {
  if (!isObject(value)) return false;
  const { seq, payload, ttl }: Fields<StoredMessage> = value;
  return isSeq(seq) && typeof payload === 'string' && (ttl === null || isTtl(ttl));
}

function isTtl(value: unknown): boolean {
  if (!isObject(value)) return false;
  const { ms, since }: Fields<NonNullable<StoredMessage['ttl']>> = value;
  return typeof ms === 'number' && ms >= 0 && (since === null || Number.isFinite(since));
}

function isSeq(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
