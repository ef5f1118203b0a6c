import type { Environment } from '../environment/ports.ts';
import { Emitter } from '../lib/emitter.ts';
import type { Failure, HoldfastError } from '../lib/errors.ts';
import { toError } from './to-error.ts';
import type { EventRecord, SocketEvents } from './types.ts';

type Told = Partial<Pick<EventRecord, 'code' | 'message' | 'details'>>;

/** All that the app hears: events, subscribers and the sink of records. */
export interface AppEvents<Incoming> {
  readonly on: <Type extends keyof SocketEvents<Incoming>>(
    type: Type,
    listener: (event: SocketEvents<Incoming>[Type]) => void,
  ) => () => void;
  readonly emit: <Type extends keyof SocketEvents<Incoming>>(type: Type, event: SocketEvents<Incoming>[Type]) => void;
  readonly subscribe: (listener: () => void) => () => void;
  /** Tells subscribers that there is something new. */
  readonly notify: () => void;
  /** Tells them before the next frame, once however often it is asked for. */
  readonly notifySoon: () => void;
  readonly record: (level: EventRecord['level'], name: string, told: Told, connectionId?: number) => void;
  readonly error: (failure: Failure) => HoldfastError;
  readonly report: (failure: Failure) => void;
  /** A message that will not be delivered. */
  readonly dropped: (drop: SocketEvents<Incoming>['drop']) => void;
  /** Says the last word and forgets everybody. */
  readonly end: (error: HoldfastError | null) => void;
}

export function createAppEvents<Incoming>(
  environment: Environment,
  onEvent: ((record: EventRecord) => void) | null,
  /** The connection that records belong to. */
  currentConnection: () => number,
): AppEvents<Incoming> {
  const traceId = environment.randomId();
  const listeners = new Emitter<SocketEvents<Incoming>>(listenerFailed);
  const subscribers = new Emitter<{ subscribe: undefined }>(listenerFailed);
  let cancelFrame: (() => void) | null = null;

  function listenerFailed(cause: unknown, type: string): void {
    const message = `a listener of ${type} threw`;
    const failure: Failure = { code: 'LISTENER_FAILED', message, details: { type }, cause };
    // As a browser tells of a listener of its own: a mistake of the app is not silent where the app listens to nothing.
    // oxlint-disable-next-line no-console
    if (listeners.count('error') === 0) console.error(`[holdfast] ${message}`, cause);
    if (type === 'error') record('error', 'socket.error', failure);
    else report(failure);
  }

  function notify(): void {
    cancelFrame?.();
    cancelFrame = null;
    subscribers.emit('subscribe', undefined);
  }

  function record(
    level: EventRecord['level'],
    name: string,
    { code, message, details }: Told,
    connectionId = currentConnection(),
  ): void {
    try {
      onEvent?.({
        timestamp: environment.wallClock(),
        level,
        name,
        connectionId,
        traceId,
        ...(code && { code }),
        ...(message && { message }),
        ...(details && { details }),
      });
    } catch {
      // The sink itself is broken: there is nowhere left to tell.
    }
  }

  function error(failure: Failure): HoldfastError {
    return toError(failure, environment.wallClock());
  }

  function report(failure: Failure): void {
    record('error', 'socket.error', failure);
    listeners.emit('error', error(failure));
  }

  return {
    on: (type, listener) => listeners.on(type, listener),
    emit: (type, event) => listeners.emit(type, event),
    subscribe: (listener) => subscribers.on('subscribe', () => listener()),
    notify,
    notifySoon() {
      if (subscribers.count('subscribe') > 0) cancelFrame ??= environment.nextFrame(notify);
    },
    record,
    error,
    report,
    dropped(drop) {
      const { code, message } = drop.error;
      // A refusal's words are the server app's own, and may quote the message: they go to the app, not into a record.
      record('warn', 'message.dropped', { code, ...(code !== 'REFUSED' && { message }), details: { id: drop.id } });
      listeners.emit('drop', drop);
    },
    end(last) {
      notify();
      listeners.emit('closed', { error: last });
      listeners.clear();
      subscribers.clear();
    },
  };
}
