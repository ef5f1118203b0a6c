import type { EncodedPayload } from '../lib/bytes.ts';
import { isBlob } from '../environment/blob.ts';
import { sessionEnvironment } from '../environment/browser.ts';
import type { SessionEnvironment } from '../environment/ports.ts';
import type { Failure, Json } from '../lib/errors.ts';
import type { MessageData } from '../protocol/frames.ts';
import { utf8Length } from '../lib/utf8.ts';
import type { Conversation } from '../machines/conversation.ts';
import { agreed } from '../machines/heartbeat.ts';
import { holdfastSession } from '../machines/session.ts';
import { closeControl, openControl, readControl, type Control } from '../protocol/controls.ts';
import { type End, LOST, NORMAL, PROTOCOL_ERROR } from '../protocol/close-codes.ts';
import { SUBPROTOCOL } from '../protocol/frames.ts';
import { createDriver, type Driver, type Order } from '../runtime/driver.ts';
import { createLink, type Link } from '../runtime/link.ts';
import { createTurn, type Turn } from '../runtime/turn.ts';
import { findTarget } from '../socket/target.ts';
import { checkedClose, checkedProtocols, needsOne, webSocketUrl } from '../websocket/arguments.ts';
import { Base, CLOSED, CLOSING, CONNECTING, OPEN } from '../websocket/base.ts';
import { closeEvent } from '../websocket/events.ts';
import { asWebSocket, type EventHandlers } from '../websocket/web-idl.ts';
import { checkOptions, type ResumableWebSocketOptions } from './options.ts';
import { encoded } from './encoded.ts';
import { OutgoingLog, type Outgoing } from './outgoing.ts';

/** What a native WebSocket's end says of a message above the server's limit. */
const TOO_LARGE: End = { code: 1009, reason: '', wasClean: false };

/**
 * A WebSocket that survives its connections: it opens once, loses, doubles and reorders nothing, in either direction, and
 * fires `close` when the session is over, with the other side's code and reason. It needs the `WebSocketServer` of
 * `@holdfast/server/ws` at the other end, and keeps the WebSockets standard of WHATWG but for the differences that
 * docs/resumable.md lists.
 */
export class ResumableWebSocket extends Base implements WebSocket {
  declare static readonly CONNECTING: 0;
  declare static readonly OPEN: 1;
  declare static readonly CLOSING: 2;
  declare static readonly CLOSED: 3;

  readonly #url: URL;
  readonly #offered: readonly string[];
  readonly #outside: SessionEnvironment;
  readonly #maxBufferedBytes: number;
  readonly #handlers: EventHandlers = {};
  readonly #page = new AbortController();
  readonly #outgoing: OutgoingLog;
  readonly #link: Link;
  readonly #conversation: Conversation;
  readonly #driver: Driver;
  readonly #turn: Turn;
  #state: WebSocket['readyState'] = CONNECTING;
  readonly #extensions = '';
  #protocol = '';
  #binaryType: BinaryType = 'blob';
  /** Bytes of messages that will never be sent. */
  #lost = 0;
  /** Whether the server has a session for this. */
  #isKnown = false;
  /** How long the server keeps the session of a client that it can't reach. */
  #goneAfterMs = Infinity;
  #stopWaiting: (() => void) | null = null;
  /** The close of either side. */
  #ownClose: Outgoing | null = null;
  #theirClose: (Control & { readonly kind: 'close' }) | null = null;

