/** How many sockets of one kind there have been, and what has become of them. */
export interface SocketCount {
  /** What they have told, but for messages. */
  readonly events: readonly string[];
  readonly made: number;
  readonly open: number;
  /** Neither open nor closed for good. */
  readonly between: number;
}

/** Notes every socket of a class. */
export class SocketBook {
  readonly #sockets: WebSocket[] = [];
  readonly #events: string[] = [];

  /** The same class, with each of its sockets in this book. */
  watch(WebSocketClass: typeof WebSocket): typeof WebSocket {
    const note = (socket: WebSocket): void => {
      this.#sockets.push(socket);
      for (const type of ['open', 'error', 'close'] as const)
        socket.addEventListener(type, () => this.#events.push(type));
    };
    return class extends WebSocketClass {
      constructor(...args: ConstructorParameters<typeof WebSocket>) {
        super(...args);
        note(this);
      }
    };
  }

  count(): SocketCount {
    const states = this.#sockets.map(({ readyState }) => readyState);
    const open = states.filter((state) => state === WebSocket.OPEN).length;
    const closed = states.filter((state) => state === WebSocket.CLOSED).length;
    return { events: this.#events, made: states.length, open, between: states.length - open - closed };
  }
}
