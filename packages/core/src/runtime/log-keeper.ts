import { utf8Length } from '../lib/utf8.ts';
import type { Entry, ProducerLog } from '../machines/producer-log.ts';
import type { SessionIdentity } from '../machines/conversation.ts';
import type { Keeper, KeeperHost } from '../storage/keeper.ts';
import { LogLost, type ClaimedLog, type LogHeader, type OutboxStorage, type OutboxStore } from '../storage/ports.ts';
import { HeldLocks, NotNow } from './held-locks.ts';
import { StoredLog } from './stored-log.ts';

/** How long a page waits for the log of the page before its reload. */
const SUCCESSION_WAIT_MS = 1_000;
/** Storage that takes longer for one answer counts as broken; so does one that does not end. */
const ANSWER_WAIT_MS = 5_000;
const CLOSE_WAIT_MS = 3_000;
/** How often an open page looks for logs of pages that are gone. */
const ADOPT_EVERY_MS = 10_000;

/**
 * Who owns which log. A log's writer holds its Web Lock before the first record exists; every write checks the owner's
 * generation. A reload is a succession: the new page takes the old one's log and sends it before its own. Logs of pages
 * that are gone are adopted, sent under their own ids, and deleted; nothing is ever appended to them.
 */
export class LogKeeper implements Keeper {
  readonly #host: KeeperHost;
  readonly #scope: string;
  /** Null: this origin has none, and nothing is stored. */
  readonly #locks: HeldLocks | null;
  readonly #abort = new AbortController();
  readonly #stored = new Map<ProducerLog, StoredLog>();
  /** Logs that are not to be looked at again: what is left in them can't be read. */
  readonly #ignored = new Set<string>();
  /** Logs of which that was told. */
  readonly #corrupt = new Set<string>();
  /** Logs of the pages before this one in this tab, the nearest first: they are sent before the own log. */
  #predecessors: readonly string[] = [];
  #store: OutboxStore | null;
  #identity: SessionIdentity;
  #work: Promise<void> = Promise.resolve();
  #ready: Promise<void> = Promise.resolve();
  #cancelAdoption: (() => void) | null = null;
  /** Gives up the wait for the log of the page before. */
  #giveUpWait: (() => void) | null = null;
  /** The end of the storage, where it has begun. */
  #ended: Promise<void> = Promise.resolve();
  #isStarted = false;
  /** Whether the own log has ever been in storage, where another page can find it. */
  #isExposed = false;
  /** False after a freeze, until the own log is known to be untouched. */
  #isOwner = true;
  #isFrozen = false;
  /** Messages that a failed storage has, or may have. */
  readonly #doubtful = new WeakSet<Entry>();
  /** Who waits for storage to forget a message. */
  readonly #forgetting = new Set<(isForgotten: boolean) => void>();
  /** Adopted logs about to be looked at, once however many of their messages are settled. */
  readonly #finishing = new Set<ProducerLog>();

  constructor(storage: OutboxStorage, host: KeeperHost) {
    this.#host = host;
    this.#scope = storage.scope;
    const { locks } = host.environment;
    const mayHold = (): boolean => this.#store !== null && !this.#isFrozen && !this.#abort.signal.aborted;
    this.#locks = locks === undefined ? null : new HeldLocks(locks, storage.scope, mayHold);
    this.#identity = { clientId: host.environment.randomId(), peer: null };
    this.#store = storage.createStore((cause) => this.#storageFailed(cause));
    this.#sequence(() => this.#start());
  }

  ready(): Promise<void> {
    return this.#ready;
  }

  get identity(): SessionIdentity {
    return this.#identity;
  }

  get canStore(): boolean {
    return this.#store !== null;
  }

  setPeer(peer: string): void {
    this.#identity = { ...this.#identity, peer };
    this.#enqueue(this.#host.queue.own, async () => this.#store?.setPeer(peer));
  }

  added(entry: Entry): void {
    this.#own?.added(entry);
  }

  writeSoon(): void {
    this.#own?.writeSoon();
  }

