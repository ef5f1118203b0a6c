import type { Socket } from '@holdfast/core';
import { useMemo } from 'react';
import { invalid } from './first-hook.ts';
import { useRecent } from './use-recent.ts';

/** What `useMessages` keeps. */
export interface UseMessagesOptions<Incoming, Selected = Incoming> {
  /** How many to keep: the newest. A whole number from 1. Default 100. */
  readonly limit?: number;
  /**
   * What to keep of a message; `undefined`: nothing, as if it had not come. Called once for each, when it arrives, with the
   * function of the last committed render. Default: the message.
   */
  readonly select?: (message: Incoming) => Selected | undefined;
}

const always = (): boolean => true;

/**
 * The newest messages that arrived while the component was mounted, or what `select` makes of them, oldest first.
 *
 * Renders at most once a frame however many arrive, and all components that use it commit together. In a hidden tab, which has no
 * frames, it renders as messages come, four times a second at most; the last of a burst waits there for a timer, which browsers
 * run once a second. No message is missed or doubled, in Strict Mode and while
 * Suspense hides the component too, and one that `select` leaves out renders nothing. The list is a new array whenever
 * something was added, the same one otherwise. It belongs to the socket: another one begins with an empty list.
 *
 * What `select` throws is reported by the socket (`error`, LISTENER_FAILED), and that message is left out. On a server, and
 * in the first render of a page that hydrates, the list is empty.
 *
 * @throws HoldfastError INVALID_OPTION in the render for a wrong `limit`
 *
 * @example
 * const lines = useMessages(socket, {
 *   limit: 50,
 *   select: (message) => (message.type === 'chat' ? message.text : undefined),
 * });
 */
export function useMessages<Incoming, Selected = Incoming>(
  socket: Socket<Incoming, never>,
  { limit = 100, select }: UseMessagesOptions<NoInfer<Incoming>, Selected> = {},
): readonly Selected[] {
  if (!(Number.isInteger(limit) && limit >= 1)) throw invalid('useMessages: limit must be a whole number from 1');
  const list = useRecent(socket, limit, select, always);
  return useMemo(() => (list.length > limit ? list.slice(-limit) : list), [list, limit]);
}
