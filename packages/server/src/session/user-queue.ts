import { Deque, type EncodedPayload } from '@holdfast/core/protocol';
import type { Appended, NewUserMessage, UserMessage, UserQueueStore } from '../stores/ports.ts';
import { Carrier } from './carrier.ts';
import type { Context } from './context.ts';
import type { ServerSession } from './server-session.ts';

/** What became of `sendTo`. */
export type SendToStatus = 'sent' | 'queued' | 'duplicate' | 'dropped';

/** A message of a user that no session has acknowledged. */
export interface UserEntry {
  readonly seq: number;
  readonly payload: EncodedPayload;
  /** On the engine's clock. */
  readonly expiresAt: number;
  /** Some session has acknowledged it, or its time is over. */
  isGone: boolean;
}

/** After a store that failed. */
const LOAD_RETRY_MS = 1_000;

/**
 * The messages of one user: each is written to the store first, then travels in all of the user's sessions in the order
 * of the queue, and leaves it when one of them has acknowledged it. So what is acknowledged is always the queue's
 * beginning. In memory while the user has sessions, or a call of the store is under way.
 */
export class UserQueue {
  readonly user: string;
  readonly #context: Context;
  readonly #store: UserQueueStore;
  readonly #onIdle: (queue: UserQueue) => void;
  readonly #carriers = new Set<Carrier>();
  /** What waits; complete only when loaded. */
  readonly #entries = new Deque<UserEntry>();
  /** How many entries have left at the front: carriers count their places from the first ever. */
  #gone = 0;
  #newest = 0;
  #isLoaded = false;
  /** Answers of the store are taken in the order of the calls. */
  #answers: Promise<unknown> = Promise.resolve();
  #calls = 0;
  #cancelRetry: () => void = () => {};

  constructor(user: string, context: Context, store: UserQueueStore, onIdle: (queue: UserQueue) => void) {
    this.user = user;
    this.#context = context;
    this.#store = store;
    this.#onIdle = onIdle;
  }

  /** A session has begun: it gets all that waits. */
  join(session: ServerSession): void {
    const carrier = new Carrier(session, this.#context.limits.replay, {
      place: this.#gone,
      confirmed: (through) => this.#confirmed(carrier, through),
      ready: () => this.#flow(carrier),
      ended: () => this.#leave(carrier),
    });
    session.carrier = carrier;
    this.#carriers.add(carrier);
    if (this.#isLoaded) this.#flow(carrier);
    else if (this.#carriers.size === 1) this.#load();
  }

  async add(message: NewUserMessage): Promise<SendToStatus> {
    const { environment, limits } = this.#context;
    const { userQueue } = limits;
    const expiresAt = environment.now() + message.ttlMs;
    return this.#inOrder(this.#store.append(this.user, message, userQueue), (appended) =>
      this.#appended(appended, { payload: message.payload, expiresAt }),
    );
  }

