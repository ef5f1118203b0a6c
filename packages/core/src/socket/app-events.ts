import type { Environment } from '../environment/ports.ts';
import { Emitter } from '../lib/emitter.ts';
import type { Failure, HoldfastError } from '../lib/errors.ts';
import { toError } from './receipts.ts';
import type { EventRecord, SocketEvents } from './types.ts';

/** All that the app hears: events, subscribers and the sink of records. */
export class AppEvents<Incoming> {
  readonly #environment: Environment;
  readonly #onEvent: ((record: EventRecord) => void) | null;
  readonly #connectionId: () => number;
  readonly #traceId: string;
  readonly #emitter: Emitter<SocketEvents<Incoming>>;
  readonly #subscribers = new Set<() => void>();
  #cancelFrame: (() => void) | null = null;

  constructor(
    environment: Environment,
    onEvent: ((record: EventRecord) => void) | null,
    /** The connection that records belong to. */
    connectionId: () => number,
  ) {
    this.#environment = environment;
    this.#onEvent = onEvent;
    this.#connectionId = connectionId;
    this.#traceId = environment.randomId();
    this.#emitter = new Emitter((cause, type) => this.#listenerFailed(cause, String(type)));
  }

  on<Type extends keyof SocketEvents<Incoming>>(
    type: Type,
    listener: (event: SocketEvents<Incoming>[Type]) => void,
  ): () => void {
    return this.#emitter.on(type, listener);
  }

  emit<Type extends keyof SocketEvents<Incoming>>(type: Type, event: SocketEvents<Incoming>[Type]): void {
    this.#emitter.emit(type, event);
  }

  subscribe(listener: () => void): () => void {
    const entry = (): void => listener();
    this.#subscribers.add(entry);
    return () => void this.#subscribers.delete(entry);
  }

  /** Tells subscribers that there is something new. */
  notify(): void {
    for (const subscriber of [...this.#subscribers]) {
      if (!this.#subscribers.has(subscriber)) continue;
      try {
        subscriber();
      } catch (cause) {
        this.#listenerFailed(cause, 'subscribe');
      }
    }
  }

  /** Tells them before the next frame, once however often it is asked for. */
  notifySoon(): void {
    if (this.#subscribers.size === 0 || this.#cancelFrame !== null) return;
    this.#cancelFrame = this.#environment.nextFrame(() => {
      this.#cancelFrame = null;
      this.notify();
    });
  }

  /** Says the last word and forgets everybody. */
  end(error: HoldfastError | null): void {
    this.#cancelFrame?.();
    this.#cancelFrame = null;
    this.notify();
    this.emit('closed', { error });
    this.#emitter.clear();
    this.#subscribers.clear();
  }

  report(failure: Failure): void {
    this.record('error', 'socket.error', failure);
    this.emit('error', this.error(failure));
  }

  /** A message that will not be delivered. */
  dropped(id: string, error: HoldfastError): void {
    // A refusal's words are the server app's own, and may quote the message: they go to the app, not into a record.
    const { code, message } = error;
    this.record('warn', 'message.dropped', { code, ...(code !== 'REFUSED' && { message }), details: { id } });
    this.emit('drop', { id, error });
  }

  record(
    level: EventRecord['level'],
    name: string,
    more: Partial<Pick<EventRecord, 'code' | 'message' | 'details'>>,
    connectionId: number = this.#connectionId(),
  ): void {
    if (this.#onEvent === null) return;
    const { code, message, details } = more;
    try {
      this.#onEvent({
        timestamp: this.#environment.wallClock(),
        level,
        name,
        connectionId,
        traceId: this.#traceId,
        ...(code !== undefined && { code }),
        ...(message !== undefined && { message }),
        ...(details !== undefined && { details }),
      });
    } catch {
      // The sink itself is broken: there is nowhere left to tell.
    }
  }

  error(failure: Failure): HoldfastError {
    return toError(failure, this.#environment.wallClock());
  }

  #listenerFailed(cause: unknown, type: string): void {
    const failure: Failure = {
      code: 'LISTENER_FAILED',
      message: `a listener of ${type} threw`,
      details: { type },
      cause,
    };
    if (type === 'error') this.record('error', 'socket.error', failure);
    else this.report(failure);
  }
}
