import type { EncodedPayload } from '@holdfast/core/protocol';
import { payloadCost } from '../session/payload-cost.ts';
import type { Appended, NewUserMessage, UserMessage, UserQueueBounds, Withdrawn } from './ports.ts';

/** A message of a user, or, once a session has acknowledged it, only its id, so that the same id is not taken twice. */
export interface UserRecord {
  readonly payload: EncodedPayload | null;
  readonly id: string | null;
  readonly expiresAt: number;
}

/** What is known of a user with records. */
export interface UserSums {
  /** Messages that wait, and their bytes. */
  readonly messages: number;
  readonly bytes: number;
  /** Records with an id. */
  readonly ids: number;
  /** Nothing waits below this. */
  readonly first: number;
}

/** Where the records are. All methods belong to one step that happens as a whole or not at all. */
export interface UserQueueTable {
  sums(user: string): UserSums | undefined;
  setSums(user: string, sums: UserSums | undefined): void;
  get(user: string, seq: number): UserRecord | undefined;
  put(user: string, seq: number, record: UserRecord): void;
  remove(user: string, seq: number, record: UserRecord): void;
  /** A copy of the first `most` records from `from` on, `through` included, in the order of their seqs. */
  range(
    user: string,
    from: number,
    through: number,
    most?: number,
  ): Iterable<readonly [seq: number, record: UserRecord]>;
  seqOf(user: string, id: string): number | undefined;
  /** A copy of the records that have expired by `now`, at most `most`. */
  expired(now: number, most: number): Iterable<readonly [user: string, seq: number]>;
  /** A number above all that it ever gave. */
  nextSeq(): number;
  /** Bytes of all records. */
  total(): number;
  addToTotal(bytes: number): void;
}

const NOTHING: UserSums = { messages: 0, bytes: 0, ids: 0, first: 0 };
/** Records that one sweep withdraws at most. */
const SWEPT_AT_ONCE = 1_000;

/** The rules of the queues of users, the same for every table. Each function is one step. */
export function append(
  table: UserQueueTable,
  user: string,
  { payload, ttlMs, ...named }: NewUserMessage,
  bounds: UserQueueBounds,
  now: number,
): Appended {
  const id = named.id ?? null;
  if (id !== null) {
    const seq = table.seqOf(user, id);
    const known = seq === undefined ? undefined : table.get(user, seq);
    if (known !== undefined && known.expiresAt > now) return { type: 'duplicate', expired: [] };
    if (seq !== undefined && known !== undefined) withdraw(table, user, seq, known);
  }
  const record: UserRecord = { payload, id, expiresAt: now + ttlMs };
  let expired: readonly number[] = [];
  if (!hasRoom(table, user, record, bounds)) {
    expired = purge(table, user, now);
    if (!hasRoom(table, user, record, bounds)) return { type: 'full', expired };
  }
  const seq = table.nextSeq();
  const sums = table.sums(user) ?? NOTHING;
  table.put(user, seq, record);
  table.addToTotal(size(record));
  table.setSums(user, {
    messages: sums.messages + 1,
    bytes: sums.bytes + size({ ...record, id: null }),
    ids: sums.ids + (id === null ? 0 : 1),
    first: sums.messages === 0 ? seq : sums.first,
  });
  if (id !== null && sums.ids >= bounds.messages) forgetOldestId(table, user);
  return { type: 'added', seq, expired };
}

export function load(table: UserQueueTable, user: string, now: number): readonly UserMessage[] {
  const sums = table.sums(user);
  if (sums === undefined || sums.messages === 0) return [];
  return [...table.range(user, sums.first, Number.MAX_SAFE_INTEGER)].flatMap(([seq, { payload, expiresAt }]) =>
    payload === null ? [] : [{ seq, payload, leftMs: expiresAt - now }],
  );
}

export function settle(table: UserQueueTable, user: string, through: number): void {
  const sums = table.sums(user);
  if (sums === undefined || sums.messages === 0) return;
  for (const [seq, record] of table.range(user, sums.first, through)) {
    if (record.payload === null) continue;
    if (record.id === null) withdraw(table, user, seq, record);
    else keepId(table, user, seq, record);
  }
  const left = table.sums(user);
  if (left !== undefined) table.setSums(user, { ...left, first: through + 1 });
}

export function sweep(table: UserQueueTable, now: number): readonly Withdrawn[] {
  const swept = new Map<string, number[]>();
  for (const [user, seq] of table.expired(now, SWEPT_AT_ONCE)) {
    const record = table.get(user, seq);
    if (record === undefined) continue;
    withdraw(table, user, seq, record);
    if (record.payload === null) continue;
    const seqs = swept.get(user);
    if (seqs === undefined) swept.set(user, [seq]);
    else seqs.push(seq);
  }
  return [...swept].map(([user, seqs]) => ({ user, seqs }));
}

/** What a record costs in memory at most, a character counted as two bytes. */
function size({ payload, id }: Pick<UserRecord, 'payload' | 'id'>): number {
  return payloadCost(payload ?? '') + payloadCost(id ?? '');
}

function hasRoom(table: UserQueueTable, user: string, record: UserRecord, bounds: UserQueueBounds): boolean {
  const { messages, bytes } = table.sums(user) ?? NOTHING;
  return (
    messages < bounds.messages &&
    bytes + size({ ...record, id: null }) <= bounds.bytes &&
    table.total() + size(record) <= bounds.totalBytes
  );
}

function withdraw(table: UserQueueTable, user: string, seq: number, record: UserRecord): void {
  const sums = table.sums(user) ?? NOTHING;
  table.remove(user, seq, record);
  table.addToTotal(-size(record));
  const messages = sums.messages - (record.payload === null ? 0 : 1);
  const ids = sums.ids - (record.id === null ? 0 : 1);
  const bytes = sums.bytes - size({ ...record, id: null });
  table.setSums(user, messages + ids === 0 ? undefined : { ...sums, messages, bytes, ids });
}

function keepId(table: UserQueueTable, user: string, seq: number, record: UserRecord): void {
  const sums = table.sums(user) ?? NOTHING;
  const bytes = size({ ...record, id: null });
  table.put(user, seq, { ...record, payload: null });
  table.addToTotal(-bytes);
  table.setSums(user, { ...sums, messages: sums.messages - 1, bytes: sums.bytes - bytes });
}

function purge(table: UserQueueTable, user: string, now: number): readonly number[] {
  const seqs: number[] = [];
  for (const [seq, record] of table.range(user, 0, Number.MAX_SAFE_INTEGER)) {
    if (record.expiresAt > now) continue;
    withdraw(table, user, seq, record);
    if (record.payload !== null) seqs.push(seq);
  }
  return seqs;
}

/** Of a message that was delivered, which lie before those that wait: the ids of these stay. */
function forgetOldestId(table: UserQueueTable, user: string): void {
  for (const [seq, record] of table.range(user, 0, Number.MAX_SAFE_INTEGER, 1)) {
    if (record.payload === null) withdraw(table, user, seq, record);
  }
}
