import type { Failure } from '../lib/errors.ts';
import type { ProducerClaim, Taken, WireError } from '../protocol/frames.ts';
import { Listing } from './listing.ts';
import { ProducerLog, type Entry } from './producer-log.ts';

/** A message that no log has yet. */
export function anEntry(changes: Partial<Entry> = {}): Entry {
  const payload = changes.payload ?? '"x"';
  return {
    seq: 0,
    payload,
    bytes: payload.length,
    status: 'queued',
    maybeSent: false,
    isWithdrawn: false,
    ttl: null,
    expiresAt: null,
    ...changes,
  };
}

/** A log that remembers what became of its messages: `1 ok`, `2 REFUSED`. */
export function aLog(id = 'own', settled: string[] = []): { log: ProducerLog; settled: string[]; server: ServerEnd } {
  const log = new ProducerLog(id, ({ seq }: Entry, failure: Failure | null) => {
    settled.push(`${seq} ${failure === null ? 'ok' : failure.code}`);
  });
  return { log, settled, server: new ServerEnd(log) };
}

/** Appends messages of so many bytes. */
export function add(log: ProducerLog, count: number, bytes = 10): Entry[] {
  return Array.from({ length: count }, () => {
    const entry = anEntry({ payload: 'x'.repeat(bytes) });
    log.append(entry);
    return entry;
  });
}

/** One log over a chain of connections, and what their servers say. */
export class ServerEnd {
  readonly #log: ProducerLog;
  #listing: Listing;

  constructor(log: ProducerLog) {
    this.#log = log;
    this.#listing = new Listing(log, 0);
  }

  get isReady(): boolean {
    return this.#listing.isReady;
  }

  /** What the log would claim now; a connection that has not begun begins with it. */
  claim(): ProducerClaim {
    const listing = new Listing(this.#log, 0);
    if (!this.isReady) this.#listing = listing;
    return listing.claim;
  }

  /** It ends. */
  lose(): void {
    this.#log.rewind();
    this.#listing = new Listing(this.#log, 0);
  }

  begin(taken: Taken): void {
    this.#listing.begin(taken);
  }

  acknowledge(seq: number): boolean {
    return this.#listing.acknowledge(seq);
  }

  refuse(seq: number, error: WireError): boolean {
    return this.#listing.refuse(seq, error);
  }

  /** Sends all that the log would send, and tells it as frames. */
  send(most = Number.POSITIVE_INFINITY): string[] {
    const frames: string[] = [];
    for (let entry = this.#log.peek(); entry !== undefined && frames.length < most; entry = this.#log.peek()) {
      const skipsTo = this.#listing.send(entry);
      if (skipsTo !== null) frames.push(`s ${skipsTo}`);
      frames.push(`m ${entry.seq}`);
    }
    return frames;
  }
}
