import type { Failure } from '../lib/errors.ts';
import { utf8Length } from '../lib/utf8.ts';
import { Listing } from '../machines/listing.ts';
import { anEntry } from '../machines/outbox.fixture.ts';
import { outboxQueue, type OutboxQueue } from '../machines/outbox.ts';
import { ProducerLog, type Entry } from '../machines/producer-log.ts';
import type { Keeper } from '../storage/keeper.ts';
import { FakeEnvironment, type FakeEnvironmentOptions } from '../testing-fakes/fake-environment.fixture.ts';
import { FakeLocks } from '../testing-fakes/fake-locks.fixture.ts';
import { MemoryPlace, memoryStorage } from '../testing-fakes/memory-store.fixture.ts';
import { logKeeper } from './log-keeper.ts';

/** What the tabs of one origin share. */
export interface Origin {
  readonly place: MemoryPlace;
  readonly locks: FakeLocks;
}

export function anOrigin(): Origin {
  return { place: new MemoryPlace(), locks: new FakeLocks() };
}

/** A page's keeper and queue without socket and server: the test is both. Its own log is named like the tab. */
export class Page {
  readonly environment: FakeEnvironment;
  readonly queue: OutboxQueue;
  readonly keeper: Keeper;
  /** `log:seq ok` or `log:seq CODE`. */
  readonly settled: string[] = [];
  /** `log:seq`, in the order in which storage had them. */
  readonly written: number[] = [];
  readonly reports: Failure[] = [];
  readonly ends: Failure[] = [];
  readonly fulls: Failure[] = [];
  readonly finished: string[] = [];
  changes = 0;
  onReport: (failure: Failure) => void = () => {};
  readonly #place: MemoryPlace;
  #fresh = 0;

  constructor({ place, locks }: Origin, tab: string, options: Omit<FakeEnvironmentOptions, 'tab'> = {}) {
    this.environment = new FakeEnvironment({ locks, ...options, tab });
    this.#place = place;
    this.queue = outboxQueue(this.#newLog(tab));
    this.keeper = logKeeper(memoryStorage(place), {
      environment: this.environment,
      queue: this.queue,
      clientId: () => Promise.resolve(''),
      newLog: () => {
        this.#fresh += 1;
        return this.#newLog(`${tab}-fresh-${this.#fresh}`);
      },
      foreignLog: (id) => this.#newLog(id),
      onStored: (entry) => {
        entry.isStored = true;
        this.written.push(entry.seq);
      },
      onChange: () => {
        this.changes += 1;
      },
      onStorageFull: (failure) => void this.fulls.push(failure),
      onStorageEnd: (failure) => void this.ends.push(failure),
      report: (failure) => {
        this.reports.push(failure);
        this.onReport(failure);
      },
      finish: (producer) => void this.finished.push(producer),
    });
  }

  get canStore(): boolean {
    return this.ends.length === 0;
  }

  /** What the app does. */
  send(count = 1): Entry[] {
    return Array.from({ length: count }, () => {
      const payload = JSON.stringify(`${this.queue.own.id}:${this.queue.own.nextSeq}`);
      const entry = anEntry({ payload, bytes: utf8Length(payload) });
      this.queue.own.append(entry);
      this.keeper.added(entry);
      return entry;
    });
  }

  /** The storage breaks, and the page finds out at its next call. */
  async loseStorage(cause: Error = new Error('gone')): Promise<void> {
    this.#place.fail('open', cause);
    this.keeper.setPeer('peer');
    await this.settle();
    this.#place.mend();
  }

  /** What the server does: it has taken everything of a log up to `seq`. */
  take(id: string, seq: number): void {
    new Listing(this.log(id), 0).begin([seq, []]);
  }

  /** Withdraws a message as the socket does; tells what came of it. */
  withdraw(entry: Entry, log: ProducerLog = this.queue.own): { outcome: boolean | null } {
    const told: { outcome: boolean | null } = { outcome: null };
    if (!log.withdraw(entry)) throw new Error('it can not be withdrawn');
    this.keeper.forget(log, entry, (isForgotten) => {
      told.outcome = isForgotten;
      log.fail(entry, { code: isForgotten ? 'ABORTED' : 'OUTCOME_UNKNOWN', message: 'withdrawn' });
    });
    return told;
  }

  log(id: string): ProducerLog {
    const log = this.queue.logs.find((other) => other.id === id);
    if (log === undefined) throw new Error(`no log ${id} in ${this.logs.join(' ')}`);
    return log;
  }

  /** The ids of all logs, in the order in which they are sent. */
  get logs(): string[] {
    return this.queue.logs.map(({ id }) => id);
  }

  /** The logs whose locks this page holds. */
  get held(): string[] {
    return this.environment.origin?.heldBy(this.environment.tab).sort() ?? [];
  }

  /** The log that the own one is sent after. */
  get waitsBehind(): string | null {
    for (let { after } = this.queue.own; after !== null; { after } = after) {
      if (!after.isSettled && this.queue.logs.includes(after)) return after.id;
    }
    return null;
  }

  get waitsFor(): string[] {
    return this.environment.origin?.waitingOf(this.environment.tab) ?? [];
  }

  advance(ms: number): Promise<void> {
    return this.environment.advance(ms);
  }

  settle(): Promise<void> {
    return this.environment.settle();
  }

  #newLog(id: string): ProducerLog {
    const log: ProducerLog = new ProducerLog(id, (entry, failure) => {
      this.settled.push(`${id}:${entry.seq} ${failure === null ? 'ok' : failure.code}`);
      this.keeper.settled(log, entry);
    });
    return log;
  }
}

/** A page whose storage has opened. */
export async function aPage(
  origin: Origin = anOrigin(),
  tab = 'tab',
  options: Omit<FakeEnvironmentOptions, 'tab'> = {},
): Promise<Page> {
  const page = new Page(origin, tab, options);
  await page.settle();
  return page;
}
