import type { LaneClient, LaneState } from './lane-client.ts';

const REOPEN_MS = 1_000;

/** The browser's WebSocket as many apps use it: opened again a second after it closed, and sent to while it is open. */
export function plainClient(url: URL, onState: () => void): LaneClient {
  let socket: WebSocket;
  const open = (): void => {
    socket = new WebSocket(url);
    socket.onopen = onState;
    socket.onclose = () => {
      onState();
      setTimeout(open, REOPEN_MS);
    };
    onState();
  };
  const states: { readonly [readyState: number]: LaneState } = { 0: 'connecting', 1: 'open' };
  open();
  return {
    name: 'plain',
    get state() {
      return states[socket.readyState] ?? 'closed';
    },
    send: (text) => {
      if (socket.readyState === WebSocket.OPEN) socket.send(text);
    },
  };
}
