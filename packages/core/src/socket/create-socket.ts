import { Emitter } from '../lib/emitter.ts';
import { describe } from '../lib/describe.ts';
import type { Failure, HoldfastError, Json } from '../lib/errors.ts';
import { utf8Length } from '../lib/utf8.ts';
import type { Conversation } from '../machines/conversation.ts';
import type { Effect, State } from '../machines/connection-state.ts';
import { OutboxQueue } from '../machines/outbox.ts';
import { ProducerLog, type Entry } from '../machines/producer-log.ts';
import { CLOSE } from '../protocol/close-codes.ts';
import { Driver } from '../runtime/driver.ts';
import { Link } from '../runtime/link.ts';
import { Turn } from '../runtime/turn.ts';
import type { Keeper } from '../storage/keeper.ts';
import { DirectSends } from './direct-sends.ts';
import { checkOptions, type CheckedOptions } from './options.ts';
import { MessageReceipt, toError } from './receipts.ts';
import { looksTheSame, snapshot } from './snapshot.ts';
import type {
  CloseOptions,
  ConnectionState,
  EventRecord,
  Receipt,
  SendOptions,
  Socket,
  SocketEvents,
  SocketOptions,
  SocketStats,
} from './types.ts';

/**
 * Makes a conversation with a server. It starts at once unless `autoConnect` is false, and goes on until `close()` or
 * the signal: what is sent meanwhile waits its turn.
 * @throws HoldfastError INVALID_OPTION naming the option, its shape and the way out
 */
export function createSocket<Incoming = Json, Outgoing = Json>(
  options: SocketOptions<Outgoing>,
): Socket<Incoming, Outgoing> {
  return new HoldfastSocket<Incoming, Outgoing>(checkOptions(options)).api;
}

/** Where the floors meet: one driver, one link, one conversation, one queue and its keeper. */
class HoldfastSocket<Incoming, Outgoing> {
  readonly api: Socket<Incoming, Outgoing>;
  readonly #options: CheckedOptions<Outgoing>;
  readonly #traceId: string;
  readonly #emitter: Emitter<SocketEvents<Incoming>>;
  readonly #listeners = new Set<() => void>();
  readonly #observing = new AbortController();
  readonly #receipts = new Map<Entry, MessageReceipt>();
  readonly #queue: OutboxQueue;
  readonly #keeper: Keeper;
  readonly #link: Link;
  readonly #conversation: Conversation;
  readonly #driver: Driver;
  readonly #turn: Turn;
  readonly #direct: DirectSends;
  #snapshot: ConnectionState;
  #stats: SocketStats = { rttMs: null, queued: 0, inFlight: 0 };
  #rttMs: number | null = null;
  #cancelFrame: (() => void) | null = null;
  #cancelExpiry: { at: number; cancel: () => void } | null = null;
  #welcome = { resumed: false };
  #discards = false;
  #refusals = 0;
  /** The connection of the state before this one: the one whose end is told while the next has begun. */
  #leftConnection = 0;
  #storageEnd: Failure | null = null;
  #closed: { promise: Promise<void>; resolve: () => void } = deferred();

