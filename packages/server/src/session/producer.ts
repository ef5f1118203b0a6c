import { Deque, type MessageData, type Taken } from '@holdfast/core/protocol';
import type { Context } from './context.ts';
import { runHandler, type Outcome } from './handler-run.ts';
import { Position } from './position.ts';
import type { Slot } from './slot.ts';
import type { Turned } from './turns.ts';

type Entry =
  | { readonly kind: 'message'; readonly seq: number; readonly data: MessageData; readonly slot: Slot }
  /** Everything up to `seq` that has not come is withdrawn. */
  | { readonly kind: 'skip'; seq: number };

/**
 * One producer in memory: who owns it, what waits, what runs, how far it has come, and how much of that is written
 * down. One handler at a time, in order; acknowledged is only what the store has.
 *
 * It is in memory while a connection owns it or something is under way, and loaded from the store by the first claim.
 */
export class Producer implements Turned {
  readonly key: string;
  readonly identity: string;
  /** Who shares the bound on what the store remembers. */
  readonly group: string;
  /** The connection that speaks for it; null: none, what was received still runs. */
  owner: Slot | null = null;
  /** Earlier owners whose connections are still there. */
  readonly #displaced = new Set<Slot>();
  readonly #id: string;
  readonly #context: Context;
  readonly #onVacant: (producer: Producer) => void;
  readonly #onUnknown: (producer: Producer) => void;

  #queue = new Deque<Entry>();
  #isRunning = false;
  /** Of the handlers that may run at once: asked for one, or has one and hasn't used it yet. */
  #turn: 'none' | 'asked' | 'given' = 'none';
  /** Ends the wait for the session's next share; null: none is waited for. */
  #cancelPace: (() => void) | null = null;
  #isWriting = false;
  /** Loading, releasing or forgetting. */
  #isMoving = false;
  #isLoaded = false;
  /** The store or the app's database failed in the middle: what is here counts no more and is read again. */
  #isBroken = false;
  /** Claims that wait for this to come to rest. */
  #claims = 0;
  #waiting: (() => void)[] = [];

  readonly #position: Position;

  constructor(options: {
    key: string;
    identity: string;
    group: string;
    id: string;
    context: Context;
    /** Nothing is left to do here: it may leave memory. */
    onVacant: (producer: Producer) => void;
    /** The store had never heard of it. */
    onUnknown: (producer: Producer) => void;
  }) {
    this.key = options.key;
    this.identity = options.identity;
    this.group = options.group;
    this.#id = options.id;
    this.#context = options.context;
    this.#onVacant = options.onVacant;
    this.#onUnknown = options.onUnknown;
    this.#position = new Position(options.context.limits.window.messages);
  }

  get isRunning(): boolean {
    return this.#isRunning;
  }

  /** Whether nothing runs, waits or is being written. */
  get isAtRest(): boolean {
    return !this.#isRunning && !this.#isWriting && !this.#isMoving && this.#queue.length === 0;
  }

