import type { EncodedPayload } from '../lib/bytes.ts';
import type { Failure, HoldfastError } from '../lib/errors.ts';

/** What is known of a message. Only the server's word settles what may have been sent: the last two are final. */
export type EntryStatus = 'queued' | 'inFlight' | 'delivered' | 'failed';

/** A message in a log. */
export interface Entry {
  /** Its place, given by the log. */
  seq: number;
  /** What goes on the wire, encoded once. */
  readonly payload: EncodedPayload;
  /** Its payload is not here yet: it waits, and so does what follows it. */
  readonly isReading?: boolean;
  /** What it counts, as the protocol says. */
  readonly bytes: number;
  status: EntryStatus;
  /** Whether it may have reached a server: only a `taken` that lacks it makes this false again. */
  maybeSent: boolean;
  /** Waits for storage to forget it, and is never sent from then on. */
  isWithdrawn: boolean;
  /** It is about to be written, or was: storage forgets it first, and never gets it again. Only where a copy could make a double. */
  isLeaving?: boolean;
  /** Time to live and when it began by the server's clock, as it is stored. */
  readonly ttl: { readonly ms: number; readonly since: number | null } | null;
  /** On the clock of `now`; null: never, or not known before the server's clock is. */
  expiresAt: number | null;
  /** The last segment in which storage had it, or was being given it. */
  segment?: StoredSegment | undefined;
  /** Whether storage has it, or had it until it was delivered. */
  isStored?: boolean;
  /** What became of its storing, the first that did: null is success, and so is to be delivered before. */
  storing?: HoldfastError | null;
}

/** Messages that are stored together, and leave storage together. */
export interface StoredSegment {
  /** The first seq in its record. */
  readonly first: number;
  readonly entries: Entry[];
  /** How many of its messages are not settled. */
  left: number;
}

/** How a log tells what became of an entry: null is success. */
export type OnSettled = (entry: Entry, failure: Failure | null) => void;

/**
 * The messages of one producer, in order: new ones enter at the back, settled ones leave at the front. What one
 * connection of a session knows of it stands in `Listing`.
 */
export class ProducerLog {
  readonly id: string;
  /** Seq of the next message. */
  nextSeq = 1;
  /** Highest seq that was ever written to a socket, as far as anybody can know. */
  maybeSent = 0;
  /** Sends nothing before this log is settled. */
  after: ProducerLog | null = null;
  /** Sends nothing before it is known which log that is. */
  isHeld = false;
  inFlight = 0;
  inFlightBytes = 0;
  /** Of the messages here that are not settled. */
  bytes = 0;
  /** Those of them that wait for storage to forget them. */
  withdrawn = 0;
  withdrawnBytes = 0;
  /** Messages up to this seq are in storage; those after the last one here are read later, in pages. 0: all are here. */
  storedTo = 0;
  /** What the server said of messages that are not here yet: it has all up to `takenTo`, and none after `doubtTo`. */
  takenTo = 0;
  doubtTo: number = Infinity;
  /** And these it refused. */
  readonly refused: Map<number, Failure> = new Map();
  #unsettled = 0;
  /** Seq of the last message that came here. */
  #last = 0;
  /** What came from storage since it was last asked for. */
  #restored: Entry[] = [];
  #entries: Entry[] = [];
  /** Entries before this place are settled. */
  #head = 0;
  /** Entries before this place were sent or skipped on this connection. */
  #cursor = 0;
  readonly #onSettled: OnSettled;

  constructor(id: string, onSettled: OnSettled) {
    this.id = id;
    this.#onSettled = onSettled;
  }

  /** A copy: from the first that is not settled on. */
  get entries(): readonly Entry[] {
    return this.#entries.slice(this.#head);
  }

  /** The message with this seq, unless it is settled and forgotten. */
  find(seq: number): Entry | undefined {
    const entry = this.#entries[this.#placeOf(seq)];
    return entry?.seq === seq ? entry : undefined;
  }

  /** A copy: the messages of two seqs and between them, without those at the front that are settled. */
  between(first: number, last: number): Entry[] {
    return this.#entries.slice(this.#placeOf(first), this.#placeOf(last + 1));
  }

