import type { Environment } from '../environment/ports.ts';
import type { Failure } from '../lib/errors.ts';
import type { OutboxQueue } from '../machines/outbox.ts';
import type { Entry } from '../machines/producer-log.ts';
import { MAX_BYTES, type OutboxLimits } from '../storage/limits.ts';
import type { WritableOptions } from './types.ts';

export interface RoomHost {
  readonly environment: Environment;
  readonly queue: OutboxQueue;
  readonly limits: OutboxLimits;
  /** Settles what is known to be settled, whatever a throttled timer knows. */
  readonly flush: () => void;
  /** Takes a message back that is on no wire. */
  readonly withdraw: (entry: Entry, failure: Failure) => void;
}

/** How much more the own log may take. */
export interface Room {
  /** Makes room for one more message of so many bytes, as `overflow` says. Null: it is there. */
  make(bytes: number): Failure | null;
  /** Resolves when there is room; rejects with what `check` throws. */
  wait(options: WritableOptions, check: () => void): Promise<void>;
  /** There may be more room. */
  tell(): void;
  /** There never will be. */
  end(error: Error): void;
}

interface Waiter {
  readonly bytes: number;
  /** Without a reason it has room. */
  end(reason?: Error): void;
}

export function createRoom({ environment, queue, limits, flush, withdraw }: RoomHost): Room {
  const { maxMessages, maxBytes = MAX_BYTES, overflow = 'reject' } = limits;
  const waiters = new Set<Waiter>();
  /** What was told in this turn that there is room, and has not come yet. */
  let promised = 0;
  let promisedBytes = 0;

  function has(bytes: number, messages = 1): boolean {
    const { unsettled, withdrawn, bytes: held, withdrawnBytes } = queue.own;
    return unsettled - withdrawn + messages <= maxMessages && held - withdrawnBytes + bytes <= maxBytes;
  }

  /** Drops what is enough, or nothing. */
  function drop(bytes: number, failure: Failure): void {
    const { own } = queue;
    // What is withdrawn goes when storage has forgotten it: storage that hangs must not fill the memory.
    if (own.unsettled >= 2 * maxMessages || own.bytes >= 2 * maxBytes) return;
    const dropped: Entry[] = [];
    let freed = 0;
    for (const entry of own.withdrawable(overflow === 'drop-newest')) {
      dropped.push(entry);
      freed += entry.bytes;
      if (has(bytes - freed, 1 - dropped.length)) {
        for (const each of dropped) withdraw(each, failure);
        return;
      }
    }
  }

  function tell(): void {
    for (const waiter of waiters) {
      if (!has(promisedBytes + waiter.bytes, promised + 1)) return;
      promised += 1;
      promisedBytes += waiter.bytes;
      waiter.end();
      if (promised > 1) continue;
      // By then it has been sent, or never will be: one turn for whoever awaits a promise that was resolved before.
      environment.defer(() =>
        environment.defer(() => {
          promised = 0;
          promisedBytes = 0;
          tell();
        }),
      );
    }
  }

  return {
    make(bytes) {
      if (has(bytes)) return null;
      flush();
      const words = `the outbox is full (${maxMessages} messages or ${maxBytes} bytes): wait for whenWritable(), or raise them`;
      const failure: Failure = { code: 'QUEUE_FULL', message: words, details: { maxMessages, maxBytes } };
      if (!has(bytes) && overflow !== 'reject') drop(bytes, failure);
      return has(bytes) ? null : failure;
    },
    // Not async: who awaits it must hear of the room before the next one does.
    wait: ({ bytes = 1, signal }, check) =>
      new Promise((resolve, reject) => {
        check();
        const waiter: Waiter = {
          bytes: Math.min(bytes, maxBytes),
          end(reason) {
            waiters.delete(waiter);
            signal?.removeEventListener('abort', abort);
            if (reason === undefined) resolve();
            else reject(reason);
          },
        };
        const abort = (): void => waiter.end(signal?.reason as Error);
        if (signal?.aborted === true) {
          abort();
          return;
        }
        signal?.addEventListener('abort', abort);
        waiters.add(waiter);
        tell();
      }),
    tell,
    end(error) {
      for (const waiter of waiters) waiter.end(error);
    },
  };
}
