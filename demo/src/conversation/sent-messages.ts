import type { HoldfastError, Receipt, Socket } from '@holdfast/core';
import { createFrameStore, type FrameStore } from '../lib/frame-store.ts';
import type { Lanes } from '../lanes/lanes.ts';
import type { Line, NumberedMessage, ServerMessage, WatchMessage } from '../messages.ts';
import { QUEUE_LIMIT } from './limits.ts';
import type { Records } from './records.ts';
import type { Run } from './run.ts';

/** Where a message is, in the order in which it gets there. */
export const DELIVERY_STATUSES = ['waiting', 'stored', 'wire', 'delivered', 'failed'] as const;
export type DeliveryStatus = (typeof DELIVERY_STATUSES)[number];

export interface SentMessage {
  readonly id: string;
  readonly number: number;
  readonly what: string;
  readonly status: DeliveryStatus;
  readonly error: HoldfastError | null;
}

export interface Burst {
  readonly size: number;
  readonly storedAfterMs: number | null;
  readonly deliveredAfterMs: number | null;
}

export interface SentMessages {
  /** Messages of this page by status. */
  readonly counts: { readonly [status in DeliveryStatus]: number };
  /** Messages of this page whose outcome is open. */
  readonly unsettled: number;
  /** The newest, newest first. */
  readonly latest: readonly SentMessage[];
  /** The newest of those that failed, newest first. */
  readonly failures: readonly SentMessage[];
  readonly lastBurst: Burst | null;
  /** Why nothing was stored the last time that something should have been; null: it was. */
  readonly storageError: HoldfastError | null;
}

interface Entry {
  readonly number: number;
  readonly what: string;
  readonly receipt: Receipt;
}

/** What a message carries beside its number. */
type Content = Pick<NumberedMessage, 'text' | 'line' | 'hue' | 'clear'>;

const LATEST = 50;
const FAILURES = 20;

/** Somebody outside who wants to know of every message that is safe, such as a test that kills this browser. */
declare global {
  interface Window {
    onMessageStored?: (run: string, number: number) => void;
  }
}

export type ConversationSocket = Socket<ServerMessage, NumberedMessage | WatchMessage>;

/** What this page has sent and what became of it. */
export class Outgoing {
  readonly store: FrameStore<SentMessages>;
  readonly run: Run;
  readonly #socket: ConversationSocket;
  readonly #lanes: Lanes;
  readonly #records: Records;
  /** Messages whose outcome is open, oldest first; the outbox bounds them. */
  #open: Entry[] = [];
  #latest: Entry[] = [];
  #failures: Entry[] = [];
  #delivered = 0;
  #failed = 0;
  #lastBurst: Burst | null = null;
  #storageError: HoldfastError | null = null;

