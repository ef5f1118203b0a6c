import { describe, expect, it } from 'vitest';
import { HoldfastError, type Failure } from '../lib/errors.ts';
import { anEntry } from '../machines/outbox.fixture.ts';
import { outboxQueue } from '../machines/outbox.ts';
import { ProducerLog, type Entry } from '../machines/producer-log.ts';
import { FakeEnvironment } from '../testing-fakes/fake-environment.fixture.ts';
import { MemoryPlace, memoryStorage } from '../testing-fakes/memory-store.fixture.ts';
import { storedMessages } from './stored-messages.ts';

/** A keeper that is asked as a socket asks it. */
class Page {
  readonly place = new MemoryPlace();
  readonly environment = new FakeEnvironment();
  readonly reports: Failure[] = [];
  readonly queue = outboxQueue(this.#newLog('own'));
  readonly keeper = storedMessages(memoryStorage(this.place), {
    environment: this.environment,
    queue: this.queue,
    newLog: () => this.#newLog('fresh'),
    foreignLog: (id) => this.#newLog(id),
    onChange: () => {},
    error: (failure) => new HoldfastError(failure, 0),
    report: (failure) => void this.reports.push(failure),
    finish: () => {},
  });

  #newLog(id: string): ProducerLog {
    const log: ProducerLog = new ProducerLog(id, (entry, failure) =>
      this.keeper.settled(log, entry, failure && new HoldfastError(failure, 0)),
    );
    return log;
  }

  send(): Entry {
    const entry = anEntry();
    this.queue.own.append(entry);
    this.keeper.added(this.queue, entry, false);
    return entry;
  }

  outcome(entry: Entry): { told: string } {
    const outcome = { told: 'nothing' };
    this.keeper.whenStored(entry).then(
      () => void (outcome.told = 'stored'),
      (error: unknown) => void (outcome.told = (error as HoldfastError).code),
    );
    return outcome;
  }
}

async function aPage(): Promise<Page> {
  const page = new Page();
  await page.environment.settle();
  return page;
}

describe('a stored message', () => {
  it('is written at the end of the turn for whoever waits, and stays stored whatever becomes of it', async () => {
    const page = await aPage();
    const entry = page.send();
    const outcome = page.outcome(entry);
    expect([entry.isStored ?? false, page.place.callsOf('createLog').length]).toEqual([false, 0]);
    await page.environment.settle();
    expect([outcome.told, entry.isStored ?? false, page.keeper.leftBehind(entry)?.code]).toEqual([
      'stored',
      true,
      'OUTCOME_UNKNOWN',
    ]);
    page.queue.own.fail(entry, { code: 'EXPIRED', message: '' });
    const late = page.outcome(entry);
    await page.environment.settle();
    expect([late.told, entry.isStored ?? false]).toEqual(['stored', true]);
  });

  it('that was delivered before it was written is as good as stored; one that failed is not', async () => {
    const page = await aPage();
    const [delivered, failed] = [page.send(), page.send()];
    const early = [page.outcome(delivered), page.outcome(failed)];
    page.queue.own.fail(failed, { code: 'REFUSED', message: '' });
    page.queue.own.settleWhile(() => true);
    const late = [page.outcome(delivered), page.outcome(failed)];
    await page.environment.settle();
    expect([...early, ...late].map(({ told }) => told)).toEqual(['stored', 'REFUSED', 'stored', 'REFUSED']);
    expect([delivered.isStored ?? false, page.keeper.leftBehind(delivered)]).toEqual([false, null]);
  });

  it('is told that storage has ended: those who wait, those who ask later, and those who come later', async () => {
    const page = await aPage();
    const [settled, waiting, silent] = [page.send(), page.send(), page.send()];
    page.queue.own.settleWhile((entry) => entry === settled);
    page.place.fail('createLog', new Error('gone'));
    const outcomes = [page.outcome(settled), page.outcome(waiting)];
    await page.environment.settle();
    outcomes.push(page.outcome(silent), page.outcome(page.send()));
    page.queue.own.settleWhile(() => true);
    outcomes.push(page.outcome(silent));
    await page.environment.settle();
    expect(outcomes.map(({ told }) => told)).toEqual([
      'stored',
      'STORAGE_FAILED',
      'STORAGE_FAILED',
      'STORAGE_FAILED',
      'STORAGE_FAILED',
    ]);
    expect(page.reports.map(({ code }) => code)).toEqual(['STORAGE_FAILED']);
  });

  it('is stored for whoever asks after storage has ended, too', async () => {
    const page = await aPage();
    const entry = page.send();
    await page.environment.advance(20);
    expect(entry.isStored).toBe(true);
    page.place.fail('open', new Error('gone'));
    page.keeper.setPeer('peer');
    await page.environment.settle();
    const late = page.outcome(entry);
    await page.environment.settle();
    expect([page.reports.map(({ code }) => code), late.told]).toEqual([['STORAGE_FAILED'], 'stored']);
  });

  it('that is withdrawn fails when storage has forgotten it, and in doubt where storage failed', async () => {
    const page = await aPage();
    const told: string[] = [];
    const log = new ProducerLog('other', (_entry, failure) => void told.push(failure?.code ?? 'ok'));
    const entries = [anEntry(), anEntry()];
    for (const entry of entries) log.append(entry);
    page.keeper.withdraw(log, entries[0]!, { code: 'ABORTED', message: '' });
    expect(told).toEqual(['ABORTED']);

    const stored = page.send();
    await page.environment.advance(20);
    page.place.fail('removeSegments', new Error('broken'));
    const codes: (string | undefined)[] = [];
    page.queue.own.withdraw(stored);
    page.keeper.withdraw(page.queue.own, stored, { code: 'ABORTED', message: '' });
    expect(stored.status).toBe('queued');
    await page.environment.settle();
    codes.push(page.reports[0]?.code, page.keeper.leftBehind(stored)?.code);
    expect([stored.status, codes]).toEqual(['failed', ['STORAGE_FAILED', 'OUTCOME_UNKNOWN']]);
  });
});
