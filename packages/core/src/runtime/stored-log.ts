import type { Environment } from '../environment/ports.ts';
import type { Entry, ProducerLog } from '../machines/producer-log.ts';
import type { ClaimedLog, OutboxStore, Segment, StoredMessage } from '../storage/ports.ts';

/** A write starts this long after `send` at the latest; an acknowledgement that comes first saves it. */
const WRITE_WITHIN_MS = 20;
/** Deletions are not urgent: what is acknowledged and still stored is recognised after a crash. */
const REMOVE_WITHIN_MS = 50;
/** Messages in one segment, so that a reader's page stays small. */
const SEGMENT_MESSAGES = 1_000;

export interface StoredLogHost {
  readonly environment: Environment;
  readonly store: OutboxStore;
  /** Runs the storage work of a log after all work before it; its failure is the keeper's. */
  enqueue(log: ProducerLog, work: () => Promise<void>): void;
  /** The log is about to be made. */
  onCreate(): void;
  onStored(entry: Entry): void;
}

/** A segment in storage, or on its way there. */
interface SegmentRecord {
  first: number;
  entries: readonly Entry[];
  /** How many of them storage still has to keep. */
  unsettled: number;
  isWritten: boolean;
}

/** One log's copy in storage: writes what is new in segments, deletes segments when all in them is settled. */
export class StoredLog {
  readonly log: ProducerLog;
  /** 0: nothing is stored yet. */
  generation: number;
  readonly #host: StoredLogHost;
  readonly #segments = new Map<Entry, SegmentRecord>();
  #pending: Entry[] = [];
  #removals: number[] = [];
  #cancelWrite: (() => void) | null = null;
  #cancelRemoval: (() => void) | null = null;
  #isWriteDue = false;
  #isStopped = false;

  constructor(log: ProducerLog, host: StoredLogHost, claimed?: ClaimedLog) {
    this.log = log;
    this.#host = host;
    this.generation = claimed?.generation ?? 0;
    if (claimed === undefined) return;
    const bySeq = new Map([...log.entries].map((entry) => [entry.seq, entry]));
    for (const segment of claimed.segments) {
      const entries = segment.messages.flatMap(({ seq }) => bySeq.get(seq) ?? []);
      this.#track({ first: segment.first, entries, unsettled: entries.length, isWritten: true });
    }
  }

  /** A message was appended to the log. */
  added(entry: Entry): void {
    this.#pending.push(entry);
    this.#cancelWrite ??= this.#host.environment.setTimer(WRITE_WITHIN_MS, () => this.write());
  }

  /** Somebody waits for what is pending: the write starts at the end of this turn. */
  writeSoon(): void {
    if (this.#isWriteDue || this.#pending.length === 0) return;
    this.#isWriteDue = true;
    this.#host.environment.defer(() => {
      if (this.#isWriteDue) this.write();
    });
  }

  /** Starts the write of what is pending. */
  write(): void {
    this.#cancelWrite?.();
    this.#cancelWrite = null;
    this.#isWriteDue = false;
    if (this.#pending.length === 0) return;
    this.#host.enqueue(this.log, async () => {
      if (this.#isStopped) return;
      // Taken here and not at the call: what came while another transaction ran joins this one.
      const entries = this.#pending.filter(isUnsettled);
      this.#pending = [];
      for (let from = 0; from < entries.length; from += SEGMENT_MESSAGES) {
        await this.#append(entries.slice(from, from + SEGMENT_MESSAGES));
      }
    });
  }

  settled(entry: Entry): void {
    const record = this.#segments.get(entry);
    if (record === undefined) return;
    record.unsettled -= 1;
    if (record.isWritten) this.#removeIfSettled(record);
  }

