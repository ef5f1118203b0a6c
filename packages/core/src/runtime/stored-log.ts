import type { Environment } from '../environment/ports.ts';
import { payloadLength } from '../lib/bytes.ts';
import { unsettledBefore } from '../machines/outbox.ts';
import { isFinal, type Entry, type ProducerLog, type StoredSegment } from '../machines/producer-log.ts';
import {
  StorageFault,
  type ClaimedLog,
  type LogPage,
  type OutboxStore,
  type Segment,
  type StoredMessage,
} from '../storage/ports.ts';

/**
 * A write starts this long after `send` at the latest, and takes what was sent half of that ago: an acknowledgement that
 * comes first saves it. Deletions are not urgent, and join it: what is acknowledged and still stored is recognised after a
 * crash.
 */
const WRITE_WITHIN_MS = 20;
/** What one segment holds at most, so that a reader's page stays small; a message that is larger has one to itself. */
const SEGMENT_MESSAGES = 1_000;
const SEGMENT_BYTES = 262_144;
/** How long a storage without room is left alone, unless something leaves it. */
const FULL_WAIT_MS = 10_000;

export interface StoredLogHost {
  readonly environment: Environment;
  /** Calls `write` as soon as the storage is free, in another turn. */
  write(): Promise<void>;
  /** Calls `read` as soon as the storage is free, in another turn. */
  read(): void;
  /** The log is about to be made. */
  onCreate(): void;
  readonly onStored: (entry: Entry) => void;
}

/** One log's copy in storage: what is new is written in segments, which are deleted when all in them is settled. */
export interface StoredLog {
  /** A message was appended to the log. `isStrict`: it counts as stored when the disk has it. */
  added(entry: Entry, isStrict: boolean): void;
  /** Something that is pending already must be on the disk. */
  makeStrict(): void;
  settled(entry: Entry): void;
  /** It is stored, and to be taken out by the next write. */
  withdrawn(entry: Entry): void;
  /** This message, and those stored with it, are to leave storage with the next write, to be sent after it. */
  release(entry: Entry): void;
  /** What was released and not sent is to be stored again. False: there is nothing. */
  retain(): boolean;
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
  /** Rejects where the log has another owner. */
  check(store: OutboxStore): Promise<void>;
  /** Reads the next page of a claimed log. Resolves with how many of its records can't be read. */
  read(store: OutboxStore): Promise<number>;
  /** Storage is gone: what was not read by now stays there. */
  leave(): void;
  /** Ends the timer for good. */
  stop(): void;
}

