import type { SocketStats } from '@holdfast/core';
import { NO_STATS } from './not-started.ts';
import { statsStore, type WatchableSocket } from './socket-store.ts';
import { useSelection } from './use-selection.ts';

/**
 * Round trip and queue of a socket, or what `selector` makes of them.
 *
 * Renders again only when the result changed, compared as `useConnectionState` does, and at most once a frame however
 * many messages are sent: a busy queue costs a render a frame, so select what is shown.
 *
 * On a server, and in the first render of a page that hydrates, nothing is queued and no round trip is known.
 *
 * @example
 * const waiting = useSocketStats(socket, (stats) => stats.queued);
 */
export function useSocketStats(socket: WatchableSocket): SocketStats;
export function useSocketStats<Selected>(socket: WatchableSocket, selector: (stats: SocketStats) => Selected): Selected;
export function useSocketStats(socket: WatchableSocket, selector?: (stats: SocketStats) => unknown): unknown {
  return useSelection(statsStore(socket), NO_STATS, selector);
}
