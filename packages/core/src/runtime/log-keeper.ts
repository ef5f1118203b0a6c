import { tabOf } from '../environment/tab.ts';
import { adoptLog, isBehind, removeLog, replaceOwnLog, unsettledBefore } from '../machines/outbox.ts';
import type { Failure } from '../lib/errors.ts';
import type { ProducerLog } from '../machines/producer-log.ts';
import type { SessionIdentity } from '../machines/conversation.ts';
import type { Keeper, KeeperHost } from '../storage/keeper.ts';
import { LogLost, StorageFault, type ClaimedLog, type OutboxStorage, type OutboxStore } from '../storage/ports.ts';
import { logLocks, OVER } from './log-locks.ts';
import { storedLog, type StoredLog } from './stored-log.ts';

/** How long a page waits for the log of the page before its reload. */
const SUCCESSION_WAIT_MS = 1_000;
/** Storage that takes longer for one answer counts as broken; so does one that does not end. */
const ANSWER_WAIT_MS = 5_000;
const CLOSE_WAIT_MS = 3_000;
/** What becomes of a message that storage could not forget. */
export const NOT_FORGOTTEN: Failure = {
  code: 'OUTCOME_UNKNOWN',
  message: 'storage failed while it was made to forget the message: a later page may find and deliver it',
};
/** How often an open page looks for logs of pages that are gone. */
const ADOPT_EVERY_MS = 10_000;

/**
 * Who owns which log. A log's writer holds its Web Lock before the first record exists; every write checks the owner's
 * generation. A reload is a succession: the new page takes the old one's log and sends it before its own. Logs of pages
 * that are gone are adopted, sent under their own ids, and deleted; nothing is ever appended to them.
 *
 * `lane` names the lane of the own log, where a page has another one beside the normal: that one's keeper adopts for both.
 */