  /**
   * @throws TypeError for an option of the wrong shape, naming it; DOMException SyntaxError as the browser's own constructor
   */
  constructor(url: string | URL, protocols: string | readonly string[] = [], options: ResumableWebSocketOptions = {}) {
    super();
    needsOne(arguments.length);
    this.#url = webSocketUrl(url);
    this.#offered = checkedProtocols(protocols);
    const { auth, connection, heartbeat, maxBufferedBytes } = checkOptions(options);
    const environment = options.environment ?? sessionEnvironment();
    this.#outside = environment;
    this.#maxBufferedBytes = maxBufferedBytes;
    this.#outgoing = new OutgoingLog(environment.randomId(), (isTaken) => {
      if (isTaken) this.#endIfAgreed();
      // One message is missing from here on: the rest would be a lie.
      else this.#end(LOST, true);
    });
    const identity = { clientId: environment.randomId(), peer: null as string | null };
    this.#turn = createTurn(environment, () => this.#conversation.flush());
    this.#driver = createDriver({
      environment,
      // The first attempt is the only one, as with the browser's own class: a library that opens again does so by itself.
      connection: { ...connection, decide: () => (this.#isKnown ? undefined : false) },
      run: (order) => this.#run(order),
      onState: () => {},
    });
    const fault = (failure: Failure, closeCode: number): void =>
      this.#driver.tell({ type: 'link/failed', failure, closeCode });
    const nothing = (): void => {};
    this.#conversation = holdfastSession({
      queue: this.#outgoing.queue,
      now: () => environment.now(),
      identity: () => identity,
      onPeer: (peer) => {
        identity.peer = peer;
      },
      write: (data) => {
        const { socket } = this.#link;
        if (socket === null) return;
        const before = socket.bufferedAmount;
        socket.send(data);
        this.#outgoing.written(socket, before);
      },
      expectAnswer: () => this.#driver.wrote(),
      bufferedAmount: () => this.#link.socket?.bufferedAmount ?? 0,
      requestFlush: () => this.#turn.request(),
      requestFlushWithin: (ms) => this.#turn.requestWithin(ms),
      expireAt: nothing,
      welcomed: ({ resumed, heartbeat: told }) => {
        // A server that has forgotten the session has lost what it was given, or would take it twice.
        if (this.#isKnown && !resumed) {
          this.#end(LOST, true);
          return;
        }
        this.#isKnown = true;
        this.#stopWaiting?.();
        this.#stopWaiting = null;
        this.#driver.tell({ type: 'link/welcomed', heartbeat: agreed(heartbeat, told) });
      },
      deliver: (payload) => this.#receive(payload, fault),
      // The welcome says so, too.
      lost: nothing,
      roundTrip: (ms) => this.#driver.tell({ type: 'link/answered', ms }),
      drained: nothing,
      // Its server lets nobody's identity end: each connection proves it anew.
      renew: nothing,
      report: nothing,
      fail: fault,
    });
    this.#link = createLink({
      environment,
      target: () => findTarget(() => this.#url, auth, [SUBPROTOCOL]),
      dispatch: (fact) => this.#driver.dispatch(fact),
      retryAfterMs: () => this.#conversation.retryAfterMs,
      onMessage: ({ data }) => {
        this.#driver.heard();
        this.#conversation.receive(data);
      },
    });
    environment.observe((fact) => this.#driver.dispatch({ type: `page/${fact}` }), this.#page.signal);
    this.#appendControl(openControl(this.#offered));
    this.#driver.dispatch({ type: 'user/connect', reason: 'start' });
  }

  get url(): string {
    return this.#url.href;
  }

  get readyState(): WebSocket['readyState'] {
    return this.#state;
  }

  /** Bytes that have been accepted and have not left this page: it falls only when they do. */
  get bufferedAmount(): number {
    return this.#outgoing.waiting(this.#link.socket) + this.#lost;
  }

  /** Always empty: those of its connections change nothing for a library. */
  get extensions(): string {
    return this.#extensions;
  }

  get protocol(): string {
    return this.#protocol;
  }

  get binaryType(): BinaryType {
    return this.#binaryType;
  }

  set binaryType(value: BinaryType) {
    const type = `${value}` as const;
    // Reads before it writes: on anything that is no WebSocket this throws.
    this.#binaryType = type === 'blob' || type === 'arraybuffer' ? type : this.#binaryType;
  }

  /**
   * Sends, or keeps the message until a connection is there again.
   * @throws DOMException InvalidStateError while CONNECTING
   */
  send(data: string | Blob | BufferSource): void {
    needsOne(arguments.length);
    const { payload, bytes, size } = encoded(data);
    if (this.#state === CONNECTING) {
      throw new DOMException('send() on a WebSocket that is still connecting', 'InvalidStateError');
    }
    if (this.#state !== OPEN || !this.#hasRoom(size, bytes)) this.#lost += size;
    else if (isBlob(payload)) void this.#read(payload, this.#append(null, bytes, size));
    else this.#append(payload, bytes, size);
  }

  /**
   * Ends the session, behind all that was sent. Until the other side has answered, or has forgotten this one, it is CLOSING.
   * @throws DOMException InvalidAccessError for a code that is not allowed, SyntaxError for a reason above 123 bytes
   */
  close(...given: [code?: number, reason?: string]): void {
    const { code, reason } = checkedClose(...given);
    if (this.#state >= CLOSING) return;
    const wasConnecting = this.#state === CONNECTING;
    this.#state = CLOSING;
    if (!wasConnecting) {
      this.#sendClose(code ?? (reason === '' ? null : NORMAL), reason);
      return;
    }
    this.#stop();
    this.#outside.setTimer(0, () => this.#end(LOST, true));
  }

  #appendControl(control: Json): Outgoing {
    const payload = JSON.stringify(control);
    return this.#append(payload, utf8Length(payload), 0);
  }

  /** A Blob keeps its place: what is sent after it waits until it is read. */
  async #read(blob: Blob, entry: Outgoing): Promise<void> {
    try {
      this.#outgoing.read(entry, new Uint8Array(await blob.arrayBuffer()));
      this.#conversation.appended(this.#outgoing.queue.own);
    } catch {
      // Its file has gone, or has changed: it can't be sent, and nothing after it.
      this.#end(LOST, true);
    }
  }

  #append(payload: EncodedPayload | null, bytes: number, size: number): Outgoing {
    const entry = this.#outgoing.append(payload, bytes, size);
    this.#conversation.appended(this.#outgoing.queue.own);
    return entry;
  }

  /** Whether a message may be kept; where not, the session has failed. */
  #hasRoom(size: number, bytes: number): boolean {
    const end =
      this.#conversation.refusal(bytes) !== null
        ? TOO_LARGE
        : this.#outgoing.kept + size > this.#maxBufferedBytes
          ? LOST
          : null;
    if (end === null) return true;
    this.#state = CLOSING;
    this.#stop();
    // As with the browser's own class, no event is fired inside of a call.
    this.#outside.setTimer(0, () => this.#end(end, true));
    return false;
  }

  #sendClose(code: number | null, reason: string): void {
    this.#ownClose = this.#appendControl(closeControl(code, reason));
  }

  #run(order: Order): void {
    // Before the socket is another one, or none.
    if (order.type === 'link/promote' || order.type === 'link/detach') this.#leave();
    this.#link.run(order);
    switch (order.type) {
      case 'link/greet':
        this.#conversation.open(this.#link.token);
        return;
      case 'link/prepare':
        this.#driver.dispatch({ ...order, type: 'link/prepared' });
        return;
      case 'link/ping':
        this.#conversation.ping();
        return;
      case 'flow/start':
        this.#conversation.start();
        return;
      case 'tell/close':
        // To a library nothing has ended. Once the server must have forgotten the session, all has.
        if (this.#goneAfterMs < Infinity && this.#driver.state.name !== 'closed')
          this.#stopWaiting ??= this.#outside.setTimer(this.#goneAfterMs, () => this.#end(LOST, true));
        return;
      case 'tell/error':
        // The server ended the session on purpose: as a connection that is reset, which is no error.
        this.#end(LOST, this.#state === CONNECTING || order.failure.code !== 'SERVER_CLOSED');
        return;
      default: // The link's.
    }
  }

  /** The conversation goes on with another connection, or ends. */
  #leave(): void {
    this.#outgoing.left(this.#link.socket);
    this.#conversation.end();
  }

  #receive(payload: MessageData, fault: (failure: Failure, closeCode: number) => void): void {
    if (typeof payload === 'string' || payload instanceof Uint8Array) {
      if (this.#state !== OPEN) return;
      const isText = typeof payload === 'string';
      const data = isText ? payload : this.#binaryType === 'blob' ? new Blob([payload]) : payload.buffer;
      this.#fire(new MessageEvent('message', { data, origin: this.#url.origin }));
      return;
    }
    const control = readControl(payload);
    if (control?.kind === 'opened' && this.#state === CONNECTING) {
      this.#opened(control);
    } else if (control?.kind === 'close' && this.#theirClose === null) {
      this.#theirClose = control;
      if (this.#ownClose === null) {
        this.#state = CLOSING;
        this.#sendClose(control.code, control.reason);
      }
      this.#endIfAgreed();
    } else {
      fault({ code: 'PROTOCOL_ERROR', message: 'a payload that is no message of a library' }, PROTOCOL_ERROR);
    }
  }

  #opened({ protocol, goneAfterMs }: Control & { readonly kind: 'opened' }): void {
    // A browser takes no connection whose server has not chosen from what the page offered.
    if (protocol === '' ? this.#offered.length > 0 : !this.#offered.includes(protocol)) {
      this.#end(LOST, true);
      return;
    }
    this.#goneAfterMs = goneAfterMs;
    this.#protocol = protocol;
    this.#state = OPEN;
    this.#fire(new Event('open'));
  }

  /** Both sides have said that it is over, and each has heard the other. */
  #endIfAgreed(): void {
    if (this.#theirClose === null || this.#ownClose?.status !== 'delivered') return;
    const { code, reason } = this.#theirClose;
    this.#end({ code: code ?? 1005, reason, wasClean: true }, false);
  }

  /** Leaves; a server that hears of it forgets the session. */
  #stop(): void {
    this.#page.abort();
    this.#turn.stop();
    this.#stopWaiting?.();
    this.#stopWaiting = null;
    this.#driver.dispatch({ type: 'user/close', flushMs: 0, failure: null });
  }

  #end(end: End, isFault: boolean): void {
    if (this.#state === CLOSED) return;
    this.#state = CLOSED;
    this.#stop();
    const close = (): void => this.#fire(closeEvent(end));
    if (!isFault) {
      close();
      return;
    }
    this.#fire(new Event('error'));
    // As in a browser, behind the promises of the listeners of `error`.
    queueMicrotask(close);
  }

  #fire(event: Event): void {
    super.dispatchEvent(event);
  }

  static {
    asWebSocket(this, (socket) => (socket as ResumableWebSocket).#handlers);
  }
}
