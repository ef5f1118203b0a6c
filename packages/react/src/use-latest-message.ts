import type { Socket } from '@holdfast/core';
import { keepSame } from './same.ts';
import { useRecent } from './use-recent.ts';

const isNews = (list: readonly unknown[], before: readonly unknown[]): boolean =>
  !Object.is(keepSame(before[0], list[0]), before[0]);

/**
 * The latest message that arrived while the component was mounted, or the latest that `select` made something of;
 * `undefined` before the first.
 *
 * For a value that is replaced, such as a price or a position: renders at most once a frame, with the last one of that
 * frame, and only when it is another one, by `Object.is` or, for plain objects, arrays, maps and sets, by their entries.
 * Whoever must see every message takes `useMessages` or `useOnMessage`; what is said there of hidden tabs, of `select` and of
 * servers holds here, too.
 *
 * @example
 * const price = useLatestMessage(socket, (message) => (message.type === 'price' ? message.price : undefined));
 */
export function useLatestMessage<Incoming, Selected = Incoming>(
  socket: Socket<Incoming, never>,
  select?: (message: NoInfer<Incoming>) => Selected | undefined,
): Selected | undefined {
  return useRecent(socket, 1, select, isNews)[0];
}
