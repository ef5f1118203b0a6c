import type { Failure } from '../lib/errors.ts';
import type { OutboxQueue } from '../machines/outbox.ts';
import { isFinal, type Entry, type ProducerLog } from '../machines/producer-log.ts';
import { MessageReceipt } from './receipts.ts';
import type { OutboxItem, SocketOutbox } from './types.ts';

const LISTED = 100;

const CANCELLED: Failure = { code: 'ABORTED', message: 'withdrawn by the app' };

/** What the app sees of the queue, and may take out of it. */
export function createOutboxView(
  queue: OutboxQueue,
  /** Takes a message back that is on no wire; false: it may have been sent. */
  withdraw: (log: ProducerLog, entry: Entry, failure: Failure) => boolean,
  /** Calls `told` when the message is settled. */
  onSettled: (entry: Entry, told: () => void) => void,
): SocketOutbox {
  /** Each message that is not settled, until `visit` gives true. */
  function some(visit: (entry: Entry, log: ProducerLog) => boolean): boolean {
    return queue.logs.some((log) => log.entries.some((entry) => !isFinal(entry) && visit(entry, log)));
  }

  return Object.freeze({
    list(limit = LISTED): readonly OutboxItem[] {
      const items: OutboxItem[] = [];
      some((entry, log) => {
        const { seq, status, bytes } = entry;
        const queuedAt = entry instanceof MessageReceipt ? entry.queuedAt : null;
        if (items.length < limit && !entry.isWithdrawn) {
          items.push({ id: `${log.id}:${seq}`, status: status === 'inFlight' ? status : 'queued', bytes, queuedAt });
        }
        return items.length >= limit;
      });
      return items;
    },
    cancel: (id: string) => {
      const seq = Number(String(id).split(':').at(-1));
      for (const log of queue.logs) {
        const entry = id === `${log.id}:${seq}` ? log.find(seq) : undefined;
        if (entry !== undefined) return withdraw(log, entry, CANCELLED);
      }
      return false;
    },
    async clear() {
      const gone: Promise<void>[] = [];
      some((entry, log) => {
        // What was withdrawn before may be in storage, too.
        if ((withdraw(log, entry, CANCELLED) || entry.isWithdrawn) && entry.status === 'queued') {
          gone.push(new Promise((resolve) => onSettled(entry, resolve)));
        }
        return false;
      });
      await Promise.all(gone);
    },
  });
}
