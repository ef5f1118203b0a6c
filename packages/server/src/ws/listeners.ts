import type { EventEmitter } from 'node:events';
import type { WebSocket, WebSocketEvent, WebSocketListener } from './types.ts';

type Type = 'message' | 'close' | 'error' | 'open';
type Hear = (...args: unknown[]) => void;

/** `addEventListener` and the attributes `on…` of a connection, on top of its events. */
export class Listeners {
  readonly #socket: WebSocket;
  readonly #heard = new Map<string, Map<WebSocketListener, Hear>>();
  readonly #attributes = new Map<string, (event: WebSocketEvent) => void>();

  constructor(socket: WebSocket) {
    this.#socket = socket;
  }

  add(type: string, listener: WebSocketListener, isOnce: boolean): void {
    const known = this.#heard.get(type) ?? new Map<WebSocketListener, Hear>();
    this.#heard.set(type, known);
    if (!isType(type) || known.has(listener)) return;
    const hear: Hear = (...args) => {
      if (isOnce) this.remove(type, listener);
      const event = { type, target: this.#socket, ...READERS[type](...args) };
      if (typeof listener === 'function') listener.call(this.#socket, event);
      else listener.handleEvent(event);
    };
    known.set(listener, hear);
    (this.#socket as EventEmitter).on(type, hear);
  }

  remove(type: string, listener: WebSocketListener): void {
    const known = this.#heard.get(type);
    const hear = known?.get(listener);
    if (hear === undefined) return;
    known?.delete(listener);
    (this.#socket as EventEmitter).off(type, hear);
  }

  get(type: Type): ((event: WebSocketEvent) => void) | null {
    return this.#attributes.get(type) ?? null;
  }

  set(type: Type, listener: ((event: WebSocketEvent) => void) | null): void {
    const before = this.#attributes.get(type);
    this.#attributes.delete(type);
    if (before !== undefined) this.remove(type, before);
    if (typeof listener !== 'function') return;
    this.#attributes.set(type, listener);
    this.add(type, listener, false);
  }
}

/** What the standard's events have, by type. */
const READERS: { readonly [Name in Type]: (...args: unknown[]) => Partial<WebSocketEvent> } = {
  open: () => ({}),
  message: (data, isBinary) => ({ data: isBinary === true ? data : String(data) }),
  close: (code, reason) => ({ code: code as number, reason: String(reason), wasClean: code !== 1006 }),
  error: (error) => ({ error, message: (error as Error).message }),
};

function isType(type: string): type is Type {
  return Object.hasOwn(READERS, type);
}
