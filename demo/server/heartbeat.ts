import type { WebSocket } from 'ws';

const EVERY_MS = 10_000;

/** Ends sockets that have not answered the last ping, as servers on the package `ws` usually do. */
export class Heartbeat {
  readonly #answered = new Set<WebSocket>();
  readonly #timer: NodeJS.Timeout;

  constructor(sockets: () => Iterable<WebSocket>) {
    this.#timer = setInterval(() => {
      for (const socket of sockets()) {
        if (!this.#answered.delete(socket)) socket.terminate();
        else socket.ping();
      }
    }, EVERY_MS);
    this.#timer.unref();
  }

  watch(socket: WebSocket): void {
    this.#answered.add(socket);
    socket.on('pong', () => this.#answered.add(socket));
    socket.on('close', () => this.#answered.delete(socket));
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}
