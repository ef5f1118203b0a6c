import type { Environment, WebSocketLike } from '../environment/ports.ts';

/** Facts of one socket, told until it is detached. */
export interface TransportListener {
  opened(): void;
  message(data: unknown): void;
  closed(code: number, reason: string, wasClean: boolean): void;
}

/** One WebSocket. After `detach` it tells nothing any more. */
export interface Transport {
  readonly bufferedAmount: number;
  send(data: string): void;
  /**
   * Closes and forgets the socket at once. On a dead link a browser's `onclose` comes 20 to 60 s after `close()`: nobody
   * waits for it.
   */
  detach(code: number, reason: string): void;
}

/** Opens a WebSocket. Throws what its constructor throws. */
export function openTransport(
  environment: Environment,
  url: string,
  subprotocols: readonly string[],
  listener: TransportListener,
): Transport {
  const socket = environment.openWebSocket(url, subprotocols);
  // An error says nothing that the close after it does not, but in Node one that nobody listens to ends the process: this
  // listener stays, on a socket that was let go of, too.
  socket.onerror = () => {};
  socket.onopen = () => listener.opened();
  socket.onmessage = (event) => listener.message(event.data);
  socket.onclose = (event) => {
    silence(socket);
    listener.closed(event.code, event.reason, event.wasClean);
  };
  return {
    get bufferedAmount() {
      return socket.bufferedAmount;
    },
    send: (data) => socket.send(data),
    detach(code, reason) {
      silence(socket);
      // The WHATWG standard allows scripts 1000 and 3000-4999 only, and 123 bytes of reason.
      const isOurs = code === 1000 || (code >= 3000 && code <= 4999);
      if (isOurs) socket.close(code, asciiReason(reason));
      else socket.close();
    },
  };
}

function silence(socket: WebSocketLike): void {
  socket.onopen = null;
  socket.onmessage = null;
  socket.onclose = null;
}

/** A reason above 123 bytes of UTF-8 makes `close` throw; ours are ASCII, an app's may not be. */
function asciiReason(reason: string): string {
  return reason.replace(/[^\x20-\x7e]/g, '?').slice(0, 123);
}