  /** Makes `slot` the owner at once: what an earlier one sent and nobody started is discarded. */
  take(slot: Slot): void {
    const previous = this.owner;
    this.owner = slot;
    this.#queue.clear();
    for (const lost of this.#displaced) if (lost.host === slot.host) this.#displaced.delete(lost);
    if (previous === null) return;
    if (previous.host !== slot.host) this.#displaced.add(previous);
    previous.host.displaced(previous);
  }

  /** Resolves when the last run of the earlier owner has settled and `begin` may be called. Rejects when the store fails. */
  async ready(slot: Slot): Promise<void> {
    this.#claims += 1;
    try {
      for (;;) {
        if (this.owner !== slot) return;
        if (!this.isAtRest) await this.#rest();
        else if (!this.#isLoaded) await this.#load();
        else return;
      }
    } finally {
      this.#claims -= 1;
      this.#settle();
    }
  }

  /** What the client is told, and where it goes on. */
  begin(slot: Slot): Taken {
    slot.isTold = true;
    // Displaced while it waited: what it hears is true, though nothing that follows will be taken here.
    if (this.owner !== slot) return this.#isLoaded ? this.#position.glimpse(slot.claim) : null;
    const taken = this.#position.begin(slot.claim);
    slot.last = this.#position.done;
    slot.acknowledged = this.#position.done;
    return taken;
  }

  /** The next message of the owner. */
  accept(slot: Slot, seq: number, data: MessageData): void {
    this.#position.sending();
    this.#queue.push({ kind: 'message', seq, data, slot });
    this.#pump();
  }

  /** The owner has withdrawn what it has not sent, up to `seq`. */
  skip(seq: number): void {
    this.#position.sending();
    // One behind another says no more than the last: else they could fill the memory, since no window counts them.
    const last = this.#queue.at(this.#queue.length - 1);
    if (last?.kind === 'skip') last.seq = seq;
    else this.#queue.push({ kind: 'skip', seq });
    this.#pump();
  }

  turn(): void {
    this.#turn = 'given';
    if (this.#queue.length > 0) this.#pump();
    // What it was asked for is gone, or must wait for a write: others need not.
    if (!this.#isTurnLeft()) return;
    this.#turn = 'none';
    this.#context.turns.done(this);
  }

  /**
   * Nobody owns it from here on. Who was displaced and is still there may believe that it does, and wait for an
   * acknowledgement: the claim that took it away may have been late, of a page that is gone. Only one that asks again is right.
   */
  disown(): void {
    this.owner = null;
    const displaced = [...this.#displaced];
    this.#displaced.clear();
    for (const slot of displaced) slot.host.claimLost(slot);
  }

  /** The owner's connection is gone. What it sent goes on, unless `discard`. */
  abandon(slot: Slot, discard: boolean): void {
    this.#displaced.delete(slot);
    if (this.owner !== slot) return;
    if (discard) this.#queue.clear();
    this.disown();
    this.#settle();
  }

  async whenAtRest(): Promise<void> {
    while (!this.isAtRest) await this.#rest();
  }

  /** Drops what has not started. */
  discard(): void {
    this.#queue.clear();
    this.#settle();
  }

  /** Forgets all about it, unless somebody owns it by the time that it rests. */
  async forget(): Promise<void> {
    this.#claims += 1;
    try {
      await this.whenAtRest();
      if (this.owner !== null) return;
      this.#isMoving = true;
      try {
        await this.#context.store.forget(this.key);
        this.#isLoaded = false;
      } finally {
        this.#isMoving = false;
      }
    } catch (fault) {
      this.#context.reporter.fault('store.failed', fault, { during: 'forget', producer: this.#id });
    } finally {
      this.#claims -= 1;
      this.#settle();
    }
  }

  async #load(): Promise<void> {
    const { store, positions } = this.#context;
    this.#isMoving = true;
    try {
      const claimed = await store.claim(this.key, this.group);
      this.#position.load(claimed, positions === undefined ? undefined : await positions.load(this.key));
      this.#isBroken = false;
      this.#isLoaded = true;
      if (this.#position.isForgotten) this.#onUnknown(this);
    } finally {
      this.#isMoving = false;
      this.#wake();
    }
  }

  #pump(): void {
    // The app's own position passes a refusal with the next message: the refusal must be written before that one runs.
    if (this.#context.positions !== undefined) this.#persist();
    const waits = this.#context.positions !== undefined && this.#isWriting;
    if (!this.#isRunning && !this.#isBroken && !this.#context.isClosing && !waits) this.#startNext();
    this.#persist();
  }

  #startNext(): void {
    for (let entry = this.#queue.at(0); entry !== undefined; entry = this.#queue.at(0)) {
      if (entry.kind === 'message') {
        if (!entry.slot.host.mayRun) {
          // The client sends it again when it has proved who it is.
          this.#queue.clear();
          return;
        }
        if (this.#isPaced(entry.slot) || !this.#hasTurn()) return;
        entry.slot.host.session.pace.take();
        this.#queue.shift();
        this.#turn = 'none';
        this.#isRunning = true;
        void this.#run(entry);
        return;
      }
      this.#queue.shift();
      this.#position.advance(entry.seq, true);
    }
  }

  /** Whether the session has had its share for now; then it goes on by itself. */
  #isPaced({ host }: Slot): boolean {
    const { environment, limited } = this.#context;
    const { waitMs } = host.session.pace;
    if (waitMs === 0) return false;
    if (this.#cancelPace === null) {
      limited.reached('messagesPerSecond', { session: host.session.id });
      this.#cancelPace = environment.setTimer(waitMs, () => {
        this.#cancelPace = null;
        this.#pump();
        this.#settle();
      });
    }
    return true;
  }

  /** Whether it may run a handler now; else it is called when it may. */
  #hasTurn(): boolean {
    if (this.#turn === 'none') this.#turn = this.#context.turns.ask(this) ? 'given' : 'asked';
    return this.#turn === 'given';
  }

  async #run(entry: Entry & { kind: 'message' }): Promise<void> {
    const job = {
      session: entry.slot.host.session,
      key: this.key,
      producerId: this.#id,
      seq: entry.seq,
      data: entry.data,
      redelivered: this.#position.isSuspect(entry.seq),
      fence: this.#position.fence,
      mayRun: () => entry.slot.host.mayRun,
    };
    const outcome = await runHandler(job, this.#context);
    this.#isRunning = false;
    this.#context.turns.done(this);
    this.#conclude(entry.seq, outcome);
    this.#pump();
    this.#settle();
  }

  #conclude(seq: number, outcome: Outcome): void {
    switch (outcome.type) {
      case 'taken':
        this.#position.refusals.count(seq);
        this.#position.advance(seq, this.#context.positions === undefined);
        return;
      case 'refused':
        this.#position.refusals.count(seq, outcome.error);
        this.#position.advance(seq, true);
        return;
      case 'abandoned':
        this.#queue.clear();
        return;
      case 'unknown':
        this.#break();
        return;
    }
  }

  #persist(): void {
    const { done, persisted, needsWrite } = this.#position;
    if (this.#isWriting || this.#isBroken || this.#context.isClosed || persisted === done) return;
    if (needsWrite) void this.#write();
    else this.#written(done);
  }

  /** Writes the newest position until there is no newer one: what finishes meanwhile shares the next write. */
  async #write(): Promise<void> {
    this.#isWriting = true;
    try {
      while (this.#position.needsWrite && !this.#isBroken) {
        const seq = this.#position.done;
        await this.#store();
        this.#written(seq);
      }
    } catch (fault) {
      this.#context.reporter.fault('store.failed', fault, { during: 'advance', producer: this.#id });
      this.#break();
    } finally {
      this.#isWriting = false;
    }
    this.#pump();
    this.#settle();
  }

  /** Writes the position as it is now. */
  async #store(): Promise<void> {
    const { fence, done, refusals } = this.#position;
    this.#position.needsWrite = false;
    await this.#context.store.advance(this.key, fence, done, refusals.all());
  }

