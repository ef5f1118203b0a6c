import { describe, expect, it, vi } from 'vitest';
import { HoldfastError } from '../lib/errors.ts';
import { add, aLog } from '../machines/outbox.fixture.ts';
import { MessageReceipt, toError } from './receipts.ts';
import { outcomeOf, unhandledRejections } from './socket.fixture.ts';

const failed = new HoldfastError({ code: 'EXPIRED', message: '' }, 0);
const notStored = new HoldfastError({ code: 'STORAGE_FAILED', message: '' }, 0);

function aReceipt(): { receipt: MessageReceipt; wanted: () => number; send: () => void } {
  const { log } = aLog();
  const [entry] = add(log, 1);
  const want = vi.fn<() => void>();
  log.begin([0, []]);
  return {
    receipt: new MessageReceipt('own:1', entry!, want),
    wanted: () => want.mock.calls.length,
    send: () => void log.send(entry!),
  };
}

describe('a receipt', () => {
  it('goes from queued to in flight to its end', () => {
    const { receipt, send } = aReceipt();
    expect([receipt.id, receipt.status, receipt.error]).toEqual(['own:1', 'queued', null]);
    send();
    expect(receipt.status).toBe('inFlight');
    receipt.settle(null, true);
    expect([receipt.status, receipt.error]).toEqual(['delivered', null]);
  });

  it('gives the same promise, before and after its end', async () => {
    const { receipt } = aReceipt();
    const { stored, delivered } = receipt;
    receipt.settle(null, true);
    expect([receipt.stored === stored, receipt.delivered === delivered]).toEqual([true, true]);
    await Promise.all([stored, delivered]);
  });

  it('tells its end to those who ask afterwards', async () => {
    const { receipt } = aReceipt();
    receipt.settle(failed, true);
    await expect(receipt.delivered).rejects.toBe(failed);
    await expect(receipt.stored).rejects.toBe(failed);
    expect(receipt.error).toBe(failed);
  });

  it('asks for the write only while it can help', () => {
    const { receipt, wanted } = aReceipt();
    void receipt.delivered;
    expect(wanted()).toBe(0);
    void receipt.stored;
    expect(wanted()).toBe(1);
    receipt.markStored();
    void receipt.stored;
    expect(wanted()).toBe(1);
  });

  it('stays stored, whatever becomes of storage and message', async () => {
    const { receipt } = aReceipt();
    receipt.markStored();
    receipt.endStorage(notStored);
    receipt.settle(failed, false);
    await receipt.stored;
    await expect(receipt.delivered).rejects.toBe(failed);
  });

  it('of a message that was delivered before it was written is as good as stored, but not in memory', async () => {
    const { receipt } = aReceipt();
    receipt.settle(null, true);
    await receipt.stored;
    expect(receipt.isStored).toBe(false);
    const inMemory = aReceipt().receipt;
    const stored = outcomeOf(inMemory.stored);
    inMemory.endStorage(notStored);
    inMemory.settle(null, false);
    await inMemory.delivered;
    expect(stored.code).toBe('STORAGE_FAILED');
  });

  it('never makes an unhandled rejection, whether its promises are read or not', async () => {
    expect(
      await unhandledRejections(async () => {
        const read = aReceipt().receipt;
        void read.stored;
        void read.delivered;
        read.settle(failed, true);
        aReceipt().receipt.settle(failed, true);
        const late = aReceipt().receipt;
        late.settle(failed, true);
        void late.delivered;
      }),
    ).toEqual([]);
  });

  it('rejects for those who wait for it', async () => {
    const unhandled = await unhandledRejections(async () => {
      const { receipt } = aReceipt();
      void receipt.delivered.then(() => {});
      receipt.settle(failed, true);
    });
    expect(unhandled, 'what the app makes of it is its own').toEqual([failed]);
  });
});

describe('toError', () => {
  it('makes errors of failures, all the way down', () => {
    const cause = new TypeError('first');
    const error = toError(
      { code: 'RETRIES_EXHAUSTED', message: 'third', cause: { code: 'URL_FAILED', message: 'second', cause } },
      7,
    );
    expect(error).toMatchObject({ code: 'RETRIES_EXHAUSTED', timestamp: 7 });
    expect(error.cause).toBeInstanceOf(HoldfastError);
    expect((error.cause as HoldfastError).cause).toBe(cause);
  });

  it('leaves alone what an app threw', () => {
    for (const cause of [
      'text',
      null,
      7,
      { message: 'no code' },
      new HoldfastError({ code: 'CLOSED', message: '' }, 0),
    ]) {
      expect(toError({ code: 'PREPARE_FAILED', message: '', cause }, 0).cause).toBe(cause);
    }
  });
});