/** The copy of a log of this page, or of the one that was claimed and is empty yet. */
export function storedLog(log: ProducerLog, host: StoredLogHost, claimed?: ClaimedLog): StoredLog {
  /** Those that are stored, and those that are on their way to storage. */
  const stored = new Set<StoredSegment>();
  /** Those that the next write has to look at: all is settled, or something withdrawn. It must not look at all there are. */
  const changed = new Set<StoredSegment>();
  /** Whether something pending must be on the disk. */
  let isStrict = false;
  /** The last write found no room. */
  let isFull = false;
  // Messages that were never written are known by their seqs: those that are settled meanwhile need no other place.
  /** The last that was given to storage. */
  let writtenTo = 0;
  /** The last that may be: also of those that were sent before the storage had opened. */
  let pendingTo = 0;
  /** The last that is old enough for the next write. */
  let ripeTo = 0;
  /** When its timer fired: a write that was asked for otherwise takes all. */
  let firedAt = -Infinity;
  /** What has left storage to be sent, segment by segment: one may not overlap another, nor mix with what is new. */
  const released = new Set<readonly Entry[]>();
  /** What of it is to be stored again. */
  let returned: (readonly Entry[])[] = [];
  let generation = 0;
  /** The log that the header names as the one before it. One that is not here may be another page's: it stays there. */
  let follows = claimed?.after ?? null;
  /** After which seq the page begins that was not read yet. */
  let mark: number | null = null;
  let isReading = false;
  /** Messages in the last page. */
  let pageMessages = 0;
  let cancel: (() => void) | undefined;
  let isStopped = false;
  let due: Promise<void> | undefined;

  const cancelTimer = (): void => {
    cancel?.();
    cancel = undefined;
  };
  const request = (): Promise<void> => {
    firedAt = -Infinity;
    return (due ??= host.write());
  };
  const ripen = (ms: number): void => {
    ripeTo = pendingTo;
    cancel = host.environment.setTimer(ms, () => {
      if (due !== undefined) return;
      firedAt = host.environment.now();
      due = host.write();
    });
  };
  const requestWithin = (ms = WRITE_WITHIN_MS): void => {
    // A write that hung may fail after that.
    if (!isStopped) cancel ??= host.environment.setTimer(ms / 2, () => ripen(ms / 2));
  };
  const track = (segment: StoredSegment): void => {
    stored.add(segment);
    for (const entry of segment.entries) entry.segment = segment;
  };
  const forget = (segment: StoredSegment): void => {
    stored.delete(segment);
    changed.delete(segment);
  };
  const has = ({ segment }: Entry): boolean => segment !== undefined && stored.has(segment);

  if (claimed === undefined) {
    // From the first that is being read on they are added later, in their order.
    for (const entry of log.entries) {
      if (entry.isReading) break;
      pendingTo = entry.seq;
    }
    // They have waited for the storage to open: who asked for `stored` meanwhile waits no longer.
    if (pendingTo > 0) void request();
  } else {
    ({ generation } = claimed);
    log.nextSeq = claimed.lastSeq + 1;
    log.maybeSent = claimed.lastSeq;
    log.storedTo = claimed.lastSeq;
    restore(claimed);
  }

  function restore({ segments, next }: LogPage): void {
    mark = next;
    pageMessages = 0;
    for (const segment of segments) {
      const entries: Entry[] = [];
      for (const { seq, payload, ttl } of segment) {
        const entry = log.restore({ seq, payload, ttl, bytes: payloadLength(payload) });
        if (entry !== null) entries.push(entry);
      }
      const read = { first: segment[0].seq, entries, left: entries.length };
      track(read);
      if (read.left === 0) changed.add(read);
      pageMessages += segment.length;
    }
    // One that can't be read must not stop those behind it.
    pageMessages ||= 1;
    if (next === null) log.storedTo = 0;
    if (changed.size > 0) requestWithin();
    readAhead();
  }

  /** The next page is read while one page of messages is left. */
  function readAhead(): void {
    if (mark === null || isReading || log.unsettled - log.behind > pageMessages) return;
    isReading = true;
    host.read();
  }

  return {
    added(entry, isOnDisk) {
      pendingTo = entry.seq;
      isStrict ||= isOnDisk;
      requestWithin();
    },
    makeStrict() {
      isStrict = true;
    },
    settled({ segment }) {
      // What was withdrawn is in none any more.
      readAhead();
      if (segment === undefined) return;
      segment.left -= 1;
      if (segment.left > 0 || !stored.has(segment)) return;
      // Only its record is left to delete: the messages need not live as long.
      segment.entries.length = 0;
      changed.add(segment);
      // It makes room.
      if (isFull) void request();
      requestWithin();
    },
    withdrawn({ segment }) {
      if (segment !== undefined) changed.add(segment);
    },
    release({ segment }) {
      if (segment === undefined) return;
      changed.add(segment);
      released.add(segment.entries);
      for (const each of segment.entries) each.isLeaving = true;
    },
    retain() {
      for (const entries of released) {
        const unsent = entries.filter(({ status }) => status === 'queued');
        for (const entry of unsent) entry.isLeaving = false;
        if (unsent.length > 0) returned.push(unsent);
      }
      released.clear();
      if (returned.length > 0) requestWithin();
      return returned.length > 0;
    },
    has,
    request,
    async write(store, discards, checks) {
      cancelTimer();
      due = undefined;
      if (store === null) return true;
      // Taken here and not at the call: what came while another transaction ran joins this one.
      const isLeft = discards ? (): boolean => false : isUnsettled;
      // One that had to wait for another takes all that came meanwhile.
      const takesAll = discards || isStrict || host.environment.now() - firedAt >= 1;
      firedAt = -Infinity;
      const from = writtenTo;
      writtenTo = takesAll ? pendingTo : ripeTo;
      const fresh = log.between(from + 1, writtenTo);
      if (writtenTo < pendingTo) ripen(WRITE_WITHIN_MS / 2);
      const back = returned;
      returned = [];
      const removed = [...(discards ? stored : changed)];
      changed.clear();
      const mustBeStrict = isStrict;
      isStrict = false;
      const mayAdd = [fresh, ...back, ...removed.map(({ entries }) => entries)].some((entries) => entries.some(isLeft));
      if (!mayAdd) {
        if (generation === 0) return true;
        if (removed.length === 0 && !checks && !log.isSettled) return false;
      }
      const added: StoredSegment[] = [];
      /** Walked by the storage when it is ready: what is stored is decided then. */
      function* take(): Generator<Segment> {
        const add = (entries: readonly Entry[]): void => {
          for (const segment of cut(entries)) {
            // What is withdrawn from here on is looked for in it, and nothing gets into two.
            track(segment);
            added.push(segment);
          }
        };
        // The removal of what comes back may have failed, or have to be written yet.
        for (const entries of [...back, fresh]) add(entries.filter((entry) => isLeft(entry) && !has(entry)));
        for (const { entries } of removed) add(entries.filter(isLeft));
        yield* added.map(toSegment);
      }
      if (generation === 0) host.onCreate();
      const { id } = log;
      const before = unsettledBefore(log);
      if (before !== null || generation === 0) follows = before?.id ?? null;
      try {
        // What makes room must not fail together with what finds none.
        const done = removed.filter(({ entries }) => !entries.some(isLeft)).map(({ first }) => first);
        if (isFull && mayAdd && done.length > 0) {
          generation = await store.write({ id, after: follows, generation }, done, []);
        }
        const firsts = removed.map(({ first }) => first);
        generation = await store.write({ id, after: follows, generation }, firsts, take(), mustBeStrict);
        isFull = false;
      } catch (cause) {
        if (!(cause instanceof StorageFault) || cause.reason !== 'full') throw cause;
        // All of it is due again.
        isFull = true;
        isStrict ||= mustBeStrict;
        writtenTo = from;
        returned = [...back, ...returned];
        // Something of it was withdrawn meanwhile: there is no record to take it out of.
        added.forEach(forget);
        for (const segment of removed) {
          track(segment);
          changed.add(segment);
        }
        cancelTimer();
        requestWithin(FULL_WAIT_MS);
        throw cause;
      }
      // Not before: until then storage has it.
      removed.forEach(forget);
      for (const { entries } of added) for (const entry of entries) if (!entry.isStored) host.onStored(entry);
      // A database may hold on to `take` until the next full collection of garbage: the messages must not live as long.
      for (const list of [fresh, back, added, removed]) list.length = 0;
      return generation === 0;
    },
    async check(store) {
      // Behind everything: it reads nothing but the header.
      if (generation > 0) await store.readLog({ id: log.id, after: null, generation }, Number.MAX_SAFE_INTEGER);
    },
    async read(store) {
      if (mark === null) return 0;
      const from = mark;
      const page = await store.readLog({ id: log.id, after: null, generation }, from);
      // The storage has failed meanwhile.
      if (mark !== from) return 0;
      isReading = false;
      restore(page);
      return page.corrupt;
    },
    leave() {
      mark = null;
      log.storedTo = 0;
    },
    stop() {
      isStopped = true;
      cancelTimer();
    },
  };
}

/** Only what may still have to be sent is worth storing. */
function isUnsettled(entry: Entry): boolean {
  return !entry.isWithdrawn && entry.isLeaving !== true && !isFinal(entry);
}

function cut(entries: readonly Entry[]): StoredSegment[] {
  const lists: [Entry, ...Entry[]][] = [];
  let bytes = 0;
  for (const entry of entries) {
    const list = lists.at(-1);
    if (list !== undefined && list.length < SEGMENT_MESSAGES && bytes + entry.bytes <= SEGMENT_BYTES) list.push(entry);
    else {
      lists.push([entry]);
      bytes = 0;
    }
    bytes += entry.bytes;
  }
  return lists.map((list) => ({ first: list[0].seq, entries: list, left: list.length }));
}

function toSegment({ entries }: StoredSegment): Segment {
  return entries.map(({ seq, payload, ttl }): StoredMessage => ({
    seq,
    payload,
    ttl,
  })) as readonly StoredMessage[] as Segment;
}
