import type { Failure } from '../lib/errors.ts';
import { isFinal, type Entry, type ProducerLog } from './producer-log.ts';

/** Connections that die with the same message first in line, before messages are sent one by one. */
const STRIKES = 2;
/** Connections that die of a message that was alone on them, before it is set aside. */
const MOST_TRIES = 5;
/** A connection that lives for this long with a message did not die of it. */
const LETHAL_WITHIN_MS = 10_000;
/** How long a connection must live at least with nothing sent, to show that the network is well. */
const QUIET_MS = 1_000;
/** How connections end that a message may have killed: a crash, a message that is too big on the way, an internal error. */
const LETHAL_CODES = [1006, 1009, 1011];
const TOO_BIG = 1009;

/**
 * Finds the message that ends every connection on which it is sent, so that the rest can go on. Two steps: when connections
 * die again and again with the same message first in line, messages go one by one; and a message of which a connection
 * dies alone is tried again only after a connection with nothing on it has outlived that one, or else the network is to
 * blame. A connection that ends before its welcome blames nothing.
 */
export class Suspicion {
  readonly #now: () => number;
  /** First in line when a connection last died, and how often it was. */
  #first: Entry | undefined;
  #strikes = 0;
  /** Messages up to this one of this log go one by one. */
  #range: { readonly log: ProducerLog; readonly upTo: number } | null = null;
  /** The message that is alone on the wire. */
  #alone: { readonly log: ProducerLog; readonly entry: Entry; readonly at: number } | null = null;
  /** The one that a connection died of, unless a quiet connection dies as soon. */
  #suspect: { readonly log: ProducerLog; readonly entry: Entry; readonly quietMs: number } | null = null;
  /** Since when nothing was sent on this connection. */
  #quietSince = 0;
  #tries = new WeakMap<Entry, number>();

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Messages are to be sent one by one, each in a WebSocket message of its own. */
  get isCareful(): boolean {
    if (this.#range !== null && this.#range.log.firstUnsettled > this.#range.upTo) this.#range = null;
    return this.#range !== null;
  }

  /** The outbox flows on a new connection: what belongs to none of these logs any more is another page's affair. */
  start(logs: readonly ProducerLog[]): void {
    if (this.#range !== null && !logs.includes(this.#range.log)) this.#range = null;
    if (this.#suspect !== null && !logs.includes(this.#suspect.log)) this.#suspect = null;
    this.#quietSince = this.#now();
  }

  /** How long nothing may be sent yet; what has earned it is set aside. */
  waitMs(): number {
    if (this.#suspect === null) return 0;
    const { log, entry, quietMs } = this.#suspect;
    const isOver = isFinal(entry);
    const left = isOver ? 0 : this.#quietSince + quietMs - this.#now();
    if (left > 0) return left;
    this.#suspect = null;
    if (isOver) return 0;
    const tries = (this.#tries.get(entry) ?? 0) + 1;
    this.#tries.set(entry, tries);
    if (tries < MOST_TRIES) return 0;
    this.#range = null;
    log.fail(entry, poisonous(tries));
    return 0;
  }

  /** A message was written. */
  sent(log: ProducerLog, entry: Entry): void {
    this.#alone = this.isCareful ? { log, entry, at: this.#now() } : null;
  }

  /** The connection of `logs` is gone, with what is in flight on them. */
  ended(code: number | undefined, logs: readonly ProducerLog[]): void {
    const alone = this.#alone;
    this.#alone = null;
    // Nothing was sent, and yet it died: it was not the message.
    this.#suspect = null;
    const log = logs.find(({ inFlight }) => inFlight > 0);
    if (log === undefined || code === undefined || !LETHAL_CODES.includes(code)) return;
    if (alone !== null && alone.entry.status === 'inFlight') {
      const lifeMs = this.#now() - alone.at;
      if (lifeMs > LETHAL_WITHIN_MS) return;
      // Who says that it is too big blames it.
      const quietMs = code === TOO_BIG ? 0 : Math.max(QUIET_MS, 2 * lifeMs);
      this.#suspect = { log: alone.log, entry: alone.entry, quietMs };
      return;
    }
    const [first] = log.entries;
    this.#strikes = first === this.#first ? this.#strikes + 1 : 1;
    this.#first = first;
    if (this.#strikes >= STRIKES) this.#range = { log, upTo: log.maybeSent };
  }
}

function poisonous(tries: number): Failure {
  const message = `${tries} connections ended right after it was sent on them alone: it may have been taken, and is not sent again`;
  return { code: 'MESSAGE_POISONOUS', message, details: { tries } };
}
