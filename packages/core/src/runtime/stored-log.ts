import type { Environment } from '../environment/ports.ts';
import { utf8Length } from '../lib/utf8.ts';
import { restore, type Entry, type ProducerLog } from '../machines/producer-log.ts';
import type { ClaimedLog, OutboxStore, Segment, StoredMessage } from '../storage/ports.ts';

/**
 * A write starts this long after `send` at the latest; an acknowledgement that comes first saves it. Deletions are not
 * urgent, and join it: what is acknowledged and still stored is recognised after a crash.
 */
const WRITE_WITHIN_MS = 20;
/** Messages in one segment, so that a reader's page stays small. */
const SEGMENT_MESSAGES = 1_000;

export interface StoredLogHost {
  readonly environment: Environment;
  /** Calls `write` as soon as the storage is free, in another turn. */
  write(): Promise<void>;
  /** The log is about to be made. */
  onCreate(): void;
  readonly onStored: (entry: Entry) => void;
}

/** One log's copy in storage: what is new is written in segments, which are deleted when all in them is settled. */
export interface StoredLog {
  /** A message was appended to the log. */
  added(entry: Entry): void;
  settled(entry: Entry): void;
  /** Whether storage has this message, or is being given it. */
  has(entry: Entry): boolean;
  /** Starts the next write at the end of this turn. Resolves when that is done, whatever came of it. */
  request(): Promise<void>;
  /**
   * Brings the copy up to date, in one transaction: what was withdrawn is taken out, and with `discards` all there is.
   * With `checks`, the transaction runs in any case: it rejects where the log has another owner. Resolves with whether
   * nothing of the log is stored now; null, a storage that is gone, has nothing.
   */
  write(store: OutboxStore | null, discards: boolean, checks: boolean): Promise<boolean>;
  /** Ends the timer. */
  stop(): void;
}

/** The copy of a log of this page, or of the one that was claimed and is empty yet. */
export function storedLog(log: ProducerLog, host: StoredLogHost, claimed?: ClaimedLog): StoredLog {
  /** Where each stored message is, and each that is on its way to storage. */
  const segments = new Map<Entry, readonly Entry[]>();
  /** Messages that were never written: also those that were sent before the storage had opened. */
  let pending: Entry[] = [...log.entries];
  let generation = 0;
  let cancel: (() => void) | undefined;
  let due: Promise<void> | undefined;

  const stop = (): void => {
    cancel?.();
    cancel = undefined;
  };
  const request = (): Promise<void> => (due ??= host.write());
  const requestWithin = (): void => {
    cancel ??= host.environment.setTimer(WRITE_WITHIN_MS, () => void request());
  };
  const track = (segment: readonly Entry[]): void => {
    for (const entry of segment) segments.set(entry, segment);
  };

  if (pending.length > 0) requestWithin();
  if (claimed !== undefined) {
    ({ generation } = claimed);
    for (const { seq, payload, ttl } of claimed.segments.flat()) {
      restore(log, { seq, payload, ttl, bytes: utf8Length(payload) });
    }
    const entries = [...log.entries];
    for (const { length } of claimed.segments) track(entries.splice(0, length));
  }

  return {
    added(entry) {
      pending.push(entry);
      requestWithin();
    },
    settled(entry) {
      if (segments.has(entry)) requestWithin();
    },
    has: (entry) => segments.has(entry),
    request,
    async write(store, discards, checks) {
      stop();
      due = undefined;
      if (store === null) return true;
      // Taken here and not at the call: what came while another transaction ran joins this one.
      const isLeft = discards ? (): boolean => false : isUnsettled;
      const fresh = pending.filter(isLeft);
      pending = [];
      const added = cut(fresh);
      const removed: (readonly Entry[])[] = [];
      for (const segment of new Set(segments.values())) {
        const left = segment.filter(isLeft);
        if (left.length > 0 && !segment.some(({ isWithdrawn }) => isWithdrawn)) continue;
        removed.push(segment);
        added.push(...cut(left));
      }
      if (added.length === 0) {
        if (generation === 0) return true;
        if (removed.length === 0 && !checks && !log.isSettled) return false;
      }
      if (generation === 0) host.onCreate();
      // What is withdrawn meanwhile is looked for in its new segment.
      added.forEach(track);
      const { id, after } = log;
      generation = await store.write(
        { id, after: after === null || after.isSettled ? null : after.id, generation },
        removed.map(([first]) => first?.seq ?? 0),
        added.map(toSegment),
      );
      // Not before: until then storage has it.
      for (const segment of removed) {
        for (const entry of segment) if (segments.get(entry) === segment) segments.delete(entry);
      }
      fresh.forEach(host.onStored);
      return generation === 0;
    },
    stop,
  };
}

/** Only what may still have to be sent is worth storing. */
function isUnsettled({ status, isWithdrawn }: Entry): boolean {
  return !isWithdrawn && (status === 'queued' || status === 'inFlight');
}

function cut(entries: readonly Entry[]): (readonly Entry[])[] {
  const segments: (readonly Entry[])[] = [];
  for (let from = 0; from < entries.length; from += SEGMENT_MESSAGES) {
    segments.push(entries.slice(from, from + SEGMENT_MESSAGES));
  }
  return segments;
}

function toSegment(entries: readonly Entry[]): Segment {
  return entries.map(({ seq, payload, ttl }): StoredMessage => ({
    seq,
    payload,
    ttl,
  })) as readonly StoredMessage[] as Segment;
}
