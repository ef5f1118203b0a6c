import type { WebSocketLike } from '../environment/ports.ts';

/** A WebSocket whose network and server are the test. */
export class FakeWebSocket implements WebSocketLike {
  readonly url: string;
  readonly protocols: readonly string[];
  protocol = '';
  bufferedAmount = 0;
  onopen: WebSocketLike['onopen'] = null;
  onmessage: WebSocketLike['onmessage'] = null;
  onclose: WebSocketLike['onclose'] = null;
  onerror: WebSocketLike['onerror'] = null;
  readyState: 'connecting' | 'open' | 'closed' = 'connecting';
  /** Every text that was sent, in order. */
  readonly sent: string[] = [];
  /** Every message that was sent, bytes too. */
  readonly messages: (string | Uint8Array<ArrayBuffer>)[] = [];
  /** What `close` was called with, in order. */
  readonly closes: { readonly code?: number; readonly reason?: string }[] = [];
  /** Whether what is sent waits in the browser, until `drain`. */
  holdsBack = false;

  constructor(url: string, protocols: readonly string[]) {
    this.url = url;
    this.protocols = protocols;
  }

  send(data: string | Uint8Array<ArrayBuffer>): void {
    if (this.readyState === 'connecting') throw new Error('InvalidStateError: it is not open yet');
    this.messages.push(data);
    if (typeof data === 'string') this.sent.push(data);
    if (this.holdsBack || this.readyState === 'closed') this.bufferedAmount += data.length;
  }

  close(code?: number, reason?: string): void {
    if (code !== undefined && code !== 1000 && !(code >= 3000 && code <= 4999)) {
      throw new Error(`InvalidAccessError: ${code}`);
    }
    if (reason !== undefined && new TextEncoder().encode(reason).length > 123) throw new Error('SyntaxError: reason');
    this.closes.push({ ...(code !== undefined && { code }), ...(reason !== undefined && { reason }) });
    this.readyState = 'closed';
  }

  /** Whether the client has let go of it. */
  get isDetached(): boolean {
    return this.closes.length > 0;
  }

  /** Whether the client hears nothing of it, though it may be open. */
  get isDeaf(): boolean {
    return this.onopen === null && this.onmessage === null && this.onclose === null;
  }

  // What the test does as network and server.

  open(): void {
    // One that was closed never opens.
    if (this.readyState === 'closed') return;
    this.readyState = 'open';
    this.onopen?.({} as never);
  }

  /** A WebSocket message of these frames, or of the text as it is. */
  receive(...frames: readonly unknown[]): void {
    this.receiveRaw(frames.map((frame) => JSON.stringify(frame)).join('\n'));
  }

  receiveRaw(data: unknown): void {
    this.onmessage?.({ data });
  }

  closeBy(code: number, reason = '', wasClean = code !== 1006): void {
    this.readyState = 'closed';
    this.onerror?.({} as never);
    this.onclose?.({ code, reason, wasClean });
  }

  drain(): void {
    this.bufferedAmount = 0;
  }

  /** Every frame that was sent, decoded, in order. */
  get frames(): unknown[][] {
    return this.sent.flatMap((text) => text.split('\n').map((line) => JSON.parse(line) as unknown[]));
  }

  /** The frames of one kind. */
  framesOf(kind: string): unknown[][] {
    return this.frames.filter((frame) => frame[0] === kind);
  }
}