  /** Makes storage forget a withdrawn message, then calls `done`; at once where it never was stored. */
  forget(entry: Entry, done: () => void): void {
    if (!this.#segments.has(entry)) {
      // It may be pending: a write skips what is withdrawn.
      done();
      return;
    }
    this.#host.enqueue(this.log, async () => {
      const record = this.#segments.get(entry);
      // All of the segment was settled meanwhile: its removal is under way.
      if (record === undefined) {
        done();
        return;
      }
      if (entry.status === 'withdrawn') record.unsettled -= 1;
      record.entries = record.entries.filter(isUnsettled);
      const { store } = this.#host;
      const { first } = record;
      if (record.entries.length > 0) {
        const left = toSegment(record.entries);
        // Before the transaction ends: what is settled meanwhile is removed under the new name.
        record.first = left.first;
        await store.replaceSegment(this.log.id, this.generation, first, left);
      } else {
        await store.removeSegments(this.log.id, this.generation, [first]);
      }
      // Not before: until then storage has it.
      this.#segments.delete(entry);
      done();
    });
  }

  /** Deletes what is settled, and with `discard` all of it, and the log itself where nothing is left. */
  async delete(discard: boolean): Promise<boolean> {
    this.stop();
    if (this.generation === 0) return true;
    if (!discard && this.#removals.length > 0) await this.#remove();
    return this.#host.store.deleteLog(this.log.id, this.generation, discard);
  }

  /** Whether storage has this message, or is being given it. */
  has(entry: Entry): boolean {
    return this.#segments.has(entry);
  }

  /** Starts nothing any more: what has not begun is done by `delete`, or not at all. */
  stop(): void {
    this.#isStopped = true;
    this.#cancelWrite?.();
    this.#cancelRemoval?.();
    this.#cancelWrite = null;
    this.#cancelRemoval = null;
    this.#isWriteDue = false;
  }

  async #append(entries: readonly Entry[]): Promise<void> {
    const [head] = entries;
    if (head === undefined) return;
    const record: SegmentRecord = { first: head.seq, entries, unsettled: entries.length, isWritten: false };
    this.#track(record);
    const { store } = this.#host;
    if (this.generation === 0) {
      this.#host.onCreate();
      await store.createLog({ id: this.log.id, after: openPredecessor(this.log) }, toSegment(entries));
      this.generation = 1;
    } else {
      await store.append(this.log.id, this.generation, toSegment(entries));
    }
    record.isWritten = true;
    for (const entry of entries) this.#host.onStored(entry);
    this.#removeIfSettled(record);
  }

  #removeIfSettled(record: SegmentRecord): void {
    if (record.unsettled > 0) return;
    this.#untrack(record);
    this.#removals.push(record.first);
    // A write that hung may end after all.
    if (this.#isStopped) return;
    this.#cancelRemoval ??= this.#host.environment.setTimer(REMOVE_WITHIN_MS, () => {
      this.#cancelRemoval = null;
      this.#host.enqueue(this.log, () => this.#remove());
    });
  }

  async #remove(): Promise<void> {
    const firsts = this.#removals;
    this.#removals = [];
    if (firsts.length > 0) await this.#host.store.removeSegments(this.log.id, this.generation, firsts);
  }

  #track(record: SegmentRecord): void {
    for (const entry of record.entries) this.#segments.set(entry, record);
  }

  #untrack(record: SegmentRecord): void {
    for (const entry of record.entries) this.#segments.delete(entry);
  }
}

/** Only what may still have to be sent is worth storing. */
function isUnsettled(entry: Entry): boolean {
  return entry.status === 'queued' || entry.status === 'inFlight';
}

function openPredecessor(log: ProducerLog): string | null {
  return log.after === null || log.after.isSettled ? null : log.after.id;
}

function toSegment(entries: readonly Entry[]): Segment {
  const messages = entries.map(({ seq, payload, ttl }): StoredMessage => ({ seq, payload, ttl }));
  return { first: messages[0]?.seq ?? 0, last: messages.at(-1)?.seq ?? 0, messages };
}
