import ReconnectingWebSocket from 'reconnecting-websocket';
import { QUEUE_LIMIT } from '../conversation/limits.ts';
import type { LaneClient, LaneState } from './lane-client.ts';

/** The package reconnecting-websocket with its defaults, and a bound for its queue: that of Holdfast's. */
export function reconnectingClient(url: URL, onState: () => void): LaneClient {
  const socket = new ReconnectingWebSocket(url.href, [], { maxEnqueuedMessages: QUEUE_LIMIT });
  for (const type of ['open', 'close', 'error'] as const) socket.addEventListener(type, onState);
  const states: { readonly [readyState: number]: LaneState } = { 0: 'connecting', 1: 'open' };
  return {
    name: 'reconnecting',
    get state() {
      return states[socket.readyState] ?? 'closed';
    },
    send: (text) => socket.send(text),
  };
}
