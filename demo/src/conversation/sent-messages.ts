import type { HoldfastError, Receipt, Socket } from '@holdfast/core';
import { createFrameStore, type FrameStore } from '../lib/frame-store.ts';
import type { NumberedMessage, ServerMessage } from '../messages.ts';
import type { Run } from './run.ts';

/** Where a message is, in the order in which it gets there. */
export const DELIVERY_STATUSES = ['waiting', 'stored', 'wire', 'delivered', 'failed'] as const;
export type DeliveryStatus = (typeof DELIVERY_STATUSES)[number];

export interface SentMessage {
  readonly id: string;
  readonly number: number;
  readonly text: string | null;
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
  readonly lastBurst: Burst | null;
}

interface Entry {
  readonly number: number;
  readonly text: string | null;
  readonly receipt: Receipt;
}

const LATEST = 50;

/** Somebody outside who wants to know of every message that is safe, such as a test that kills this browser. */
declare global {
  interface Window {
    onMessageStored?: (run: string, number: number) => void;
  }
}

export type ConversationSocket = Socket<ServerMessage, NumberedMessage>;

/** What this page has sent and what became of it. */
export class Outgoing {
  readonly store: FrameStore<SentMessages>;
  readonly run: Run;
  readonly #socket: ConversationSocket;
  /** Messages whose outcome is open, oldest first; the outbox bounds them. */
  #open: Entry[] = [];
  #latest: Entry[] = [];
  #delivered = 0;
  #failed = 0;
  #lastBurst: Burst | null = null;

  constructor(socket: ConversationSocket, run: Run) {
    this.#socket = socket;
    this.run = run;
    this.store = createFrameStore(() => this.#look());
    socket.subscribe(this.store.invalidate);
  }

  sendText(text: string): void {
    this.#send([text]);
  }

  sendBurst(size: number): void {
    const startedAt = performance.now();
    const last = this.#send(Array.from({ length: size }, () => null));
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

  #send(texts: readonly (string | null)[]): Receipt | undefined {
    const first = this.run.take(texts.length);
    const watcher = window.onMessageStored;
    let last: Receipt | undefined;
    texts.forEach((text, index) => {
      const number = first + index;
      const message: NumberedMessage = {
        run: this.run.id,
        number,
        sentAt: Date.now(),
        ...(text === null ? {} : { text }),
      };
      const receipt = this.#socket.send(message);
      const entry = { number, text, receipt };
      this.#open.push(entry);
      this.#latest.push(entry);
      if (this.#latest.length > 2 * LATEST) this.#latest = this.#latest.slice(-LATEST);
      if (watcher !== undefined) receipt.stored.then(() => watcher(this.run.id, number), ignore);
      last = receipt;
    });
    last?.stored.then(this.store.invalidate, ignore);
    this.store.invalidate();
    return last;
  }

  /** Runs once a frame: one pass over what is open, and nothing for what is settled. */
  #look(): SentMessages {
    const counts = { waiting: 0, stored: 0, wire: 0 };
    this.#open = this.#open.filter(({ receipt }) => {
      const status = statusOf(receipt);
      if (status === 'delivered') this.#delivered += 1;
      else if (status === 'failed') this.#failed += 1;
      else {
        counts[status] += 1;
        return true;
      }
      return false;
    });
    return {
      counts: { ...counts, delivered: this.#delivered, failed: this.#failed },
      unsettled: this.#open.length,
      latest: this.#latest
        .slice(-LATEST)
        .reverse()
        .map(({ number, text, receipt }) => ({
          id: receipt.id,
          number,
          text,
          status: statusOf(receipt),
          error: receipt.error,
        })),
      lastBurst: this.#lastBurst,
    };
  }
}

function statusOf(receipt: Receipt): DeliveryStatus {
  switch (receipt.status) {
    case 'queued':
      return receipt.isStored ? 'stored' : 'waiting';
    case 'inFlight':
      return 'wire';
    case 'delivered':
    case 'failed':
      return receipt.status;
  }
}

// The receipt's status tells the same; without a handler the browser would report the rejection as an accident.
const ignore = (): void => {};
