import { describe, expect, it, vi } from 'vitest';
import { HoldfastError } from '../lib/errors.ts';
import { ProducerLog } from '../machines/producer-log.ts';
import { MessageReceipt } from './receipts.ts';
import { unhandledRejections } from './socket.fixture.ts';

const failed = new HoldfastError({ code: 'EXPIRED', message: '' }, 0);

function aReceipt(): { receipt: MessageReceipt; whenStored: () => Promise<void>; log: ProducerLog } {
  const whenStored = vi.fn(() => Promise.resolve());
  const receipt = new MessageReceipt(
    'own',
    '"x"',
    () => 3,
    () => ({ whenStored }),
    () => false,
  );
  const log = new ProducerLog('own', () => {});
  log.append(receipt);
  return { receipt, whenStored, log };
}

describe('a receipt', () => {
  it('goes from queued to in flight to its end', () => {
    const { receipt, log } = aReceipt();
    expect([receipt.id, receipt.status, receipt.error]).toEqual(['own:1', 'queued', null]);
    log.send(receipt);
    expect(receipt.status).toBe('inFlight');
    receipt.settle(null);
    expect([receipt.status, receipt.error]).toEqual(['delivered', null]);
  });

  it('counts as queued while it is withdrawn and storage still has it', () => {
    const { receipt, log } = aReceipt();
    log.withdraw(receipt);
    expect(receipt.status).toBe('queued');
  });

  it('gives the same promise, before and after its end', async () => {
    const { receipt } = aReceipt();
    const { stored, delivered } = receipt;
    receipt.settle(null);
    expect([receipt.stored === stored, receipt.delivered === delivered]).toEqual([true, true]);
    await Promise.all([stored, delivered]);
  });

  it('tells its end to those who ask afterwards', async () => {
    const { receipt } = aReceipt();
    receipt.settle(failed);
    await expect(receipt.delivered).rejects.toBe(failed);
    expect([receipt.error, receipt.status]).toEqual([failed, 'failed']);
  });

  it('asks its keeper about storage, and only when it is read', () => {
    const { receipt, whenStored } = aReceipt();
    void receipt.delivered;
    expect(whenStored).not.toHaveBeenCalled();
    void receipt.stored;
    void receipt.stored;
    expect(whenStored).toHaveBeenCalledTimes(1);
    expect(receipt.isStored).toBe(false);
  });

  it('never makes an unhandled rejection, whether its promise is read or not', async () => {
    expect(
      await unhandledRejections(async () => {
        const read = aReceipt().receipt;
        void read.delivered;
        read.settle(failed);
        aReceipt().receipt.settle(failed);
        const late = aReceipt().receipt;
        late.settle(failed);
        void late.delivered;
      }),
    ).toEqual([]);
  });

  it('rejects for those who wait for it', async () => {
    const unhandled = await unhandledRejections(async () => {
      const { receipt } = aReceipt();
      void receipt.delivered.then(() => {});
      receipt.settle(failed);
    });
    expect(unhandled, 'what the app makes of it is its own').toEqual([failed]);
  });
});
