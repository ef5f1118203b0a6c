import type { Receipt, SendOptions, Socket } from '@holdfast/core';
import { useInsertionEffect, useMemo } from 'react';
import { NOTHING, outboxStore, type OutboxEntry } from './outbox-store.ts';
import { useSelection } from './use-selection.ts';

/** What `useOutbox` gives. The functions stay the same over all renders. */
export interface OutboxView {
  /**
   * The failed messages, oldest first, then those that wait or are in flight, in the order of sending: at most 100 of each.
   */
  readonly items: readonly OutboxEntry[];
  /**
   * Sends what a failed message carried again, as a new message behind all that waits in its lane, and takes the failed one off
   * the list. What it was sent with holds again, its `ttlMs` from now on, but for its signal and for what `options` say.
   * `null`, and nothing happens: there is no such failed message, or what it carried is not known. One that failed with
   * MESSAGE_POISONOUS may have been taken before.
   */
  readonly retry: (id: string, options?: SendOptions) => Receipt | null;
  /**
   * Withdraws a message that waits, as `Receipt.cancel()` does, or takes a failed one off the list. False, and nothing happens:
   * it may have been sent, or is not there.
   */
  readonly cancel: (id: string) => boolean;
  /** Withdraws all that may be withdrawn, and takes all that failed off the list. Resolves when storage has forgotten it. */
  readonly clear: () => Promise<void>;
}

/**
 * What waits to be sent, is in flight or has failed, and what can be done about it.
 *
 * Renders when that changed, at most once a frame however much is sent. Failed messages are kept with what they carried, the
 * newest 100, from the first use of this hook on a socket until it closes, and are shared by all components that use it; those
 * that the app itself withdrew, and those that nobody knows the outcome of, are not among them. They are in memory: a reload
 * forgets them. `useSocketStats` has the number of all that waits, and costs less.
 *
 * On a server, and in the first render of a page that hydrates, the list is empty.
 *
 * @example
 * const { items, retry, cancel } = useOutbox(socket);
 * return items.map((item) => (
 *   <li key={item.id}>
 *     {item.status} <button onClick={() => (item.status === 'failed' ? retry(item.id) : cancel(item.id))} />
 *   </li>
 * ));
 */
export function useOutbox<Outgoing>(socket: Socket<unknown, Outgoing>): OutboxView {
  const outbox = outboxStore(socket);
  const items = useSelection(outbox.store, NOTHING);
  // Before any layout effect, which may send what is refused at once.
  useInsertionEffect(outbox.listen, [outbox]);
  const actions = useMemo(
    () => ({
      retry: (id: string, options?: SendOptions): Receipt | null => {
        const failed = outbox.failed(id);
        if (failed?.data === undefined) return null;
        // What is refused at once is on the list again, as another message.
        const receipt = socket.send(failed.data as Outgoing, { ...failed.options, ...options });
        outbox.forget(id);
        return receipt;
      },
      cancel: (id: string): boolean => outbox.forget(id) || socket.outbox.cancel(id),
      clear: (): Promise<void> => {
        outbox.forget();
        return socket.outbox.clear();
      },
    }),
    [socket, outbox],
  );
  return useMemo(() => ({ items, ...actions }), [items, actions]);
}
