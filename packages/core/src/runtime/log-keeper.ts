import type { Locks } from '../environment/ports.ts';
import { utf8Length } from '../lib/utf8.ts';
import type { Entry, ProducerLog } from '../machines/producer-log.ts';
import type { SessionIdentity } from '../machines/conversation.ts';
import type { Keeper, KeeperHost } from '../storage/keeper.ts';
import { LogLost, type ClaimedLog, type LogHeader, type OutboxStorage, type OutboxStore } from '../storage/ports.ts';
import { StoredLog } from './stored-log.ts';

/** How long a page waits for the log of the page before its reload. */
const SUCCESSION_WAIT_MS = 1_000;
/** Storage that has not opened and shown its logs by then counts as broken; so does one that does not end. */
const START_WAIT_MS = 5_000;
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
  readonly #locks: Locks | undefined;
  readonly #abort = new AbortController();
  readonly #stored = new Map<ProducerLog, StoredLog>();
  readonly #releases = new Map<string, () => void>();
  /** Logs that are not to be looked at again: held by this page before, with records that nobody can read. */
  readonly #ignored = new Set<string>();
  #store: OutboxStore | null;
  #identity: SessionIdentity;
  #work: Promise<void> = Promise.resolve();
  #ready: Promise<void>;
  #cancelAdoption: (() => void) | null = null;
  #isStarted = false;
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
    this.#locks = host.environment.locks;
    this.#identity = { clientId: host.environment.randomId(), peer: null };
    this.#store = storage.createStore((cause) => this.#storageFailed(cause));
    this.#ready = this.#begin();
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
    if (this.#store === null) return;
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
    this.#cancelAdoption?.();
    this.#cancelAdoption = null;
    this.#own?.write();
    for (const log of this.#stored.keys()) if (log !== this.#host.queue.own) this.#letGo(log);
    this.#release(this.#host.queue.own.id);
  }

  resume(): void {
    if (!this.#isFrozen) return;
    this.#isFrozen = false;
    this.#ready = this.#begin();
  }

  async close(discard: boolean): Promise<void> {
    this.#abort.abort();
    this.#cancelAdoption?.();
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
    for (const id of [...this.#releases.keys()]) this.#release(id);
    const store = this.#store;
    this.#store = null;
    if (store !== null) await this.#end(store);
  }

  get #own(): StoredLog | undefined {
    return this.#stored.get(this.#host.queue.own);
  }

  /** Starts, or starts again after the page was frozen. Never rejects: without storage it goes on in memory. */
  async #begin(): Promise<void> {
    const store = this.#store;
    if (store === null) return;
    try {
      await this.#within(START_WAIT_MS, this.#isStarted ? this.#regain(store) : this.#start(store));
    } catch (cause) {
      if (!(cause instanceof NotNow) && !this.#abort.signal.aborted) this.#storageFailed(cause);
    }
  }

  async #start(store: OutboxStore): Promise<void> {
    const { environment, queue } = this.#host;
    if (this.#locks === undefined) throw new Error('this origin has no Web Locks (is it plain http?)');
    this.#identity = await store.open(this.#identity.clientId);
    await this.#lock(queue.own.id);
    this.#keep(queue.own);
    const key = `${this.#scope}:log`;
    const predecessor = environment.tabStorage?.get(key) ?? null;
    environment.tabStorage?.set(key, queue.own.id);
    this.#isStarted = true;
    if (predecessor !== null && predecessor !== queue.own.id) await this.#succeed(predecessor);
    await this.#adopt();
  }

  /** Takes the log of the page before the reload: it is sent before the own one. */
  async #succeed(predecessor: string): Promise<void> {
    const wait = new AbortController();
    const cancel = this.#host.environment.setTimer(SUCCESSION_WAIT_MS, () => wait.abort());
    try {
      await this.#lock(predecessor, wait.signal);
    } catch (cause) {
      if (!wait.signal.aborted) throw cause;
      // A duplicated tab: the original still holds its log.
      return;
    } finally {
      cancel();
    }
    await this.#take(predecessor);
    this.#host.queue.own.after = this.#host.queue.logs.find((log) => log.id === predecessor) ?? null;
  }

  /** Takes over every log whose page is gone. */
  async #adopt(): Promise<void> {
    const store = this.#store;
    if (store === null || this.#isFrozen) return;
    const known = new Set(this.#host.queue.logs.map((log) => log.id));
    const headers = await store.listLogs();
    const orphans = headers.filter(({ id }) => !known.has(id) && !this.#ignored.has(id));
    for (const { id } of orphans) {
      if (this.#abort.signal.aborted || this.#isFrozen) return;
      if (await this.#lockIfAvailable(id)) await this.#take(id);
    }
    this.#chain(headers);
    if (orphans.length > 0) this.#host.onChange();
    this.#cancelAdoption?.();
    this.#cancelAdoption = this.#host.environment.setTimer(ADOPT_EVERY_MS, () => {
      this.#adopt().catch((cause: unknown) => {
        if (!(cause instanceof NotNow)) this.#storageFailed(cause);
      });
    });
    if (this.#abort.signal.aborted) this.#cancelAdoption();
  }

  /** Keeps the order over several reloads: each log waits for the one before it. */
  #chain(headers: readonly LogHeader[]): void {
    const { logs } = this.#host.queue;
    for (const { id, after } of headers) {
      const log = logs.find((other) => other.id === id);
      if (log === undefined || log === this.#host.queue.own || after === null) continue;
      log.after = logs.find((other) => other.id === after) ?? null;
    }
  }

  /** Reads a log whose lock is held and puts it before the own one. */
  async #take(id: string): Promise<void> {
    const store = this.#store;
    const claimed = store === null ? null : await store.claimLog(id);
    if (claimed === null) {
      this.#release(id);
      return;
    }
    if (claimed.corrupt > 0) {
      this.#ignored.add(id);
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

  #letGo(log: ProducerLog): void {
    this.#stored.get(log)?.stop();
    this.#stored.delete(log);
    this.#host.queue.remove(log);
    this.#release(log.id);
  }

  async #regain(store: OutboxStore): Promise<void> {
    await this.#idle();
    const own = this.#own;
    const { id } = this.#host.queue.own;
    if (!(await this.#lockIfAvailable(id))) {
      await this.#lose();
    } else if (own !== undefined && own.generation > 0) {
      const claimed = await store.claimLog(id, own.generation);
      if (claimed === null) await this.#lose();
      else own.generation = claimed.generation;
    }
    await this.#adopt();
  }

  /** Another page has the own log and delivers what is in it. New messages go to a new log. */
  async #lose(): Promise<void> {
    const lost = this.#own;
    const log = this.#host.queue.own;
    this.#release(log.id);
    lost?.stop();
    this.#stored.delete(log);
    const fresh = this.#host.newLog();
    this.#host.queue.replaceOwn(fresh);
    this.#host.environment.tabStorage?.set(`${this.#scope}:log`, fresh.id);
    for (const entry of [...log.entries]) {
      const isKept = entry.maybeSent || lost?.has(entry) === true;
      log.fail(entry, {
        code: isKept ? 'OUTCOME_UNKNOWN' : 'ABORTED',
        message: isKept
          ? 'another page took the stored messages over while this one was frozen, and delivers them'
          : 'the page was frozen before the message was sent or stored',
      });
    }
    this.#host.report({ code: 'LOG_TAKEN_OVER', message: 'another page owns the stored messages of this page by now' });
    await this.#lock(fresh.id);
    this.#keep(fresh);
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
        if (!(cause instanceof LogLost)) this.#storageFailed(cause);
        else if (log !== this.#host.queue.own) this.#letGo(log);
        // A page that is frozen or closing finds out for good when it resumes, if it does.
        else if (!this.#isFrozen && !this.#abort.signal.aborted) await this.#lose();
      }
    });
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
    void this.#end(store);
  }

  async #end(store: OutboxStore): Promise<void> {
    try {
      await store.close();
    } catch (cause) {
      this.#host.report({ code: 'STORAGE_FAILED', message: 'the storage could not be closed', cause });
    }
  }

  #lockName(id: string): string {
    return `${this.#scope}:${id}`;
  }

  async #lock(id: string, signal: AbortSignal = this.#abort.signal): Promise<void> {
    if (this.#releases.has(id) || this.#locks === undefined) return;
    if (this.#abort.signal.aborted) throw new NotNow();
    this.#hold(id, await this.#locks.request(this.#lockName(id), { signal }));
  }

  async #lockIfAvailable(id: string): Promise<boolean> {
    if (this.#releases.has(id)) return true;
    const release = (await this.#locks?.request(this.#lockName(id), { ifAvailable: true })) ?? null;
    this.#hold(id, release);
    return release !== null;
  }

  /** A page that was frozen or closed while it waited must not keep what it gets. */
  #hold(id: string, release: (() => void) | null): void {
    if (release === null) return;
    if (this.#isFrozen || this.#abort.signal.aborted) {
      release();
      throw new NotNow();
    }
    this.#releases.set(id, release);
  }

  #release(id: string): void {
    this.#releases.get(id)?.();
    this.#releases.delete(id);
  }

  async #within<T>(ms: number, work: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const cancel = this.#host.environment.setTimer(ms, () =>
        reject(new Error(`storage did not answer within ${ms} ms`)),
      );
      work.then(resolve, reject).finally(cancel);
    });
  }
}

/** The page was frozen or closed in the middle: not a fault of the storage. */
class NotNow extends Error {}