  constructor(socket: ConversationSocket, run: Run, lanes: Lanes, records: Records) {
    this.#socket = socket;
    this.run = run;
    this.#lanes = lanes;
    this.#records = records;
    this.store = createFrameStore(() => this.#look());
    socket.subscribe(this.store.invalidate);
    socket.on('error', (error) => {
      if (error.code.startsWith('STORAGE_')) this.#noteStorage(error);
    });
    records.onOwn(this.store.invalidate);
  }

  /** How many more messages the outbox takes. */
  get room(): number {
    const { queued, inFlight } = this.#socket.getStats();
    return Math.max(0, QUEUE_LIMIT - queued - inFlight);
  }

  /** Numbers that a reload may lose: they are in this page's memory and nowhere else. */
  unsaved(): number[] {
    const isOpen = ({ status }: Receipt): boolean => status === 'queued' || status === 'inFlight';
    return this.#open.filter(({ receipt }) => isOpen(receipt) && !receipt.isStored).map(({ number }) => number);
  }

  sendText(text: string): void {
    this.#send([{ text }]);
  }

  /** Gives the number of the first; those after it follow. */
  sendLines(lines: readonly Line[], hue: number): number {
    const first = this.run.last + 1;
    this.#send(lines.map((line) => ({ line, hue })));
    return first;
  }

  clearBoard(): void {
    this.#send([{ clear: true }]);
  }

  sendBurst(size: number): void {
    const startedAt = performance.now();
    const last = this.#send(Array.from({ length: size }, () => ({})));
    if (last === undefined) return;
    let burst: Burst = { size, storedAfterMs: null, deliveredAfterMs: null };
    this.#lastBurst = burst;
    const note = (key: 'storedAfterMs' | 'deliveredAfterMs') => (): void => {
      const isCurrent = this.#lastBurst === burst;
      burst = { ...burst, [key]: performance.now() - startedAt };
      if (isCurrent) this.#lastBurst = burst;
      this.store.invalidate();
    };
    last.stored.then(note('storedAfterMs'), ignore);
    last.delivered.then(note('deliveredAfterMs'), ignore);
  }

  #send(contents: readonly Content[]): Receipt | undefined {
    const first = this.run.take(contents.length);
    const watcher = window.onMessageStored;
    let last: Receipt | undefined;
    contents.forEach((content, index) => {
      const number = first + index;
      const message: NumberedMessage = { run: this.run.id, number, sentAt: Date.now(), ...content };
      const receipt = this.#socket.send(message);
      this.#lanes.send(message);
      const entry = { number, what: describe(content), receipt };
      this.#open.push(entry);
      this.#latest.push(entry);
      if (this.#latest.length > 2 * LATEST) this.#latest = this.#latest.slice(-LATEST);
      if (watcher !== undefined) receipt.stored.then(() => watcher(this.run.id, number), ignore);
      last = receipt;
    });
    // What is waited for is written at the end of the turn, with all before it: a reload loses milliseconds at most.
    last?.stored.then(() => this.#noteStorage(null), ignore);
    this.store.invalidate();
    return last;
  }

  #noteStorage(error: HoldfastError | null): void {
    this.#storageError = error;
    this.store.invalidate();
  }

  /** Runs ten times a second: one pass over what is open, and nothing for what is settled. */
  #look(): SentMessages {
    const recorded = this.#records.own?.holdfast.highest ?? 0;
    const counts = { waiting: 0, stored: 0, wire: 0 };
    this.#open = this.#open.filter((entry) => {
      const status = statusOf(entry, recorded);
      if (status === 'delivered') this.#delivered += 1;
      else if (status === 'failed') {
        this.#failed += 1;
        this.#failures = [entry, ...this.#failures].slice(0, FAILURES);
      } else {
        counts[status] += 1;
        return true;
      }
      return false;
    });
    const show = (entry: Entry): SentMessage => ({
      id: entry.receipt.id,
      number: entry.number,
      what: entry.what,
      status: statusOf(entry, recorded),
      error: entry.receipt.error,
    });
    return {
      counts: { ...counts, delivered: this.#delivered, failed: this.#failed },
      unsettled: this.#open.length,
      latest: this.#latest.slice(-LATEST).reverse().map(show),
      failures: this.#failures.map(show),
      lastBurst: this.#lastBurst,
      storageError: this.#storageError,
    };
  }
}

/** A message counts as delivered here when the server's record shows it, too: the two counts never contradict each other. */
function statusOf({ receipt, number }: Entry, recorded: number): DeliveryStatus {
  switch (receipt.status) {
    case 'queued':
      return receipt.isStored ? 'stored' : 'waiting';
    case 'inFlight':
      return 'wire';
    case 'delivered':
      return number <= recorded ? 'delivered' : 'wire';
    case 'failed':
      return 'failed';
  }
}

function describe({ text, line, clear }: Content): string {
  if (text !== undefined) return text;
  if (line !== undefined) return `line to ${line[2]}, ${line[3]}`;
  return clear === true ? 'wipes the board' : 'of a burst';
}

// The receipt's status tells the same; without a handler the browser would report the rejection as an accident.
const ignore = (): void => {};