  /** The store has withdrawn what has expired. */
  expired(seqs: readonly number[]): void {
    if (seqs.length === 0) return;
    const known = new Map([...this.#entries].map((entry) => [entry.seq, entry]));
    let count = 0;
    for (const seq of seqs) {
      const entry = known.get(seq);
      if (entry?.isGone === true) continue;
      if (entry !== undefined) entry.isGone = true;
      count += 1;
    }
    this.#dropped('expired', count);
  }

  /** Resolves when the store has answered all. */
  async rest(): Promise<void> {
    this.#cancelRetry();
    await this.#answers;
  }

  #load(): void {
    this.#cancelRetry();
    this.#inOrder(this.#store.load(this.user), (messages) => this.#loaded(messages)).catch((fault: unknown) => {
      this.#context.reporter.fault('store.failed', fault, { during: 'load of a user queue' });
      if (this.#context.isClosing) return;
      this.#cancelRetry = this.#context.environment.setTimer(LOAD_RETRY_MS, () => {
        if (this.#carriers.size > 0 && !this.#isLoaded) this.#load();
      });
    });
  }

  #loaded(messages: readonly UserMessage[]): void {
    if (this.#carriers.size === 0 || this.#isLoaded) return;
    const now = this.#context.environment.now();
    this.#isLoaded = true;
    this.#newest = 0;
    for (const { seq, payload, leftMs } of messages) this.#push({ seq, payload, expiresAt: now + leftMs });
    this.#flowAll();
  }

  #appended(appended: Appended, message: Pick<UserEntry, 'payload' | 'expiresAt'>): SendToStatus {
    this.expired(appended.expired);
    switch (appended.type) {
      case 'duplicate':
        return 'duplicate';
      case 'full':
        this.#dropped('overflow', 1);
        return 'dropped';
      case 'added':
        if (!this.#isLoaded) return 'queued';
        this.#push({ seq: appended.seq, ...message });
        this.#flowAll();
        return [...this.#carriers].some((carrier) => carrier.hasSent(appended.seq)) ? 'sent' : 'queued';
    }
  }

  #push(entry: Omit<UserEntry, 'isGone'>): void {
    // Known from the load that came after the write.
    if (entry.seq <= this.#newest) return;
    this.#newest = entry.seq;
    this.#entries.push({ ...entry, isGone: false });
  }

  #flowAll(): void {
    for (const carrier of this.#carriers) this.#flow(carrier);
  }

  /** Lets what is next travel in a session, as far as it has room; up to `through` in any case. */
  #flow(carrier: Carrier, through = 0): void {
    const now = this.#context.environment.now();
    let late = 0;
    for (;;) {
      const entry = this.#entries.at(carrier.place - this.#gone);
      if (entry === undefined) break;
      if (!entry.isGone && entry.expiresAt <= now) {
        entry.isGone = true;
        late += 1;
      }
      if (!entry.isGone) {
        if (entry.seq > through && !carrier.hasRoom(entry)) break;
        carrier.take(entry);
      }
      carrier.place += 1;
    }
    this.#dropped('expired', late);
  }

  /** A session has acknowledged everything up to `through`, and has room again. */
  #confirmed(carrier: Carrier, through: number): void {
    const first = this.#entries.at(0);
    // Most of many sessions come second: what they acknowledge concerns nobody else.
    if (first !== undefined && first.seq <= through) this.#settle(through);
    this.#flow(carrier);
  }

  #settle(through: number): void {
    // The other sessions get it, too: from here on it is theirs to keep.
    for (const carrier of this.#carriers) this.#flow(carrier, through);
    for (let entry = this.#entries.at(0); entry !== undefined && entry.seq <= through; entry = this.#entries.at(0)) {
      entry.isGone = true;
      this.#entries.shift();
      this.#gone += 1;
    }
    this.#inOrder(this.#store.settle(this.user, through), () => {}).catch((fault: unknown) =>
      // It stays there, and comes again to the user's next session.
      this.#context.reporter.fault('store.failed', fault, { during: 'settling of a user queue' }),
    );
  }

  #leave(carrier: Carrier): void {
    this.#carriers.delete(carrier);
    if (this.#carriers.size > 0) return;
    this.#cancelRetry();
    this.#gone += this.#entries.length;
    this.#entries.clear();
    this.#isLoaded = false;
    this.#rested();
  }

  /** Takes an answer of the store when those to earlier calls were taken. */
  async #inOrder<T, R>(call: Promise<T>, take: (answer: T) => R): Promise<R> {
    this.#calls += 1;
    // It may fail before its turn comes.
    call.catch(() => {});
    const before = this.#answers;
    const taken = (async () => {
      await before;
      return take(await call);
    })();
    this.#answers = taken.then(
      () => {},
      () => {},
    );
    try {
      return await taken;
    } finally {
      this.#calls -= 1;
      this.#rested();
    }
  }

  #rested(): void {
    if (this.#carriers.size === 0 && this.#calls === 0) this.#onIdle(this);
  }

  #dropped(reason: 'expired' | 'overflow', count: number): void {
    if (count === 0) return;
    const { reporter, environment } = this.#context;
    reporter.report('warn', 'user-queue.dropped', undefined, {
      identity: environment.hashIdentity(this.user),
      reason,
      count,
    });
  }
}
