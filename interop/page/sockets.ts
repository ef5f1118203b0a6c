/** How many sockets of one kind there have been, and what has become of them. */
export interface SocketCount {
  readonly made: number;
  readonly open: number;
  /** Neither open nor closed for good. */
  readonly between: number;
}

/** Notes every socket of a class. */
export class SocketBook {
  readonly #sockets: WebSocket[] = [];

  /** The same class, with each of its sockets in this book. */
  watch(WebSocketClass: typeof WebSocket): typeof WebSocket {
    const note = (socket: WebSocket): void => {
      this.#sockets.push(socket);
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
    return { made: states.length, open, between: states.length - open - closed };
  }
}