  constructor(options: CheckedOptions<Outgoing>) {
    this.#options = options;
    const { environment, outbox, protocol } = options;
    this.#traceId = environment.randomId();
    this.#emitter = new Emitter((cause, type) => this.#listenerFailed(cause, String(type)));
    this.#turn = new Turn(environment, () => this.#flush());
    this.#queue = new OutboxQueue(this.#newLog(environment.randomId()), outbox.maxMessages);
    this.#driver = new Driver({
      environment,
      connection: options.connection,
      run: (effect) => this.#run(effect),
      onState: (state, previous) => this.#changed(state, previous),
    });
    this.#snapshot = snapshot(this.#driver.state, environment);
    this.#conversation = protocol.createConversation({
      queue: this.#queue,
      now: () => environment.now(),
      identity: () => this.#keeper.identity,
      onPeer: (peer) => this.#keeper.setPeer(peer),
      write: (text) => this.#link.send(text),
      bufferedAmount: () => this.#link.bufferedAmount,
      requestFlush: () => this.#turn.request(),
      requestFlushWithin: (ms) => this.#turn.requestWithin(ms),
      welcomed: (welcome) => this.#welcomed(welcome),
      deliver: (payload) => this.#emitter.emit('message', payload as Incoming),
      lost: (lost) => {
        this.#record('warn', 'session.gap', { details: { ...lost } });
        this.#emitter.emit('gap', lost);
      },
      roundTrip: (ms) => {
        this.#rttMs = ms;
        this.#statsChanged();
      },
      report: (failure) => this.#report(failure),
      fail: (failure, closeCode) => this.#fail(failure, closeCode),
    });
    this.#direct = new DirectSends(environment, () => this.#turn.request());
    this.#keeper = outbox.createKeeper({
      environment,
      queue: this.#queue,
      newLog: () => this.#newLog(environment.randomId()),
      foreignLog: (id) => this.#newLog(id),
      onStored: (entry) => this.#receipts.get(entry)?.markStored(),
      onChange: () => {
        this.#turn.request();
        this.#statsChanged();
      },
      onStorageEnd: (failure) => this.#storageEnded(failure),
      report: (failure) => this.#report(failure),
      finish: (producer) => this.#conversation.finish(producer),
    });
    this.#link = new Link({
      environment,
      url: options.url,
      auth: options.auth,
      subprotocols: protocol.subprotocols,
      ready: () => this.#keeper.ready(),
      dispatch: (event) => this.#driver.dispatch(event),
      retryAfterMs: () => this.#conversation.retryAfterMs,
      onOpen: (token) => this.#conversation.open(token, options.onConnect === null ? null : this.#direct.begin()),
      onMessage: (data) => {
        this.#driver.heard();
        this.#conversation.receive(data);
      },
    });
    environment.observe((fact) => {
      if (fact === 'frozen') this.#keeper.freeze();
      if (fact === 'resumed') this.#keeper.resume();
      this.#driver.dispatch({ type: `page/${fact}` });
    }, this.#observing.signal);
    this.api = this.#createApi();
    this.#watchSignal(options.signal);
    if (options.autoConnect) this.#driver.dispatch({ type: 'user/connect', reason: 'start' });
  }

  #createApi(): Socket<Incoming, Outgoing> {
    const api = {
      send: (data: Outgoing, options?: SendOptions) => this.#send(data, options ?? {}),
      getState: () => this.#snapshot,
      getStats: () => this.#readStats(),
      subscribe: (listener: () => void) => {
        const entry = (): void => listener();
        this.#listeners.add(entry);
        return () => void this.#listeners.delete(entry);
      },
      on: <Type extends keyof SocketEvents<Incoming>>(
        type: Type,
        listener: (event: SocketEvents<Incoming>[Type]) => void,
      ) => this.#emitter.on(type, listener),
      connect: () => this.#driver.dispatch({ type: 'user/connect', reason: 'user' }),
      pause: () => this.#driver.dispatch({ type: 'user/pause' }),
      reconnect: () => this.#driver.dispatch({ type: 'user/reconnect' }),
      whenOpen: () => this.#whenOpen(),
      close: (options?: CloseOptions) => this.#close(options ?? {}),
    };
    // WebKitGTK 2.50 has no Symbol.asyncDispose.
    const dispose = Symbol.asyncDispose === undefined ? {} : { [Symbol.asyncDispose]: () => this.#close({}) };
    return Object.freeze({ ...api, ...dispose }) as Socket<Incoming, Outgoing>;
  }

  // Sending.

  #send(data: Outgoing, options: SendOptions): Receipt {
    const payload = this.#encode(data);
    const { ttlMs, signal } = options;
    // Before anything is queued: what throws has sent nothing.
    if (ttlMs !== undefined && !(typeof ttlMs === 'number' && ttlMs > 0)) {
      throw this.#wrongOption('ttlMs', 'a number above 0', ttlMs);
    }
    if (signal !== undefined && typeof signal?.addEventListener !== 'function') {
      throw this.#wrongOption('signal', 'an AbortSignal', signal);
    }
    const bytes = utf8Length(payload);
    const refusal = this.#refusal(bytes, signal);
    if (refusal !== null) return this.#refuse(refusal);
    const { environment } = this.#options;
    const log = this.#queue.own;
    const entry = log.append({
      payload,
      bytes,
      ttl: ttlMs === undefined ? null : { ms: ttlMs, since: this.#conversation.serverNow },
      expiresAt: ttlMs === undefined ? null : environment.now() + ttlMs,
    });
    const receipt = new MessageReceipt(`${log.id}:${entry.seq}`, entry, () => this.#keeper.writeSoon());
    if (!this.#keeper.canStore) receipt.endStorage(this.#error(this.#storageEnd ?? NOT_STORED));
    this.#receipts.set(entry, receipt);
    this.#keeper.added(entry);
    if (signal !== undefined) this.#withdrawOn(signal, log, entry);
    if (ttlMs !== undefined) this.#expireAt(entry.expiresAt as number);
    this.#turn.request();
    this.#statsChanged();
    return receipt;
  }

  #wrongOption(option: string, shape: string, given: unknown): HoldfastError {
    const message = `option ${option} must be ${shape}, not ${describe(given)}`;
    return this.#error({ code: 'INVALID_OPTION', message, details: { option } });
  }

  #encode(data: Outgoing): string {
    if (this.#options.protocol.codec === 'text' && typeof data !== 'string') {
      const message = `send() takes strings with the text codec, not ${describe(data)}`;
      throw this.#error({ code: 'INVALID_MESSAGE', message });
    }
    let payload: string | undefined;
    let cause: unknown;
    try {
      payload = JSON.stringify(data);
    } catch (fault) {
      cause = fault;
    }
    if (payload === undefined) {
      throw this.#error({
        code: 'INVALID_MESSAGE',
        message: `send() takes what JSON can carry, not ${describe(data)}`,
        cause,
      });
    }
    return payload;
  }

  #refusal(bytes: number, signal: AbortSignal | undefined): Failure | null {
    const { name } = this.#driver.state;
    if (name === 'closed' || name === 'closing')
      return { code: 'CLOSED', message: 'the socket is closed: it takes no more messages' };
    if (signal?.aborted === true)
      return { code: 'ABORTED', message: 'the signal was aborted before the call', cause: signal.reason };
    if (this.#queue.isFull) return this.#queue.fullFailure();
    return this.#conversation.refusal(bytes);
  }

  /** A receipt for a message that never entered the queue. */
  #refuse(failure: Failure): Receipt {
    this.#refusals += 1;
    const receipt = new MessageReceipt(`${this.#queue.own.id}:refused-${this.#refusals}`, null, () => {});
    const error = this.#error(failure);
    receipt.settle(error, this.#keeper.canStore);
    this.#dropped(receipt.id, error);
    return receipt;
  }

  #newLog(id: string): ProducerLog {
    const log: ProducerLog = new ProducerLog(id, (entry, failure) => this.#settled(log, entry, failure));
    return log;
  }

  #settled(log: ProducerLog, entry: Entry, failure: Failure | null): void {
    const error = failure === null ? null : this.#error(failure);
    const receipt = this.#receipts.get(entry);
    this.#receipts.delete(entry);
    receipt?.settle(error, this.#keeper.canStore);
    this.#keeper.settled(log, entry);
    if (error !== null && error.code !== 'OUTCOME_UNKNOWN') this.#dropped(`${log.id}:${entry.seq}`, error);
    // There may be room in the window now, a log that waited for this one, or nothing left to flush.
    this.#turn.request();
    this.#statsChanged();
  }

  #dropped(id: string, error: HoldfastError): void {
    this.#record('warn', 'message.dropped', { code: error.code, message: error.message, details: { id } });
    this.#emitter.emit('drop', { id, error });
  }

  #withdrawOn(signal: AbortSignal, log: ProducerLog, entry: Entry): void {
    const abort = (): void =>
      this.#withdraw(log, entry, { code: 'ABORTED', message: 'withdrawn by its signal', cause: signal.reason });
    signal.addEventListener('abort', abort, { once: true, signal: this.#observing.signal });
    const stop = (): void => signal.removeEventListener('abort', abort);
    void this.#receipts.get(entry)?.delivered.then(stop, stop);
  }

  /** Takes a message back that is on no wire: first from storage, so that no later page sends it after all. */
  #withdraw(log: ProducerLog, entry: Entry, failure: Failure): void {
    if (!log.withdraw(entry)) return;
    this.#keeper.forget(log, entry, (isForgotten) => log.fail(entry, isForgotten ? failure : NOT_FORGOTTEN));
  }

  // Expiry: one timer for the earliest.

  #expireAt(at: number): void {
    if (this.#cancelExpiry !== null && this.#cancelExpiry.at <= at) return;
    this.#cancelExpiry?.cancel();
    const { environment } = this.#options;
    const cancel = environment.setTimer(Math.max(0, at - environment.now()), () => {
      this.#cancelExpiry = null;
      this.#expire();
    });
    this.#cancelExpiry = { at, cancel };
  }

  #expire(): void {
    const now = this.#options.environment.now();
    let next = Number.POSITIVE_INFINITY;
    for (const log of this.#queue.logs) {
      for (const entry of log.entries) {
        if (entry.expiresAt === null || entry.status !== 'queued' || entry.maybeSent) continue;
        if (entry.expiresAt > now) next = Math.min(next, entry.expiresAt);
        else
          this.#withdraw(log, entry, { code: 'EXPIRED', message: `its ${entry.ttl?.ms} ms passed before it was sent` });
      }
    }
    if (next !== Number.POSITIVE_INFINITY) this.#expireAt(next);
  }

  // The connection.

  #run(effect: Exclude<Effect, { type: `timer/${string}` }>): void {
    switch (effect.type) {
      case 'link/connect':
        this.#link.connect(effect.connectionId);
        return;
      case 'link/detach':
        this.#link.detach(effect.code, effect.reason);
        this.#conversation.end();
        this.#direct.end();
        this.#statsChanged();
        return;
      case 'link/prepare':
        void this.#prepare(effect.connectionId);
        return;
      case 'link/ping':
        this.#conversation.ping();
        return;
      case 'flow/start':
        this.#expire();
        this.#conversation.start();
        return;
      case 'tell/close':
        this.#record(
          'info',
          'connection.ended',
          effect.failure ?? { details: { closeCode: effect.code } },
          this.#leftConnection,
        );
        this.#emitter.emit('close', { code: effect.code, reason: effect.reason, wasClean: effect.wasClean });
        return;
      case 'tell/error':
        this.#report(effect.failure);
        return;
    }
  }

  #welcomed(welcome: { resumed: boolean; heartbeat: { intervalMs: number; timeoutMs: number } | null }): void {
    const { heartbeat } = this.#options;
    this.#welcome = { resumed: welcome.resumed };
    this.#driver.dispatch({
      type: 'link/welcomed',
      connectionId: this.#driver.state.connectionId,
      heartbeat:
        heartbeat === null || welcome.heartbeat === null
          ? null
          : { ...heartbeat, intervalMs: Math.min(heartbeat.intervalMs, welcome.heartbeat.intervalMs) },
    });
  }

  async #prepare(connectionId: number): Promise<void> {
    const { onConnect } = this.#options;
    const { signal } = this.#direct;
    try {
      await onConnect?.({
        send: (data) => this.#sendDirect(signal, data),
        resumed: this.#welcome.resumed,
        attempt: this.#driver.state.attempt,
        signal,
      });
      this.#driver.dispatch({ type: 'link/prepared', connectionId });
    } catch (cause) {
      const failure: Failure = { code: 'PREPARE_FAILED', message: 'onConnect failed', cause };
      this.#driver.dispatch({ type: 'link/failed', connectionId, failure, closeCode: CLOSE.GOING_AWAY });
    }
  }

  #sendDirect(signal: AbortSignal, data: Outgoing): Promise<void> {
    let payload: string;
    try {
      payload = this.#encode(data);
    } catch (fault) {
      if (!(fault instanceof Error)) throw fault;
      return Promise.reject(fault);
    }
    const refusal = this.#conversation.refusal(utf8Length(payload));
    return refusal === null ? this.#direct.send(signal, payload) : Promise.reject(this.#error(refusal));
  }

  #fail(failure: Failure, closeCode: number): void {
    const { connectionId } = this.#driver.state;
    this.#driver.dispatch({ type: 'link/failed', connectionId, failure, closeCode });
  }

  #flush(): void {
    this.#expire();
    this.#conversation.flush();
    if (this.#driver.state.name === 'closing' && this.#queue.isEmpty) this.#driver.dispatch({ type: 'outbox/emptied' });
    this.#statsChanged();
  }

  #changed(state: State, previous: State): void {
    this.#leftConnection = previous.connectionId;
    if (looksTheSame(state, previous)) return;
    this.#snapshot = snapshot(state, this.#options.environment);
    if (
      state.name !== previous.name ||
      state.since !== previous.since ||
      state.connectionId !== previous.connectionId
    ) {
      this.#record('info', `connection.${state.name}`, {
        details: { reason: this.#snapshot.reason, attempt: state.attempt },
        ...(this.#snapshot.error !== null && { code: this.#snapshot.error.code }),
      });
    }
    this.#emitter.emit('state', this.#snapshot);
    if (state.name === 'open' && previous.name !== 'open') {
      this.#emitter.emit('open', { resumed: this.#welcome.resumed, attempt: state.attempt });
    }
    if (state.name === 'closing') this.#turn.request();
    this.#notify();
    if (state.name === 'closed' && previous.name !== 'closed') void this.#end();
  }

  #whenOpen(): Promise<void> {
    return new Promise((resolve, reject) => {
      const check = (): boolean => {
        const { phase, error } = this.#snapshot;
        if (phase === 'open') resolve();
        else if (phase === 'closed' || phase === 'suspended')
          reject(error ?? this.#error({ code: 'CLOSED', message: `the socket is ${phase}` }));
        else return false;
        return true;
      };
      if (check()) return;
      const stop = this.#emitter.on('state', () => check() && stop());
    });
  }

  // The end.

  #close(options: CloseOptions): Promise<void> {
    if (options.discard === true) this.#discards = true;
    this.#driver.dispatch({ type: 'user/close', flushMs: options.flushMs ?? 0, failure: null });
    return this.#closed.promise;
  }

  #watchSignal(signal: AbortSignal | null): void {
    if (signal === null) return;
    const abort = (): void => {
      const failure: Failure = { code: 'ABORTED', message: 'the signal was aborted', cause: signal.reason };
      this.#driver.dispatch({ type: 'user/close', flushMs: 0, failure });
    };
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort, { signal: this.#observing.signal });
  }

  async #end(): Promise<void> {
    this.#turn.stop();
    this.#cancelExpiry?.cancel();
    await this.#keeper.close(this.#discards);
    // Not before: a page that is frozen while it closes gives its locks back.
    this.#observing.abort();
    for (const log of this.#queue.logs) {
      for (const entry of [...log.entries]) {
        // Adopted logs stay what they were: another page's messages.
        if (this.#receipts.has(entry)) log.fail(entry, this.#lastWord(entry));
      }
    }
    this.#cancelFrame?.();
    this.#cancelFrame = null;
    this.#notify();
    this.#emitter.emit('closed', { error: this.#snapshot.error });
    this.#emitter.clear();
    this.#listeners.clear();
    this.#closed.resolve();
  }

  /** What is known of a message when the socket closes: the truth, and no more. */
  #lastWord(entry: Entry): Failure {
    const isKept = this.#keeper.mayKeep(entry);
    if (!entry.maybeSent && !isKept)
      return { code: 'ABORTED', message: 'the socket was closed before the message was sent' };
    return {
      code: 'OUTCOME_UNKNOWN',
      message: isKept
        ? 'the socket was closed; the message stays stored, and a later page delivers it'
        : 'the socket was closed after the message was sent and before its outcome was known',
      details: { isStored: isKept },
    };
  }

  #storageEnded(failure: Failure): void {
    this.#storageEnd = failure;
    const error = this.#error(failure);
    for (const receipt of this.#receipts.values()) receipt.endStorage(error);
    this.#report(failure);
  }

  // What the app sees.

  #readStats(): SocketStats {
    const { inFlight, unsettled } = this.#queue;
    const now = { rttMs: this.#rttMs, queued: unsettled - inFlight, inFlight };
    const last = this.#stats;
    if (now.rttMs !== last.rttMs || now.queued !== last.queued || now.inFlight !== last.inFlight)
      this.#stats = Object.freeze(now);
    return this.#stats;
  }

  #statsChanged(): void {
    if (this.#listeners.size === 0 || this.#cancelFrame !== null) return;
    this.#cancelFrame = this.#options.environment.nextFrame(() => {
      this.#cancelFrame = null;
      this.#notify();
    });
  }

  #notify(): void {
    for (const listener of [...this.#listeners]) {
      if (!this.#listeners.has(listener)) continue;
      try {
        listener();
      } catch (cause) {
        this.#listenerFailed(cause, 'subscribe');
      }
    }
  }

  #listenerFailed(cause: unknown, type: string): void {
    const failure: Failure = {
      code: 'LISTENER_FAILED',
      message: `a listener of ${type} threw`,
      details: { type },
      cause,
    };
    if (type === 'error') this.#record('error', 'socket.error', failure);
    else this.#report(failure);
  }

  #report(failure: Failure): void {
    this.#record('error', 'socket.error', failure);
    this.#emitter.emit('error', this.#error(failure));
  }

  #record(
    level: EventRecord['level'],
    name: string,
    more: Partial<Pick<EventRecord, 'code' | 'message' | 'details'>>,
    connectionId: number = this.#driver?.state.connectionId ?? 0,
  ): void {
    const { onEvent, environment } = this.#options;
    if (onEvent === null) return;
    const { code, message, details } = more;
    try {
      onEvent({
        timestamp: environment.wallClock(),
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

  #error(failure: Failure): HoldfastError {
    return toError(failure, this.#options.environment.wallClock());
  }
}

const NOT_STORED: Failure = {
  code: 'STORAGE_UNAVAILABLE',
  message: 'a memory outbox stores nothing: use indexedDB() from @holdfast/core/indexeddb',
};

const NOT_FORGOTTEN: Failure = {
  code: 'OUTCOME_UNKNOWN',
  message: 'storage failed while the message was withdrawn: a later page may find and deliver it',
};

function deferred(): { promise: Promise<void>; resolve: () => void } {
  let resolve = (): void => {};
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}
