import type { ConnectionState } from '@holdfast/core';
import { NOT_STARTED } from './not-started.ts';
import type { WatchableSocket } from './socket-store.ts';
import { useSelection } from './use-selection.ts';

/**
 * The state of a connection, or what `selector` makes of it.
 *
 * Renders again only when the result changed: by `Object.is` or, for plain objects, arrays, maps and sets, when one of
 * their entries did. Messages and the numbers of `useSocketStats` never cause a render. Without a selector the result
 * is the whole `ConnectionState`, and every change in it renders. The selector may be an inline function; what it throws
 * is thrown by the render.
 *
 * On a server, and in the first render of a page that hydrates, the phase is `idle`.
 *
 * @example
 * const phase = useConnectionState(socket, (state) => state.phase);
 */
export function useConnectionState(socket: WatchableSocket): ConnectionState;
export function useConnectionState<Selected>(
  socket: WatchableSocket,
  selector: (state: ConnectionState) => Selected,
): Selected;
export function useConnectionState(socket: WatchableSocket, selector?: (state: ConnectionState) => unknown): unknown {
  return useSelection(socket, NOT_STARTED, selector);
}