  settled(log: ProducerLog, entry: Entry): void {
    // What ends with the socket stays stored.
    if (this.#abort.signal.aborted) return;
    if (this.#store === null) {
      this.#giveBackWhenSettled(log);
      return;
    }
    this.#stored.get(log)?.settled(entry);
    if (log !== this.#host.queue.own && this.#stored.has(log)) this.#finishWhenSettled(log);
  }

  forget(log: ProducerLog, entry: Entry, done: (isForgotten: boolean) => void): void {
    const stored = this.#stored.get(log);
    if (stored === undefined) {
      done(!this.#doubtful.has(entry));
      return;
    }
    this.#forgetting.add(done);
    stored.forget(entry, () => {
      if (this.#forgetting.delete(done)) done(true);
    });
  }

  mayKeep(entry: Entry): boolean {
    return this.#doubtful.has(entry) || this.#own?.has(entry) === true;
  }

  freeze(): void {
    if (this.#isFrozen) return;
    this.#isFrozen = true;
    // What still waits is written now, and may be found before this page runs again.
    this.#isOwner = !this.#isExposed && (this.#own === undefined || this.#own.log.isSettled);
    this.#cancelAdoption?.();
    this.#cancelAdoption = null;
    this.#giveUpWait?.();
    this.#own?.write();
    for (const log of [...this.#host.queue.logs]) if (log !== this.#host.queue.own) this.#letGo(log);
    // Those too whose log is being read right now: nothing of this page may run any more.
    this.#locks?.releaseAll();
  }

  resume(): void {
    if (!this.#isFrozen) return;
    this.#isFrozen = false;
    this.#sequence(() => (this.#isStarted ? this.#regain() : this.#start()));
  }

  async close(discard: boolean): Promise<void> {
    this.#abort.abort();
    this.#cancelAdoption?.();
    this.#giveUpWait?.();
    await this.#ready;
    const own = this.#own;
    if (own !== undefined) {
      if (!discard) own.write();
      this.#enqueue(own.log, async () => {
        if (!discard && !own.log.isSettled) return;
        await own.delete(discard);
        this.#stored.delete(own.log);
      });
    }
    try {
      await this.#within(CLOSE_WAIT_MS, this.#idle());
    } catch (cause) {
      this.#storageFailed(cause);
    }
    for (const stored of this.#stored.values()) stored.stop();
    this.#locks?.releaseAll();
    const store = this.#store;
    this.#store = null;
    if (store !== null) this.#ended = this.#end(store);
    await this.#ended;
  }

  get #own(): StoredLog | undefined {
    return this.#stored.get(this.#host.queue.own);
  }

  /**
   * Runs what changes the ownership of logs, one after another: a page may be frozen and run again in the middle. Never
   * rejects: without storage it goes on in memory.
   */
  #sequence(work: () => Promise<void>): void {
    this.#ready = this.#ready.then(async () => {
      if (this.#isFrozen || this.#abort.signal.aborted) return;
      try {
        if (this.#store !== null) await work();
      } catch (cause) {
        if (!(cause instanceof NotNow) && !this.#abort.signal.aborted) this.#storageFailed(cause);
      }
      // What was let go in a freeze does not come back without storage: nothing waits for it.
      if (this.#store === null) this.#chain([]);
      // Without storage nobody can tell whether another page has sent what is in it.
      if (this.#store === null && !this.#isOwner && !this.#isFrozen) this.#abandon();
    });
  }

  async #start(): Promise<void> {
    const { environment, queue } = this.#host;
    if (this.#locks === null) throw new Error('this origin has no Web Locks (is it plain http?)');
    const identity = await this.#answer(this.#open.open(this.#identity.clientId));
    // It may have been given up for too slow, and a greeting may have gone out under the other name.
    if (this.#store === null) throw new NotNow();
    this.#identity = identity;
    await this.#locks?.take(queue.own.id, this.#abort.signal);
    this.#predecessors = (environment.tabStorage?.get(this.#tabKey) ?? '').split(' ').filter((id) => id !== '');
    for (const id of this.#predecessors) await this.#succeed(id);
    this.#chain([]);
    // Not before: the log's header names the one that it follows.
    this.#keep(queue.own);
    this.#isStarted = true;
    await this.#adopt();
  }

  /** The storage, in the middle of work that needs it. */
  get #open(): OutboxStore {
    if (this.#store === null) throw new NotNow();
    return this.#store;
  }

  get #tabKey(): string {
    return `${this.#scope}:log`;
  }

  /** The own log is about to exist: the next page in this tab is to find it, or the one before where it never will. */
  #remember(own: ProducerLog): void {
    this.#isExposed = true;
    const ids = [own.id, own.after?.id ?? ''];
    this.#host.environment.tabStorage?.set(this.#tabKey, ids.join(' ').trim());
  }

  /** Takes the log of the page before the reload, which may still be on its way out. */
  async #succeed(predecessor: string): Promise<void> {
    const wait = new AbortController();
    const cancel = this.#host.environment.setTimer(SUCCESSION_WAIT_MS, () => wait.abort());
    // A frozen page would be given the lock without knowing, and keep it.
    this.#giveUpWait = () => wait.abort();
    try {
      await this.#locks?.take(predecessor, wait.signal);
    } catch (cause) {
      if (!wait.signal.aborted) throw cause;
      if (this.#isFrozen || this.#abort.signal.aborted) throw new NotNow();
      // A duplicated tab: the original still holds its log.
      return;
    } finally {
      cancel();
      this.#giveUpWait = null;
    }
    await this.#take(predecessor);
  }

  /** Takes over every log whose page is gone; one that follows another not before that one is gone, or here. */
  async #adopt(): Promise<void> {
    const { queue } = this.#host;
    const headers = await this.#answer(this.#open.listLogs());
    const elsewhere = new Set(headers.map(({ id }) => id));
    for (const { id } of queue.logs) elsewhere.delete(id);
    for (const id of this.#ignored) elsewhere.delete(id);
    let hasTaken = false;
    for (let isLooking = true; isLooking;) {
      isLooking = false;
      for (const { id, after } of headers) {
        const isItsTurn = elsewhere.has(id) && (after === null || !elsewhere.has(after));
        if (!isItsTurn || !(await this.#locks?.takeIfAvailable(id))) continue;
        await this.#take(id);
        elsewhere.delete(id);
        isLooking = true;
        hasTaken = true;
      }
    }
    this.#chain(headers);
    if (hasTaken) this.#host.onChange();
    this.#cancelAdoption?.();
    if (this.#isFrozen || this.#abort.signal.aborted) return;
    this.#cancelAdoption = this.#host.environment.setTimer(ADOPT_EVERY_MS, () => this.#sequence(() => this.#adopt()));
  }

  /** Keeps the order over several reloads: each log waits for the one before it, where this page has it. */
  #chain(headers: readonly LogHeader[]): void {
    const { logs, own } = this.#host.queue;
    const find = (id: string | null): ProducerLog | null => logs.find((log) => log.id === id && log !== own) ?? null;
    for (const { id, after } of headers) {
      const log = find(id);
      if (log !== null) log.after = find(after);
    }
    own.after = this.#predecessors.map(find).find((log) => log !== null) ?? null;
  }

  /** Reads a log whose lock is held and puts it before the own one. */
  async #take(id: string): Promise<void> {
    const claimed = await this.#answer(this.#open.claimLog(id));
    if (claimed === null) {
      this.#locks?.release(id);
      return;
    }
    // Its lock went back while it was read: the page was frozen, and may run again by now.
    if (this.#locks?.has(id) !== true) throw new NotNow();
    if (claimed.corrupt > 0 && !this.#corrupt.has(id)) {
      this.#corrupt.add(id);
      this.#host.report({
        code: 'STORAGE_FAILED',
        message: `${claimed.corrupt} stored records of an older page can't be read; they stay where they are`,
        details: { corrupt: claimed.corrupt },
      });
    }
    const log = this.#host.foreignLog(id);
    for (const { messages } of claimed.segments) {
      for (const { seq, payload, ttl } of messages) log.restore({ seq, payload, ttl, bytes: utf8Length(payload) });
    }
    this.#host.queue.adopt(log);
    this.#keep(log, claimed);
    if (log.isSettled) this.#finishWhenSettled(log);
  }

  /** Deletes an adopted log once all in it is settled, then lets the server forget it. */
  #finishWhenSettled(log: ProducerLog): void {
    if (this.#finishing.has(log)) return;
    this.#finishing.add(log);
    this.#enqueue(log, async () => {
      this.#finishing.delete(log);
      const stored = this.#stored.get(log);
      if (!log.isSettled || stored === undefined) return;
      const isGone = await stored.delete(false);
      this.#letGo(log);
      if (isGone) this.#host.finish(log.id);
      else this.#ignored.add(log.id);
    });
  }

  /** A log that storage failed under is sent from memory; another page may then find out that all of it is taken. */
  #giveBackWhenSettled(log: ProducerLog): void {
    if (log === this.#host.queue.own || this.#locks?.has(log.id) !== true) return;
    this.#host.environment.defer(() => log.isSettled && this.#letGo(log));
  }

  #letGo(log: ProducerLog): void {
    this.#stored.get(log)?.stop();
    this.#stored.delete(log);
    this.#host.queue.remove(log);
    this.#locks?.release(log.id);
  }

  async #regain(): Promise<void> {
    await this.#answer(this.#idle());
    const own = this.#own;
    if (!(await this.#locks?.takeIfAvailable(this.#host.queue.own.id))) {
      await this.#lose();
    } else if (own === undefined) {
      // Frozen while it changed its log.
      this.#keep(this.#host.queue.own);
    } else if (own.generation > 0) {
      const claimed = await this.#answer(this.#open.claimLog(own.log.id, own.generation));
      if (claimed === null) await this.#lose();
      else own.generation = claimed.generation;
    }
    this.#isOwner = true;
    await this.#adopt();
  }

  /** Another page has the own log and delivers what is in it. */
  async #lose(): Promise<void> {
    this.#abandon();
    const { own } = this.#host.queue;
    await this.#locks?.take(own.id, this.#abort.signal);
    this.#keep(own);
  }

  /** Gives the own log up: new messages go to a new one. */
  #abandon(): void {
    const log = this.#host.queue.own;
    const stored = this.#own;
    this.#host.queue.replaceOwn(this.#host.newLog());
    stored?.stop();
    this.#stored.delete(log);
    this.#locks?.release(log.id);
    this.#predecessors = [];
    this.#isExposed = false;
    this.#isOwner = true;
    for (const entry of [...log.entries]) {
      const isKept = entry.maybeSent || stored?.has(entry) === true || this.#doubtful.has(entry);
      log.fail(entry, {
        code: isKept ? 'OUTCOME_UNKNOWN' : 'ABORTED',
        message: isKept
          ? 'another page may have taken the stored messages over while this one was frozen, and delivers them'
          : 'the page was frozen before the message was sent or stored',
      });
    }
    this.#host.report({
      code: 'LOG_TAKEN_OVER',
      message: 'another page may own the stored messages of this page by now',
    });
  }

  #keep(log: ProducerLog, claimed?: ClaimedLog): void {
    const store = this.#store;
    if (store === null) return;
    const stored = new StoredLog(
      log,
      {
        environment: this.#host.environment,
        store,
        enqueue: (owner, work) => this.#enqueue(owner, work),
        onCreate: () => this.#remember(log),
        onStored: (entry) => this.#host.onStored(entry),
      },
      claimed,
    );
    this.#stored.set(log, stored);
    // Messages that were sent while the storage was opening.
    if (claimed === undefined) for (const entry of log.entries) stored.added(entry);
  }