  #written(seq: number): void {
    if (this.#isBroken) return;
    this.#position.persisted = seq;
    const { owner } = this;
    // A claim that still waits is told by its welcome.
    if (owner === null || !owner.isTold || owner.acknowledged >= seq) return;
    owner.host.acknowledge(owner, seq, this.#position.refusals.between(owner.acknowledged, seq));
    owner.acknowledged = seq;
  }

  #break(): void {
    this.#isBroken = true;
    this.#queue.clear();
    const { owner } = this;
    // A claim that still waits has heard nothing yet: it reads the position again and goes on.
    if (owner?.isTold === true) owner.host.storeFailed();
  }

  /** Read anew: the compiler takes what was written before the call for granted. */
  #isTurnLeft(): boolean {
    return this.#turn === 'given';
  }

  /** Resolves when something has come to an end. */
  #rest(): Promise<void> {
    return new Promise((resolve) => void this.#waiting.push(resolve));
  }

  #wake(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  /** Something has ended: wakes who waits, and leaves memory when nobody needs it. */
  #settle(): void {
    if (this.#queue.length === 0) {
      this.#cancelPace?.();
      this.#cancelPace = null;
    }
    if (!this.isAtRest) return;
    if (this.#isBroken) this.#isLoaded = false;
    this.#wake();
    if (this.owner !== null || this.#claims > 0) return;
    // A handler that outlived the engine: its record stays dirty, so that the next server knows.
    if (this.#isLoaded && !this.#context.isClosed) void this.#release();
    else this.#onVacant(this);
  }

  async #release(): Promise<void> {
    this.#isMoving = true;
    try {
      // While a message may have been run by an earlier owner the record stays dirty, so that the mark isn't lost.
      if (this.#position.isCertain) {
        // A position of 0 is knowledge, too: nothing was taken.
        if (this.#position.needsWrite || this.#position.isForgotten) await this.#store();
        await this.#context.store.release(this.key, this.#position.fence);
      }
    } catch (fault) {
      this.#context.reporter.fault('store.failed', fault, { during: 'release', producer: this.#id });
    } finally {
      this.#isMoving = false;
      this.#isLoaded = false;
    }
    this.#settle();
  }
}
