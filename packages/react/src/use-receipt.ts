import type { HoldfastError, Receipt } from '@holdfast/core';
import { useCallback, useMemo, useSyncExternalStore } from 'react';
import { invalid, useFirstRef } from './first-hook.ts';
import type { WatchableSocket } from './socket-store.ts';

/**
 * How far a message has come. `queued`: in memory. `stored`: it survives a killed browser. `sent`: on the wire of the
 * current connection; back to `stored` or `queued` when that is lost. `delivered`: the server's handler has taken it.
 * `failed`: it has ended, `error` says why.
 */
export type DeliveryStatus = 'queued' | 'stored' | 'sent' | 'delivered' | 'failed';

/** What `useReceipt` gives. */
export interface Delivery {
  readonly status: DeliveryStatus;
  /** Why it failed; null otherwise. */
  readonly error: HoldfastError | null;
}

/**
 * How far a sent message has come, for a UI that shows it before it is confirmed; null for null.
 *
 * Renders when `status` changes, at most once a frame but for its end. `socket` is the one that sent it. As
 * `receipt.stored` does, it asks a stored outbox to write the message at the end of this turn.
 *
 * @throws HoldfastError INVALID_OPTION for what is no receipt
 *
 * @example
 * const [receipt, setReceipt] = useState<Receipt | null>(null);
 * const delivery = useReceipt(socket, receipt);
 * return <button onClick={() => setReceipt(socket.send({ text }))}>{delivery?.status ?? 'send'}</button>;
 */
export function useReceipt(socket: WatchableSocket, receipt: Receipt): Delivery;
export function useReceipt(socket: WatchableSocket, receipt: Receipt | null): Delivery | null;
export function useReceipt(socket: WatchableSocket, receipt: Receipt | null): Delivery | null {
  useFirstRef(null);
  if (receipt !== null && typeof receipt?.status !== 'string')
    throw invalid('useReceipt: receipt must be what send() returned, or null');
  const subscribe = useCallback(
    (listener: () => void) => {
      if (receipt === null || isFinal(receipt)) return () => {};
      let isActive = true;
      const tell = (): void => {
        if (isActive) listener();
      };
      // Where nothing is stored it stays queued, which is what is shown.
      receipt.stored.then(tell, tell);
      receipt.delivered.then(tell, tell);
      const stop = socket.subscribe(tell);
      return () => {
        isActive = false;
        stop();
      };
    },
    [socket, receipt],
  );
  const getStatus = (): DeliveryStatus | null => receipt && statusOf(receipt);
  const status = useSyncExternalStore(subscribe, getStatus, getStatus);
  const error = receipt?.error ?? null;
  return useMemo(() => status && { status, error }, [status, error]);
}

function statusOf(receipt: Receipt): DeliveryStatus {
  if (receipt.status === 'inFlight') return 'sent';
  return receipt.status === 'queued' && receipt.isStored ? 'stored' : receipt.status;
}

function isFinal({ status }: Receipt): boolean {
  return status === 'delivered' || status === 'failed';
}