export function logKeeper(storage: OutboxStorage, host: KeeperHost, lane = ''): Keeper {
  const { environment, queue } = host;
  const tab = tabOf(environment);
  const { tabStorage } = tab;
  const tabKey = `${storage.scope}:log${lane}`;
  /** What the page before this one in this tab left in storage: install, log, first and last seq. */
  const leftKey = `${storage.scope}:left${lane}`;
  /** Copies of the logs that this page owns: of its own from when the storage has opened. */
  const copies = new Map<ProducerLog, StoredLog>();
  /** Which log each adopted one follows: that one may be found later. */
  const follows = new Map<ProducerLog, string | null>();
  /** Whether something sent while the own log has no copy yet must be on the disk. */
  let isStrict = false;
  /** Whether the app knows that there is no room. */
  let isFull = false;
  /** Logs of which it was told that they can't be read. */
  const corrupt = new Set<string>();
  /** Who waits for storage to forget a message. */
  const forgetting = new Set<() => void>();
  /** Logs of the pages before this one in this tab, in their order: they are sent before the own log. */
  let predecessors = tabStorage?.get(tabKey)?.split(' ') ?? [];
  /** Null once it has failed, or was closed. */
  let store: OutboxStore | null = storage.createStore();
  let identity: SessionIdentity = { clientId: environment.randomId(), peer: null };
  /** Aborts when the page freezes or closes. */
  let running = new AbortController();
  /** That of the round that is under way: aborted where the page was frozen since, also when it runs again. */
  let { signal } = running;
  let isClosed = false;
  /** Whether the own log has ever been in storage, where another page can find it. */
  let isExposed = false;
  /** False after a freeze, until the own log is known to be untouched. */
  let isOwner = true;
  /** Whether it has looked for all logs of pages that are gone. */
  let hasLooked = lane !== '';
  let cancelRound = (): void => {};
  /** Rounds: changes of ownership, one after another, as a page may be frozen and run again in the middle. */
  let ready: Promise<void> = Promise.resolve();
  /** Writes, one after another. */
  let work: Promise<void> = ready;
  let ended: Promise<void> = ready;

  const isOver = (): boolean => signal.aborted || store === null;
  const locks = logLocks(environment, tab.locks, storage.scope, isOver);

  /** In two halves: after a freeze, or a sleep, the timer may run before the answer that came long ago. */
  function within<T>(ms: number, promise: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const late = (): void => reject(new Error(`storage did not answer within ${ms} ms`));
      let cancel = environment.setTimer(ms / 2, () => {
        cancel = environment.setTimer(ms / 2, late);
      });
      promise.finally(() => cancel()).then(resolve, reject);
    });
  }

  /** Each answer has a deadline of its own: a thousand logs take as long as they take. */
  async function ask<T>(question: (open: OutboxStore) => Promise<T>): Promise<T> {
    if (store === null) throw OVER;
    const answer = await within(ANSWER_WAIT_MS, question(store));
    if (isOver()) throw OVER;
    return answer;
  }

  function drop(log: ProducerLog): void {
    copies.get(log)?.stop();
    copies.delete(log);
    follows.delete(log);
    removeLog(queue, log);
    locks.giveBack(log.id);
  }

  /** Calls `done` once: after the next write of this copy, or when storage has failed. */
  function whenWritten(done: () => void, copy: StoredLog): void {
    const tell = (): void => {
      if (forgetting.delete(tell)) done();
    };
    forgetting.add(tell);
    void copy.request().then(tell);
  }

  /**
   * Reads a log whose lock is held and puts it before the own one. `isListed`: it comes from the list of all logs, and nobody
   * else has the one that it follows.
   */
  async function take(id: string, isListed: boolean): Promise<void> {
    const claimed = await ask((open) => open.claimLog(id));
    if (claimed === null) {
      locks.giveBack(id);
      return;
    }
    tellCorrupt(id, claimed.corrupt);
    const { after } = claimed;
    // The tab remembers only the last two: what the page before them left goes before all.
    if (!isListed && after !== null && !locks.has(after) && (await locks.take(after))) await take(after, false);
    const log = host.foreignLog(id);
    log.after = find(after) ?? null;
    // Headers that were damaged may follow each other in a circle: nothing of it would ever be sent.
    for (const [other, its] of follows) if (its === id && !isBehind(log, other)) other.after = log;
    follows.set(log, after);
    adoptLog(queue, log);
    follow();
    keep(log, claimed);
    if (log.isSettled) void write(log);
  }

  function find(id: string | null): ProducerLog | undefined {
    return queue.logs.find((log) => log.id === id);
  }

  function follow(): void {
    queue.own.after = predecessors.map(find).filter(Boolean).at(-1) ?? null;
  }

  function letFlow(): void {
    if (!queue.own.isHeld) return;
    queue.own.isHeld = false;
    host.onChange();
  }

  function tellCorrupt(id: string, count: number): void {
    if (count === 0 || corrupt.has(id)) return;
    corrupt.add(id);
    host.report({
      code: 'STORAGE_FAILED',
      message: `${count} stored records can't be read; they stay where they are`,
      details: { corrupt: count },
    });
  }

  function keep(log: ProducerLog, claimed?: ClaimedLog): void {
    const copy = storedLog(
      log,
      {
        environment,
        write: () => write(log),
        read: () => void read(log),
        onCreate() {
          // An adopted one whose messages had all left storage for a while.
          if (log !== queue.own) return;
          isExposed = true;
          // The next page in this tab is to find it, or the one before where it never will.
          const ids = [log.after?.id, log.id].join(' ').trim();
          // A log is made anew whenever something waits again, and this write is no cheap one.
          if (tabStorage?.get(tabKey) !== ids) tabStorage?.set(tabKey, ids);
        },
        onStored: (entry) => host.onStored(entry),
      },
      claimed,
    );
    copies.set(log, copy);
  }

  /** Takes over every log whose page is gone; one that follows another not before that one is gone, or here. */
  async function adopt(): Promise<void> {
    const headers = await ask((open) => open.listLogs());
    const elsewhere = new Set(headers.map(({ id }) => id).filter((id) => !locks.has(id)));
    const { length } = queue.logs;
    for (const { id, after } of headers) {
      if (!elsewhere.has(id) || elsewhere.has(after ?? '') || !(await locks.take(id))) continue;
      await take(id, true);
      elsewhere.delete(id);
    }
    hasLooked = true;
    if (isOver()) return;
    if (queue.logs.length === length) {
      cancelRound = environment.setTimer(ADOPT_EVERY_MS, round);
      return;
    }
    host.onChange();
    // Some may follow those that were taken.
    round();
  }

  /** Finds out what this page owns: at the start, after a freeze or a loss, and every now and then. */
  function round(): void {
    const mine = running.signal;
    ready = ready.then(async () => {
      if (mine.aborted) return;
      signal = mine;
      cancelRound();
      try {
        if (store !== null) await secure(queue.own);
      } catch (cause) {
        if (!mine.aborted) fail(cause);
      }
      // Without storage nobody can tell whether another page has sent what is in it.
      if (store === null && !mine.aborted && isExposed && !isOwner) abandon();
    });
  }

  async function secure(log: ProducerLog): Promise<void> {
    // After a freeze the log is this page's only with its lock and under its own generation.
    const isFree = await locks.take(log.id);
    // A write that was on its way has found out first that it is another page's: its lock is wanted there.
    if (log !== queue.own) locks.giveBack(log.id);
    const copy = copies.get(log);
    if (!isOwner && copy !== undefined && !(isFree && (await isUntouched(copy)))) abandon();
    isOwner = true;
    const { own } = queue;
    if (!copies.has(own)) {
      await locks.take(own.id);
      identity = await ask((open) => open.open(identity.clientId));
      // What is stored must be found under the name that the server knows it by.
      if (lane !== '' && (await host.clientId()) !== identity.clientId)
        throw new StorageFault('gone', 'the storage belongs to another install by now');
      const [install, ...left] = tabStorage?.get(leftKey)?.split(' ') ?? [];
      tabStorage?.set(leftKey, '');
      if (left.length > 0 && install !== identity.clientId) host.report(lost([left.join(' ')]));
      // The keeper of the normal lane may have adopted one already.
      for (const id of predecessors)
        if (!find(id) && (await locks.takeWithin(SUCCESSION_WAIT_MS, id, signal))) await take(id, false);
      follow();
      letFlow();
      // Who watches sees what waits before there is a connection.
      if (predecessors.length > 0) host.onChange();
      // Not before: the log's header names the one that it follows.
      keep(own);
      if (isStrict) copies.get(own)?.makeStrict();
      isStrict = false;
    }
    if (lane === '') await adopt();
  }

  /** Whether nobody had this log, whose lock is free, while the page stood still. It takes no room to find out. */
  async function isUntouched(copy: StoredLog): Promise<boolean> {
    try {
      await ask(async (open) => {
        // What was being written may have found out first, and another log is the own one by now.
        await work;
        if (copies.get(queue.own) === copy) await copy.check(open);
      });
      return true;
    } catch (cause) {
      if (cause instanceof LogLost) return false;
      throw cause;
    }
  }

  /** Gives the own log up, which another page has or may have: new messages go to a new one. */
  function abandon(): void {
    const log = queue.own;
    const copy = copies.get(log);
    replaceOwnLog(queue, host.newLog());
    drop(log);
    predecessors = [];
    isExposed = false;
    isOwner = true;
    const message = 'another page may have taken over what this one had stored when it was frozen';
    for (const entry of [...log.entries]) {
      log.fail(
        entry,
        entry.maybeSent || copy?.has(entry) === true
          ? { code: 'OUTCOME_UNKNOWN', message }
          : {
              code: 'ABORTED',
              message: 'the page was frozen before the message was stored',
              details: { reason: 'frozen' },
            },
      );
    }
    host.report({ code: 'LOG_TAKEN_OVER', message });
  }

  /**
   * Writes what has changed. An adopted log that is empty then is gone, and the server may forget it, too. `dropped`: the copy
   * of one that this page lets go of.
   */
  function write(log: ProducerLog, discards = false, dropped?: StoredLog): Promise<void> {
    work = work.then(async () => {
      const copy = dropped ?? copies.get(log);
      if (copy === undefined) return;
      const isDone = log !== queue.own && log.isSettled;
      // A later page must find the chain whole, whenever this one ends. Others between may be settled, too.
      const before = isDone ? unsettledBefore(log) : null;
      for (const [later, its] of copies)
        if (before !== null && !later.isSettled && unsettledBefore(later) === before)
          await writeNow(later, its, false, true);
      const isGone = await writeNow(log, copy, discards, false);
      if (!isDone || !isGone) return;
      // One that storage failed under was sent from memory; another page may find out that all of it is taken.
      drop(log);
      if (store !== null) host.finish(log.id);
    });
    return work;
  }

  /** Resolves with whether nothing of the log is stored now; false where it could not be written. */
  async function writeNow(log: ProducerLog, copy: StoredLog, discards: boolean, checks: boolean): Promise<boolean> {
    try {
      const isGone = await copy.write(store, discards, checks);
      isFull = false;
      return isGone;
    } catch (cause) {
      if (cause instanceof StorageFault && cause.reason === 'full') full(cause);
      else if (!(cause instanceof LogLost)) fail(cause);
      else if (log !== queue.own) {
        // The one of the same id in this page may be another by now.
        if (copies.get(log) === copy) drop(log);
      }
      // A page that is frozen or closing finds out for good when it resumes, if it does.
      else if (!running.signal.aborted) {
        abandon();
        round();
      }
      return false;
    }
  }

  /** Reads on in an adopted log. */
  function read(log: ProducerLog): Promise<void> {
    work = work.then(async () => {
      const copy = copies.get(log);
      if (copy === undefined || store === null) return;
      try {
        const page = copy.read(store);
        // Nobody waits for what is read after the page was frozen or closed.
        tellCorrupt(log.id, await within(ANSWER_WAIT_MS, page));
        if (copies.get(log) !== copy) return;
        if (log.isSettled) void write(log);
        host.onChange();
      } catch (cause) {
        if (copies.get(log) !== copy) return;
        if (cause instanceof LogLost) drop(log);
        else fail(cause);
      }
    });
    return work;
  }

  /** What was to be written waits in memory until there is room. Told once, until there was some. */
  function full(cause: StorageFault): void {
    const message = 'there is no room to store more: new messages are in memory, and are stored when there is room';
    const failure: Failure = { code: 'STORAGE_FULL', message, cause };
    if (!isFull) host.report(failure);
    isFull = true;
    host.onStorageFull(failure);
  }

  function lost(ranges: readonly string[]): Failure {
    const message = 'what was stored is gone: the user or the browser has cleared it';
    return { code: 'STORAGE_LOST', message, details: { lost: ranges } };
  }

  /** From here on messages are kept in memory only. Told once. */
  function fail(cause: unknown): void {
    if (store === null) return;
    const reason = cause instanceof StorageFault ? cause.reason : 'failed';
    // What is in memory is not lost.
    const ranges = [...copies.keys()].flatMap(({ id, behind, storedTo }) =>
      behind > 0 ? [`${id} ${storedTo - behind + 1} ${storedTo}`] : [],
    );
    end(store);
    // One that was about to be read is in no queue: others may have it.
    locks.giveAllBack(find);
    for (const tell of forgetting) tell();
    host.onStorageEnd({
      code: copies.size > 0 ? 'STORAGE_FAILED' : 'STORAGE_UNAVAILABLE',
      message: 'nothing is stored: messages are kept in memory only',
      ...(reason === 'gone' && lost(ranges)),
      ...(reason !== 'gone' && { details: { reason } }),
      cause,
    });
  }

  function end(open: OutboxStore): void {
    store = null;
    cancelRound();
    letFlow();
    // What follows a log that is not read to its end would overtake the rest, and before all were looked for nobody knows
    // what follows one that is not here: a later page sends both.
    const isBehindUnread = ({ after }: ProducerLog): boolean =>
      !hasLooked || (after !== null && (after.storedTo > 0 || isBehindUnread(after)));
    for (const log of [...copies.keys()].filter(isBehindUnread)) if (log !== queue.own) drop(log);
    for (const [log, copy] of copies) {
      copy.stop();
      copy.leave();
      // Of what is here nothing is left to send, and the rest a later page finds.
      if (log !== queue.own && log.isSettled) drop(log);
    }
    ended = within(CLOSE_WAIT_MS, open.close()).catch((cause: unknown) =>
      host.report({ code: 'STORAGE_FAILED', message: 'the storage could not be closed', cause }),
    );
  }

  // The normal lane's messages wait for `ready` with the connection; this one may be open already.
  queue.own.isHeld = lane !== '' && predecessors.length > 0;
  round();

  return {
    ready: () => ready,
    get identity() {
      return identity;
    },
    setPeer(peer) {
      identity = { ...identity, peer };
      void store?.open(identity.clientId, peer).catch(fail);
    },
    has: (log) => copies.has(log),
    added(entry, isOnDisk = false) {
      if (store === null) return;
      const copy = copies.get(queue.own);
      copy?.added(entry, isOnDisk);
      isStrict ||= copy === undefined && isOnDisk;
    },
    writeSoon: () => void copies.get(queue.own)?.request(),
    settled(log, entry) {
      const copy = copies.get(log);
      // What ends with the socket stays stored.
      if (isClosed || copy === undefined) return;
      if (store !== null) copy.settled(entry);
      if (log !== queue.own && log.isSettled) void copy.request();
    },
    forget(log, entry, done) {
      const copy = copies.get(log);
      if (copy?.has(entry) !== true) {
        // It may be pending: a write skips what is withdrawn.
        done(true);
        return;
      }
      copy.withdrawn(entry);
      whenWritten(() => done(!copy.has(entry)), copy);
    },
    release(log, entry) {
      const copy = copies.get(log);
      if (copy?.has(entry) !== true) {
        entry.isLeaving = true;
        return true;
      }
      // A later page may find it, whatever becomes of it here.
      if (store === null) log.fail(entry, NOT_FORGOTTEN);
      else if (entry.isLeaving !== true) {
        copy.release(entry);
        whenWritten(() => {
          if (copy.has(entry)) entry.isLeaving = false;
          host.onChange();
        }, copy);
      }
      return false;
    },
    retain: () => copies.forEach((copy) => copy.retain()),
    mayKeep: (entry) => copies.get(queue.own)?.has(entry) === true,
    freeze() {
      // A page that is frozen while it closes may never go on: nothing may wait for its locks.
      if (isClosed) locks.giveAllBack();
      if (running.signal.aborted) return;
      running.abort();
      isOwner = false;
      cancelRound();
      const { own } = queue;
      const isLeft = store !== null && isExposed && !own.isSettled;
      const left = [identity.clientId, own.id, own.firstUnsettled, own.nextSeq - 1];
      tabStorage?.set(leftKey, isLeft ? left.join(' ') : '');
      void copies.get(queue.own)?.request();
      for (const [log, copy] of copies) {
        if (log === own) continue;
        // What left storage to be sent has no other copy, and goes back with the last write of this page.
        if (copy.retain()) void write(log, false, copy);
        drop(log);
      }
      // Those too whose log is being read right now: nothing of this page may run any more.
      locks.giveAllBack();
    },
    resume() {
      if (isClosed || !running.signal.aborted) return;
      running = new AbortController();
      round();
    },
    async close(discard) {
      isClosed = true;
      running.abort();
      cancelRound();
      await ready;
      void write(queue.own, discard);
      for (const [log, copy] of copies) if (log !== queue.own && copy.retain()) void write(log);
      await within(CLOSE_WAIT_MS, work).catch(fail);
      locks.giveAllBack();
      if (store !== null) end(store);
      await ended;
    },
  };
}