  /** Where the first message stands that has this seq or a later one, and is not settled and forgotten. */
  #placeOf(seq: number): number {
    let low = this.#head;
    for (let high = this.#entries.length; low < high;) {
      const middle = (low + high) >>> 1;
      if ((this.#entries[middle] as Entry).seq < seq) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Messages that are still only in storage, at most: a seq may be missing among them. */
  get behind(): number {
    return Math.max(0, this.storedTo - this.#last);
  }

  /** Messages that are not settled, those in storage included. */
  get unsettled(): number {
    return this.#unsettled + this.behind;
  }

  get isSettled(): boolean {
    return this.unsettled === 0;
  }

  get firstUnsettled(): number {
    return this.#entries[this.#head]?.seq ?? (this.behind > 0 ? this.#last + 1 : this.nextSeq);
  }

  append(entry: Entry): void {
    entry.seq = this.nextSeq;
    this.nextSeq += 1;
    this.#add(entry);
  }

  /**
   * Puts in what storage had, in order; it may have been sent by the page that wrote it. Null: it needs no sending, as the
   * server has said meanwhile.
   */
  restore(message: Pick<Entry, 'seq' | 'payload' | 'bytes' | 'ttl'>): Entry | null {
    const { seq } = message;
    this.nextSeq = Math.max(this.nextSeq, seq + 1);
    this.maybeSent = Math.max(this.maybeSent, seq);
    const maybeSent = seq <= this.doubtTo;
    const entry: Entry = { ...message, status: 'queued', maybeSent, isWithdrawn: false, expiresAt: null };
    const failure = this.refused.get(seq);
    this.refused.delete(seq);
    if (seq <= this.takenTo && failure === undefined) {
      this.#last = seq;
      return null;
    }
    this.#add(entry);
    if (failure === undefined) this.#restored.push(entry);
    else this.fail(entry, failure);
    return failure === undefined ? entry : null;
  }

  /** What was restored since the last call. */
  takeRestored(): readonly Entry[] {
    const restored = this.#restored;
    if (restored.length > 0) this.#restored = [];
    return restored;
  }

  #add(entry: Entry): void {
    this.#entries.push(entry);
    this.#unsettled += 1;
    this.bytes += entry.bytes;
    this.#last = entry.seq;
  }

  /** The next message to send, if there is one. */
  peek(): Entry | undefined {
    for (;;) {
      const entry = this.#entries[this.#cursor];
      if (entry === undefined || (entry.status === 'queued' && !entry.isWithdrawn))
        return entry?.isReading === true ? undefined : entry;
      this.#cursor += 1;
    }
  }

  /** Marks the message that `peek` gave as sent. */
  send(entry: Entry): void {
    entry.status = 'inFlight';
    entry.maybeSent = true;
    this.inFlight += 1;
    this.inFlightBytes += entry.bytes;
    this.maybeSent = Math.max(this.maybeSent, entry.seq);
    this.#cursor += 1;
  }

  /** What was in flight waits again: its connection is gone. */
  rewind(): void {
    for (const entry of this.#entries) if (entry.status === 'inFlight') entry.status = 'queued';
    this.inFlight = 0;
    this.inFlightBytes = 0;
    this.#cursor = this.#head;
  }

  /** Takes back a message that is on no wire. False: it may have been sent, is settled or taken back. */
  withdraw(entry: Entry): boolean {
    if (!isWithdrawable(entry)) return false;
    entry.isWithdrawn = true;
    this.withdrawn += 1;
    this.withdrawnBytes += entry.bytes;
    return true;
  }

  /** The messages that may be taken back, the oldest first or the newest. */
  *withdrawable(isNewestFirst: boolean): Generator<Entry, void> {
    const entries = this.#entries;
    for (let place = this.#head; place < entries.length; place += 1) {
      const entry = entries[isNewestFirst ? entries.length - 1 - place + this.#head : place];
      if (entry !== undefined && isWithdrawable(entry)) yield entry;
    }
  }

  /** Settles messages from the front with success, as far as `isDone` goes. */
  settleWhile(isDone: (entry: Entry) => boolean): void {
    // This list, though settling may put another one in its place: what is told may lead to anything.
    const entries = this.#entries;
    for (let place = this.#head; ; place += 1) {
      const entry = entries[place];
      if (entry === undefined) break;
      if (entry.isWithdrawn || isFinal(entry)) continue;
      if (!isDone(entry)) break;
      this.#settle(entry, null);
    }
    this.#trim();
  }

  /** Ends a message in flight with success, whatever is before it. */
  deliver(entry: Entry): void {
    if (entry.status !== 'inFlight') return;
    this.#settle(entry, null);
    this.#trim();
  }

  /** Ends a message with a failure, unless it has ended. */
  fail(entry: Entry, failure: Failure): void {
    if (isFinal(entry)) return;
    this.#settle(entry, failure);
    this.#trim();
  }

  #settle(entry: Entry, failure: Failure | null): void {
    if (entry.status === 'inFlight') {
      this.inFlight -= 1;
      this.inFlightBytes -= entry.bytes;
    }
    this.#unsettled -= 1;
    this.bytes -= entry.bytes;
    if (entry.isWithdrawn) {
      this.withdrawn -= 1;
      this.withdrawnBytes -= entry.bytes;
    }
    entry.isWithdrawn = false;
    entry.status = failure === null ? 'delivered' : 'failed';
    this.#onSettled(entry, failure);
  }

  /** Passes over what is settled at the front, and gives the space of all that is settled back once it is most of the list. */
  #trim(): void {
    for (let head = this.#entries[this.#head]; head !== undefined && isFinal(head); head = this.#entries[this.#head]) {
      this.#head += 1;
    }
    // Not only at the front: behind messages in doubt any number may be dropped.
    if (this.#entries.length <= this.#unsettled * 2) return;
    const isOpen = (entry: Entry): boolean => !isFinal(entry);
    this.#cursor = this.#entries.slice(0, this.#cursor).filter(isOpen).length;
    this.#entries = this.#entries.filter(isOpen);
    this.#head = 0;
  }
}

function isWithdrawable({ status, maybeSent, isWithdrawn }: Entry): boolean {
  return status === 'queued' && !maybeSent && !isWithdrawn;
}

/** Whether a message has had its last word. */
export function isFinal({ status }: Entry): boolean {
  return status === 'delivered' || status === 'failed';
}
