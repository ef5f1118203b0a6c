import type { Environment } from '../environment/ports.ts';
import type { Failure } from '../lib/errors.ts';
import { utf8Length } from '../lib/utf8.ts';
import { ProducerLog, type Entry } from '../machines/producer-log.ts';
import { toError } from './receipts.ts';

interface Waiter {
  resolve(): void;
  reject(error: Error): void;
}

/** What `onConnect` sends: a log of its own for each connection, neither stored nor repeated. */
export class DirectSends {
  readonly #environment: Environment;
  readonly #onAdded: () => void;
  readonly #waiters = new Map<Entry, Waiter>();
  #log: ProducerLog | null = null;
  #abort = new AbortController();

  constructor(environment: Environment, onAdded: () => void) {
    this.#environment = environment;
    this.#onAdded = onAdded;
  }

  /** Aborts when the current connection ends. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** A connection begins: its log. */
  begin(): ProducerLog {
    this.#log = new ProducerLog(this.#environment.randomId(), (entry, failure) => this.#settled(entry, failure));
    return this.#log;
  }

  send(signal: AbortSignal, payload: string): Promise<void> {
    const log = this.#log;
    if (log === null || signal.aborted) return Promise.reject(this.#gone());
    const entry = log.append({ payload, bytes: utf8Length(payload), ttl: null, expiresAt: null });
    this.#onAdded();
    const sent = new Promise<void>((resolve, reject) => this.#waiters.set(entry, { resolve, reject }));
    // As with a receipt: whoever sends may wait for it or not, and a lost connection is no accident of the app.
    sent.catch(() => {});
    return sent;
  }

  /** The connection is gone: what it was given is nobody's any more. */
  end(): void {
    this.#log = null;
    this.#abort.abort(this.#gone());
    this.#abort = new AbortController();
    const waiters = [...this.#waiters.values()];
    this.#waiters.clear();
    for (const waiter of waiters) waiter.reject(this.#gone());
  }

  #settled(entry: Entry, failure: Failure | null): void {
    const waiter = this.#waiters.get(entry);
    this.#waiters.delete(entry);
    if (failure === null) waiter?.resolve();
    else waiter?.reject(toError(failure, this.#environment.wallClock()));
  }

  #gone(): Error {
    const failure: Failure = {
      code: 'OUTCOME_UNKNOWN',
      message: 'the connection ended before the message was confirmed',
    };
    return toError(failure, this.#environment.wallClock());
  }
}
