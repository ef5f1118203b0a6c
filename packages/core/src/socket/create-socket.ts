import type { Failure, Json } from '../lib/errors.ts';
import type { Conversation } from '../machines/conversation.ts';
import type { RetryContext, State } from '../machines/connection-state.ts';
import type { HeartbeatOptions } from '../machines/heartbeat.ts';
import { countIn } from '../machines/outbox.ts';
import { CLOSE } from '../protocol/close-codes.ts';
import { createDriver, type Driver, type Order } from '../runtime/driver.ts';
import { createLink, type Link } from '../runtime/link.ts';
import { Turn } from '../runtime/turn.ts';
import type { MessageKeeper } from '../storage/message-keeper.ts';
import { createAppEvents, type AppEvents } from './app-events.ts';
import { createDirectSends, type DirectSends } from './direct-sends.ts';
import { messages, type MessagesOptions } from './messages.ts';
import { checkOptions, type CheckedOptions } from './options.ts';
import { createSender, type Sender, type SenderHost } from './sender.ts';
import { findTarget } from './target.ts';
import { looksTheSame, snapshot } from './snapshot.ts';
import type {
  CloseOptions,
  ConnectionState,
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
  readonly #observing = new AbortController();
  readonly #events: AppEvents<Incoming>;
  readonly #sender: Sender<Outgoing>;
  readonly #keeper: MessageKeeper;
  readonly #link: Link;
  readonly #conversation: Conversation;
  readonly #driver: Driver;
  readonly #turn: Turn;
  readonly #direct: DirectSends<Outgoing>;
  #snapshot: ConnectionState;
  #stats: SocketStats = { rttMs: null, queued: 0, inFlight: 0 };
  #rttMs: number | null = null;
  #welcome = { resumed: false };
  #discards = false;
  /** The server wants to be left within that time: it may say so before the connection is open. */
  #drainMs: number | null = null;
  /** The connection of the state before this one: the one whose end is told while the next has begun. */
  #leftConnection = 0;
  /** Who waits for the end of a move to another connection. */
  readonly #moves = new Set<(state: State) => void>();
  #closed: { promise: Promise<void>; resolve: () => void } = deferred();

  constructor(options: CheckedOptions<Outgoing>) {
    this.#options = options;
    const { environment, outbox, protocol } = options;
    const events = createAppEvents<Incoming>(environment, options.onEvent, () => this.#driver.state.connectionId);
    this.#events = events;
    this.#turn = new Turn(environment, () => this.#flush());
    const senderHost: SenderHost = {
      environment,
      protocol,
      maxMessages: outbox.maxMessages,
      events,
      keeper: () => this.#keeper,
      conversation: () => this.#conversation,
      requestFlush: () => this.#turn.request(),
      isClosed: () => this.#driver.state.name === 'closed' || this.#driver.state.name === 'closing',
    };
    this.#sender = createSender<Outgoing>(senderHost);
    this.#direct = createDirectSends(this.#sender, senderHost);
    const { queue } = this.#sender;
    this.#driver = createDriver({
      environment,
      connection: { ...options.connection, decide: (context) => this.#decide(context) },
      run: (effect) => this.#run(effect),
      onState: (state, previous) => this.#changed(state, previous),
      isBusy: () => countIn(queue, 'unsettled') > 0,
    });
    this.#snapshot = snapshot(this.#driver.state, environment);
    this.#conversation = protocol.createConversation({
      queue,
      now: () => environment.now(),
      identity: () => this.#keeper.identity,
      onPeer: (peer) => this.#keeper.setPeer(peer),
      write: (data) => this.#link.socket?.send(data),
      expectAnswer: () => this.#driver.wrote(),
      bufferedAmount: () => this.#link.socket?.bufferedAmount ?? 0,
      requestFlush: () => this.#turn.request(),
      requestFlushWithin: (ms) => this.#turn.requestWithin(ms),
      expireAt: (at) => this.#sender.expireAt(at),
      welcomed: (welcome) => this.#welcomed(welcome),
      deliver: (payload) => this.#events.emit('message', payload as Incoming),
      lost: (lost) => {
        this.#events.record('warn', 'session.gap', { details: { ...lost } });
        this.#events.emit('gap', lost);
      },
      roundTrip: (ms) => {
        this.#rttMs = ms;
        this.#driver.tell({ type: 'link/answered', ms });
        this.#events.notifySoon();
      },
      drained: (withinMs) => {
        this.#events.record('info', 'connection.drain', { details: { withinMs } });
        this.#drainMs = withinMs;
        if (this.#driver.state.name === 'open') this.#drain();
      },
      report: (failure) => this.#events.report(failure),
      fail: (failure, closeCode) => this.#fail(failure, closeCode),
    });
    this.#keeper = outbox.createKeeper({
      environment,
      queue,
      newLog: () => this.#sender.newLog(environment.randomId()),
      foreignLog: (id) => this.#sender.newLog(id),
      onChange: () => {
        this.#turn.request();
        this.#events.notifySoon();
      },
      error: (failure) => events.error(failure),
      report: (failure) => this.#events.report(failure),
      finish: (producer) => this.#conversation.finish(producer),
    });
    const { url, auth } = options;
    this.#link = createLink({
      environment,
      target: async () => {
        const [target] = await Promise.all([findTarget(url, auth, protocol.subprotocols), this.#keeper.ready()]);
        return target;
      },
      dispatch: (event) => this.#driver.dispatch(event),
      retryAfterMs: () => this.#conversation.retryAfterMs,
      onMessage: (event) => {
        this.#driver.heard();
        this.#conversation.receive(event.data);
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
    const api: Omit<Socket<Incoming, Outgoing>, typeof Symbol.asyncDispose> = {
      messages: (options?: MessagesOptions<Incoming>) => messages<Incoming>(api, options),
      send: (data: Outgoing, options?: SendOptions) => this.#sender.send(data, options),
      getState: () => this.#snapshot,
      getStats: () => this.#readStats(),
      subscribe: (listener: () => void) => this.#events.subscribe(listener),
      on: <Type extends keyof SocketEvents<Incoming>>(
        type: Type,
        listener: (event: SocketEvents<Incoming>[Type]) => void,
      ) => this.#events.on(type, listener),
      connect: () => this.#driver.dispatch({ type: 'user/connect', reason: 'user' }),
      pause: () => this.#driver.dispatch({ type: 'user/pause' }),
      reconnect: () => this.#driver.dispatch({ type: 'user/reconnect' }),
      migrate: () => this.#migrate(),
      whenOpen: () => this.#whenOpen(),
      close: (options?: CloseOptions) => this.#close(options ?? {}),
    };
    // WebKitGTK 2.50 has no Symbol.asyncDispose.
    const dispose = Symbol.asyncDispose === undefined ? {} : { [Symbol.asyncDispose]: () => this.#close({}) };
    return Object.freeze({ ...api, ...dispose }) as Socket<Incoming, Outgoing>;
  }

  // The connection.

  #run(effect: Order): void {
    this.#link.run(effect);
    switch (effect.type) {
      case 'link/greet':
        if (this.#options.onConnect !== null) this.#direct.begin();
        this.#conversation.open(this.#link.token);
        return;
      case 'link/promote':
      case 'link/detach':
        this.#ended();
        return;
      case 'link/prepare':
        void this.#prepare(effect.connectionId);
        return;
      case 'link/ping':
        this.#conversation.ping();
        return;
      case 'flow/start':
        this.#sender.expire();
        this.#conversation.start();
        this.#drain();
        return;
      case 'tell/close':
        this.#events.record(
          'info',
          'connection.ended',
          effect.failure ?? { details: { closeCode: effect.code } },
          this.#leftConnection,
        );
        this.#events.emit('close', { code: effect.code, reason: effect.reason, wasClean: effect.wasClean });
        return;
      case 'tell/error':
        this.#events.report(effect.failure);
        return;
      default: // The link's alone.
    }
  }

  #drain(): void {
    const withinMs = this.#drainMs;
    this.#drainMs = null;
    if (withinMs !== null) this.#driver.tell({ type: 'link/drained', withinMs });
  }

  /** The connection that the conversation was on is not in use any more. */
  #ended(): void {
    this.#drainMs = null;
    this.#conversation.end();
    this.#direct.end();
    this.#events.notifySoon();
  }

  #welcomed(welcome: { resumed: boolean; heartbeat: HeartbeatOptions | null }): void {
    const { heartbeat } = this.#options;
    this.#welcome = { resumed: welcome.resumed };
    this.#driver.tell({
      type: 'link/welcomed',
      heartbeat:
        heartbeat === null || welcome.heartbeat === null
          ? null
          : {
              intervalMs: Math.min(heartbeat.intervalMs, welcome.heartbeat.intervalMs),
              timeoutMs: Math.min(heartbeat.timeoutMs, welcome.heartbeat.timeoutMs),
              answerMs: welcome.heartbeat.answerMs,
            },
    });
  }

  async #prepare(connectionId: number): Promise<void> {
    const { onConnect } = this.#options;
    const { signal } = this.#direct;
    try {
      await onConnect?.({
        send: (data) => this.#direct.send(signal, data),
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

  #fail(failure: Failure, closeCode: number): void {
    this.#driver.tell({ type: 'link/failed', failure, closeCode });
  }

  #flush(): void {
    this.#sender.expire();
    this.#conversation.flush();
    const { name } = this.#driver.state;
    const isEmpty = countIn(this.#sender.queue, 'unsettled') === 0;
    if (name === 'closing' && isEmpty) this.#driver.dispatch({ type: 'outbox/emptied' });
    if (name === 'paused' && !isEmpty) this.#driver.dispatch({ type: 'outbox/filled' });
    this.#events.notifySoon();
  }

  #changed(state: State, previous: State): void {
    this.#leftConnection = previous.connectionId;
    const isNews = !looksTheSame(state, previous);
    const isOpened = state.name === 'open' && previous.name !== 'open';
    if (isNews) {
      this.#snapshot = snapshot(state, this.#options.environment);
      if (
        state.name !== previous.name ||
        state.since !== previous.since ||
        state.connectionId !== previous.connectionId
      )
        this.#events.record('info', `connection.${state.name}`, {
          details: { reason: this.#snapshot.reason, attempt: state.attempt },
          ...(this.#snapshot.error !== null && { code: this.#snapshot.error.code }),
        });
      this.#events.emit('state', this.#snapshot);
    } else if (isOpened) this.#events.record('info', 'connection.moved', {});
    if (isOpened) this.#events.emit('open', { resumed: this.#welcome.resumed, attempt: state.attempt });
    if (isNews) this.#events.notify();
    for (const move of [...this.#moves]) move(state);
    if (state.name === 'closing') this.#turn.request();
    if (state.name === 'closed' && previous.name !== 'closed') void this.#end();
  }

  async #migrate(): Promise<void> {
    // A listener may ask for it in the middle of a step, whose end is not that of the move.
    await Promise.resolve();
    const before = this.#driver.state;
    const isMoving = before.isHandover;
    this.#driver.dispatch({ type: 'user/migrate' });
    if (this.#driver.state.name !== 'open' && !isMoving) {
      this.#driver.dispatch({ type: 'user/connect', reason: 'user' });
      return this.#whenOpen();
    }
    return new Promise((resolve, reject) => {
      const move = (state: State): void => {
        const isOpen = state.name === 'open';
        // On its way: the rival of an open connection, or the one that takes over.
        if (isOpen ? state.rival !== null : state.isHandover) return;
        this.#moves.delete(move);
        if (isOpen && (isMoving || state.connectionId !== before.connectionId)) resolve();
        else reject(this.#events.error({ code: 'CONNECT_FAILED', message: 'the conversation could not be moved' }));
      };
      this.#moves.add(move);
    });
  }

  #whenOpen(): Promise<void> {
    return new Promise((resolve, reject) => {
      const check = (): boolean => {
        const { phase, error } = this.#snapshot;
        if (phase === 'open') resolve();
        else if (phase === 'closed' || phase === 'suspended')
          reject(error ?? this.#events.error({ code: 'CLOSED', message: `the socket is ${phase}` }));
        else return false;
        return true;
      };
      if (check()) return;
      const stop = this.#events.on('state', () => check() && stop());
    });
  }

  // The end.

  #close(options: CloseOptions): Promise<void> {
    const { flushMs = 0, discard = false } = options;
    this.#discards ||= discard;
    const close = (state: State): void => {
      // To the app it is open: what waits goes on the connection that takes over.
      if (flushMs > 0 && state.isHandover && countIn(this.#sender.queue, 'unsettled') > 0) this.#moves.add(close);
      else {
        this.#moves.delete(close);
        this.#driver.dispatch({ type: 'user/close', flushMs, failure: null });
      }
    };
    close(this.#driver.state);
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
    this.#sender.stop();
    await this.#keeper.close(this.#discards);
    // Not before: a page that is frozen while it closes gives its locks back.
    this.#observing.abort();
    this.#sender.end();
    this.#events.end(this.#snapshot.error);
    this.#closed.resolve();
  }

  #decide(context: RetryContext): number | false | undefined {
    try {
      const word = this.#options.connection.decide?.(context);
      // Anything else is no delay: a timer would take it for none.
      return word === false || (typeof word === 'number' && word >= 0) ? word : undefined;
    } catch (cause) {
      this.#events.report({ code: 'LISTENER_FAILED', message: 'reconnect.decide threw: the default holds', cause });
      return undefined;
    }
  }

  // What the app sees.

  #readStats(): SocketStats {
    const { queue } = this.#sender;
    const inFlight = countIn(queue, 'inFlight');
    const now = { rttMs: this.#rttMs, queued: countIn(queue, 'unsettled') - inFlight, inFlight };
    const last = this.#stats;
    if (now.rttMs !== last.rttMs || now.queued !== last.queued || now.inFlight !== last.inFlight)
      this.#stats = Object.freeze(now);
    return this.#stats;
  }
}

function deferred(): { promise: Promise<void>; resolve: () => void } {
  let resolve = (): void => {};
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}
