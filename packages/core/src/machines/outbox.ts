import type { Failure } from '../lib/errors.ts';
import type { Entry, ProducerLog } from './producer-log.ts';

/** How much may be in flight at once, over all logs. */
export interface Window {
  readonly messages: number;
  readonly bytes: number;
}

/**
 * All logs of one socket: its own, those that it took over from pages that are gone, and the one of `onConnect`. The
 * window is shared, but each log may always have one message in flight, so that none starves and none is too big.
 */
export class OutboxQueue {
  own: ProducerLog;
  /** In the order in which they are sent; the own log is always among them. */
  readonly logs: ProducerLog[];
  readonly #maxMessages: number;

  constructor(own: ProducerLog, maxMessages: number) {
    this.own = own;
    this.logs = [own];
    this.#maxMessages = maxMessages;
  }

  get isFull(): boolean {
    return this.own.unsettled >= this.#maxMessages;
  }

  get isEmpty(): boolean {
    return this.logs.every((log) => log.isSettled);
  }

  get inFlight(): number {
    return this.logs.reduce((sum, log) => sum + log.inFlight, 0);
  }

  get unsettled(): number {
    return this.logs.reduce((sum, log) => sum + log.unsettled, 0);
  }

  /** Adds a log that goes before the own one. */
  adopt(log: ProducerLog): void {
    this.logs.splice(this.logs.indexOf(this.own), 0, log);
  }

  /** Puts a fresh log in the place of the own one, which belongs to another page by now. */
  replaceOwn(log: ProducerLog): void {
    this.logs[this.logs.indexOf(this.own)] = log;
    this.own = log;
  }

  remove(log: ProducerLog): void {
    const place = this.logs.indexOf(log);
    if (place !== -1) this.logs.splice(place, 1);
  }

  fullFailure(): Failure {
    return {
      code: 'QUEUE_FULL',
      message: `the outbox holds ${this.own.unsettled} messages, its most; wait for some to be delivered`,
      details: { maxMessages: this.#maxMessages },
    };
  }

  /** Whether a log before this one is here and unsettled, behind settled ones too. */
  #isBlocked(log: ProducerLog): boolean {
    for (let { after } = log; after !== null; { after } = after) {
      if (!after.isSettled && this.logs.includes(after)) return true;
    }
    return false;
  }

  /**
   * Hands every message that may be sent now to `write`, in order. `direct` is the log of `onConnect`: it goes before
   * all others, and alone unless `isFlowing`.
   */
  pump(
    window: Window,
    write: (log: ProducerLog, entry: Entry, skipsTo: number | null) => void,
    { direct = null, isFlowing = true }: { readonly direct?: ProducerLog | null; readonly isFlowing?: boolean } = {},
  ): void {
    const first = direct === null ? [] : [direct];
    const counted = [...first, ...this.logs];
    let messages = counted.reduce((sum, log) => sum + log.inFlight, 0);
    let bytes = counted.reduce((sum, log) => sum + log.inFlightBytes, 0);
    for (const log of isFlowing ? counted : first) {
      if (!log.isReady || this.#isBlocked(log)) continue;
      for (let entry = log.peek(); entry !== undefined; entry = log.peek()) {
        const fits = messages < window.messages && bytes + entry.bytes <= window.bytes;
        if (!fits && log.inFlight > 0) break;
        const { skipsTo } = log.send(entry);
        messages += 1;
        bytes += entry.bytes;
        write(log, entry, skipsTo);
      }
    }
  }
}
