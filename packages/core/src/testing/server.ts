import type { Payload, TestConnection } from './connection.ts';

/** What a server does; every part may be left out. */
export interface ServerScript {
  /** Chooses the subprotocol from what the page offers. Default: the first; none where none is offered. */
  selectProtocol?(offered: readonly string[]): string | undefined;
  /** A page has connected. */
  onConnection?(peer: TestPeer): void;
  /** A message has come: text, or bytes. */
  onMessage?(peer: TestPeer, data: Payload): void;
  /** The connection is over: 1006 where it ended without a close frame. */
  onClose?(peer: TestPeer, code: number, reason: string): void;
}

/** A server of the test's own, at one URL of a world. */
export class TestServer {
  readonly url: string;
  /** Every connection that it took, in order. */
  readonly peers: TestPeer[] = [];
  readonly #script: ServerScript;
  readonly #wallClock: () => number;
  #isRunning = true;

  constructor(url: string, script: ServerScript, wallClock: () => number) {
    this.url = url;
    this.#script = script;
    this.#wallClock = wallClock;
  }

  get isRunning(): boolean {
    return this.#isRunning;
  }

  /** Connections that the server takes for open. */
  get open(): readonly TestPeer[] {
    return this.peers.filter(({ isOpen }) => isOpen);
  }

  /** The newest connection. */
  get peer(): TestPeer {
    const peer = this.peers.at(-1);
    if (peer === undefined)
      throw new Error(`nobody has connected to ${this.url}: let time pass, as with clock.until()`);
    return peer;
  }

  /** What the open connections have sent so far and the closed ones had sent, in the order of connections. */
  get messages(): readonly Payload[] {
    return this.peers.flatMap(({ messages }) => messages);
  }

  /** The process ends: its connections are reset, and new ones fail until `start()`. */
  stop(): void {
    this.#isRunning = false;
    for (const peer of this.open) peer.terminate();
  }

  start(): void {
    this.#isRunning = true;
  }

  /** Used by the network. */
  accept(connection: TestConnection): TestPeer {
    const { protocols } = connection;
    const protocol = this.#script.selectProtocol === undefined ? protocols[0] : this.#script.selectProtocol(protocols);
    const peer = new TestPeer(connection, protocol ?? '', this.#script, this.#wallClock);
    this.peers.push(peer);
    return peer;
  }
}

/** The server's end of one connection. */
export class TestPeer {
  /** With its query. */
  readonly url: string;
  readonly offeredProtocols: readonly string[];
  readonly protocol: string;
  /** All that came, in order. */
  readonly messages: Payload[] = [];
  /** How it ended; null while it is open. */
  closed: { readonly code: number; readonly reason: string } | null = null;
  readonly #connection: TestConnection;
  readonly #script: ServerScript;
  readonly #wallClock: () => number;
  #isClosing = false;

  constructor(connection: TestConnection, protocol: string, script: ServerScript, wallClock: () => number) {
    this.url = connection.url;
    this.offeredProtocols = connection.protocols;
    this.protocol = protocol;
    this.#connection = connection;
    this.#script = script;
    this.#wallClock = wallClock;
  }

  get isOpen(): boolean {
    return this.closed === null && !this.#isClosing;
  }

  /** The world's time, milliseconds since the epoch. */
  get time(): number {
    return this.#wallClock();
  }

  /** Does nothing once the connection is over. */
  send(data: string | ArrayBuffer | ArrayBufferView<ArrayBuffer>): void {
    this.#connection.sendDown(payloadOf(data));
  }

  /**
   * Starts the closing handshake. Without a code the page hears 1005.
   * @throws RangeError for a code that no server may send
   */
  close(code = 1005, reason = ''): void {
    const isAllowed =
      (code >= 1000 && code <= 1014 && code !== 1004 && code !== 1006) || (code >= 3000 && code <= 4999);
    if (!isAllowed) throw new RangeError(`close code ${code}: a server sends 1000-1003, 1007-1014 or 3000-4999`);
    this.#isClosing = true;
    this.#connection.closeByServer(code, reason);
  }

  /** Drops the connection without a close frame: the page hears 1006. */
  terminate(): void {
    this.#isClosing = true;
    this.#connection.terminateByServer();
  }

  // Used by the connection.

  opened(): void {
    this.#script.onConnection?.(this);
  }

  received(data: Payload): void {
    this.messages.push(data);
    this.#script.onMessage?.(this, data);
  }

  ended(code: number, reason: string): void {
    this.closed = { code, reason };
    this.#script.onClose?.(this, code, reason);
  }
}

/** Bytes are copied: the caller may go on writing into its own. */
export function payloadOf(data: string | ArrayBufferLike | ArrayBufferView): Payload {
  if (typeof data === 'string') return data;
  // A buffer that was given away has no bytes, and no view may be made of it.
  if (data.byteLength === 0) return new Uint8Array(0);
  const bytes = ArrayBuffer.isView(data)
    ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    : new Uint8Array(data);
  return Uint8Array.from(bytes);
}
