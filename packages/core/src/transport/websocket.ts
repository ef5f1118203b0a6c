import type { WebSocketLike } from '../environment/ports.ts';

/** Hears a socket's facts, until it is let go of. */
export function listen(
  socket: WebSocketLike,
  opened: () => void,
  message: (event: { readonly data: unknown }) => void,
  closed: (end: { readonly code: number; readonly reason: string; readonly wasClean: boolean }) => void,
): void {
  // An error says nothing that the close after it does not, but in Node one that nobody listens to ends the process: this
  // listener stays, on a socket that was let go of, too.
  socket.onerror = () => {};
  socket.onopen = opened;
  socket.onmessage = message;
  socket.onclose = (end) => {
    silence(socket);
    closed(end);
  };
}

/** From here on nothing is heard of this socket. */
export function silence(socket: WebSocketLike): void {
  socket.onopen = socket.onmessage = socket.onclose = null;
}

/**
 * Closes and forgets a socket at once. On a dead link a browser's `onclose` comes 20 to 60 s after `close()`: nobody waits
 * for it.
 */
export function letGo(socket: WebSocketLike | null | undefined, code: number, reason: string): void {
  if (!socket) return;
  silence(socket);
  // The WHATWG standard allows scripts 1000 and 3000-4999 only, and 123 bytes of reason: ours are ASCII, an app's may not be.
  if (code === 1000 || (code >= 3000 && code <= 4999)) {
    socket.close(code, reason.replace(/[^\x20-\x7e]/g, '?').slice(0, 123));
  } else socket.close();
}