  #enqueue(log: ProducerLog, work: () => Promise<void>): void {
    this.#work = this.#work.then(async () => {
      if (this.#store === null) return;
      try {
        await work();
      } catch (cause) {
        await this.#workFailed(log, cause);
      }
    });
  }

  async #workFailed(log: ProducerLog, cause: unknown): Promise<void> {
    if (!(cause instanceof LogLost)) {
      this.#storageFailed(cause);
    } else if (log !== this.#host.queue.own) {
      this.#letGo(log);
      this.#chain([]);
    } else if (!this.#isFrozen && !this.#abort.signal.aborted) {
      // A page that is frozen or closing finds out for good when it resumes, if it does.
      try {
        await this.#lose();
      } catch (fault) {
        if (!(fault instanceof NotNow)) this.#storageFailed(fault);
      }
    }
  }

  /** Resolves when all queued work is done, work that it queued itself included. */
  async #idle(): Promise<void> {
    for (let work: Promise<void> | null = null; work !== this.#work;) {
      work = this.#work;
      await work;
    }
  }

  /** From here on messages are kept in memory only. Told once. */
  #storageFailed(cause: unknown): void {
    const store = this.#store;
    if (store === null) return;
    this.#store = null;
    const isOpen = this.#stored.size > 0;
    for (const stored of this.#stored.values()) {
      stored.stop();
      for (const entry of stored.log.entries) if (stored.has(entry)) this.#doubtful.add(entry);
    }
    this.#stored.clear();
    // One that was about to be read is in no queue: others may have it.
    for (const id of this.#locks?.ids ?? [])
      if (!this.#host.queue.logs.some((log) => log.id === id)) this.#locks?.release(id);
    this.#cancelAdoption?.();
    for (const done of this.#forgetting) done(false);
    this.#forgetting.clear();
    this.#host.onStorageEnd({
      code: isOpen ? 'STORAGE_FAILED' : 'STORAGE_UNAVAILABLE',
      message: isOpen
        ? 'storage failed: messages are kept in memory from here on'
        : 'nothing can be stored here: messages are kept in memory',
      cause,
    });
    this.#ended = this.#end(store);
  }

  async #end(store: OutboxStore): Promise<void> {
    try {
      await this.#within(CLOSE_WAIT_MS, store.close());
    } catch (cause) {
      this.#host.report({ code: 'STORAGE_FAILED', message: 'the storage could not be closed', cause });
    }
  }

  /** Each answer has a deadline of its own: a thousand logs take as long as they take. */
  #answer<T>(work: Promise<T>): Promise<T> {
    return this.#within(ANSWER_WAIT_MS, work);
  }

  async #within<T>(ms: number, work: Promise<T>): Promise<T> {
    let cancel = (): void => {};
    const late = new Promise<never>((_resolve, reject) => {
      cancel = this.#host.environment.setTimer(ms, () => reject(new Error(`storage did not answer within ${ms} ms`)));
    });
    try {
      return await Promise.race([work, late]);
    } finally {
      cancel();
    }
  }
}
