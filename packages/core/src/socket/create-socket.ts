import type { Failure } from '../lib/errors.ts';
import type { RetryContext, State } from '../machines/connection-state.ts';
import type { ConversationHost } from '../machines/conversation.ts';
import { agreed } from '../machines/heartbeat.ts';
import { countIn } from '../machines/outbox.ts';
import { GOING_AWAY } from '../protocol/close-codes.ts';
import type { MessageData } from '../protocol/frames.ts';
import { createDriver, type Order } from '../runtime/driver.ts';
import { createLink } from '../runtime/link.ts';
import { createTurn } from '../runtime/turn.ts';
import { createAppEvents } from './app-events.ts';
import { createDirectSends } from './direct-sends.ts';
import { messages } from './messages.ts';
import { checkOptions } from './options.ts';
import { createSender, type SenderHost } from './sender.ts';
import { renewToken } from './renew-token.ts';
import { looksTheSame, snapshot } from './snapshot.ts';
import { findTarget } from './target.ts';
import type { CloseOptions, Sendable, Socket, SocketOptions, SocketStats } from './types.ts';
import { createWaits } from './waits.ts';

/**
 * Makes a conversation with a server. It starts at once unless `autoConnect` is false, and goes on until `close()` or
 * the signal: what is sent meanwhile waits its turn.
 * @throws HoldfastError INVALID_OPTION naming the option, its shape and the way out
 */
export function createSocket<Incoming = MessageData, Outgoing = Sendable>(
  options: SocketOptions<Outgoing>,
): Socket<Incoming, Outgoing> {
  // Where the floors meet: one driver, one link, one conversation, one queue and its keeper. What runs later may name what
  // is made below it.
  const checked = checkOptions(options);
  const { environment, outbox, protocol, connection, onConnect, signal } = checked;
  const observing = new AbortController();
  const events = createAppEvents<Incoming>(environment, checked.onEvent, () => driver.state.connectionId);
  const turn = createTurn(environment, flush);
  const senderHost: SenderHost = {
    environment,
    protocol,
    limits: outbox,
    events,
    keeper: () => keeper,
    conversation: () => conversation,
    requestFlush: turn.request,
    isClosed: () => driver.state.name === 'closed' || driver.state.name === 'closing',
  };
  const sender = createSender<Outgoing>(senderHost);
  const { queue } = sender;
  const direct = createDirectSends(sender, senderHost);
  const isBusy = (): boolean => countIn(queue, 'unsettled') > 0;
  const driver = createDriver({ environment, connection: { ...connection, decide }, run, onState, isBusy });
  let picture = snapshot(driver.state, environment);
  let stats: SocketStats = { rttMs: null, queued: 0, inFlight: 0 };
  let rttMs: number | null = null;
  let resumed = false;
  let discards = false;
  /** The server wants to be left within that time: it may say so before the connection is open. */
  let drainMs: number | null = null;
  /** Ends the search for a fresh token, if one is under way. */
  let cancelRenewal = (): void => {};
  /** The connection of the state before this one: the one whose end is told while the next has begun. */
  let leftConnection = 0;
  let resolveClosed = (): void => {};
  const closed = new Promise<void>((resolve) => {
    resolveClosed = resolve;
  });
  const waits = createWaits(driver, events, () => picture, isBusy);
  const conversation = protocol.createConversation({
    queue,
    now: () => environment.now(),
    identity: () => keeper.identity,
    onPeer: (peer) => keeper.setPeer(peer),
    write: (data) => link.socket?.send(data),
    release: (log, entry) => keeper.release(log, entry),
    retain: () => keeper.retain(),
    expectAnswer: driver.wrote,
    bufferedAmount: () => link.socket?.bufferedAmount ?? 0,
    requestFlush: turn.request,
    requestFlushWithin: turn.requestWithin,
    expireAt: sender.expireAt,
    welcomed,
    deliver: (payload) => events.emit('message', payload as Incoming),
    lost(lost) {
      events.record('warn', 'session.gap', { details: { ...lost } });
      events.emit('gap', lost);
    },
    roundTrip(ms) {
      rttMs = ms;
      driver.tell({ type: 'link/answered', ms });
      events.notifySoon();
    },
    drained(withinMs) {
      events.record('info', 'connection.drain', { details: { withinMs } });
      drainMs = withinMs;
      if (driver.state.name === 'open') drain();
    },
    renew,
    report: events.report,
    fail: (failure, closeCode) => driver.tell({ type: 'link/failed', failure, closeCode }),
  });
  const keeper = outbox.createKeeper({
    environment,
    queue,
    newLog: () => sender.newLog(environment.randomId()),
    foreignLog: sender.newLog,
    onChange() {
      turn.request();
      events.notifySoon();
    },
    error: events.error,
    report: events.report,
    finish: (producer) => conversation.finish(producer),
  });
  const link = createLink({
    environment,
    async target() {
      const url = () => checked.url({ attempt: driver.state.attempt });
      const asked = findTarget(url, checked.auth, protocol.subprotocols, protocol.isTokenOffered);
      const [target] = await Promise.all([asked, keeper.ready()]);
      return target;
    },
    dispatch: driver.dispatch,
    retryAfterMs: () => conversation.retryAfterMs,
    onMessage({ data }) {
      driver.heard();
      conversation.receive(data);
    },
  });

  // The connection.

  function run(order: Order): void {
    link.run(order);
    switch (order.type) {
      case 'link/greet':
        if (onConnect !== null) direct.begin();
        conversation.open(link.token);
        return;
      case 'link/promote':
      case 'link/detach':
        // The connection that the conversation was on is not in use any more.
        drainMs = null;
        cancelRenewal();
        conversation.end(order.type === 'link/detach' ? order.code : undefined);
        direct.end();
        events.notifySoon();
        return;
      case 'link/prepare':
        void prepare(order.connectionId);
        return;
      case 'link/ping':
        conversation.ping();
        return;
      case 'flow/start':
        sender.expire();
        conversation.start();
        // What waited is on the wire.
        events.notifySoon();
        drain();
        return;
      case 'tell/close': {
        const { failure, code, reason, wasClean } = order;
        events.record('info', 'connection.ended', failure ?? { details: { closeCode: code } }, leftConnection);
        events.emit('close', { code, reason, wasClean });
        return;
      }
      case 'tell/error':
        events.report(order.failure);
        return;
      default: // The link's alone.
    }
  }

  function drain(): void {
    const withinMs = drainMs;
    drainMs = null;
    if (withinMs !== null) driver.tell({ type: 'link/drained', withinMs });
  }

  function renew(withinMs: number, answer: (token: string) => void): void {
    const { auth } = checked;
    events.record('info', 'connection.reauth', { details: { withinMs } });
    cancelRenewal();
    if (auth !== null) cancelRenewal = renewToken(auth, withinMs, environment, answer, events.report);
    else events.report({ code: 'TOKEN_FAILED', message: 'the server asks for a token: give the option auth' });
  }

  function welcomed(welcome: Parameters<ConversationHost['welcomed']>[0]): void {
    resumed = welcome.resumed;
    driver.tell({
      type: 'link/welcomed',
      heartbeat: agreed(checked.heartbeat, welcome.heartbeat),
    });
  }

  async function prepare(connectionId: number): Promise<void> {
    const { signal: ended } = direct;
    const { attempt } = driver.state;
    try {
      await onConnect?.({ send: (data) => direct.send(ended, data), resumed, attempt, signal: ended });
      driver.dispatch({ type: 'link/prepared', connectionId });
    } catch (cause) {
      const failure: Failure = { code: 'PREPARE_FAILED', message: 'onConnect failed: see the cause', cause };
      driver.dispatch({ type: 'link/failed', connectionId, failure, closeCode: GOING_AWAY });
    }
  }

  function flush(): void {
    sender.expire();
    conversation.flush();
    const { name } = driver.state;
    if (name === 'closing' && !isBusy()) driver.dispatch({ type: 'outbox/emptied' });
    if (name === 'paused' && isBusy()) driver.dispatch({ type: 'outbox/filled' });
    events.notifySoon();
  }

  function onState(state: State, previous: State): void {
    const { name, attempt, connectionId } = state;
    leftConnection = previous.connectionId;
    const isNews = !looksTheSame(state, previous);
    const isOpened = name === 'open' && previous.name !== 'open';
    if (isNews) {
      picture = snapshot(state, environment);
      const { reason, error } = picture;
      if (name !== previous.name || state.since !== previous.since || connectionId !== leftConnection) {
        const details = { reason, attempt };
        events.record('info', `connection.${name}`, error === null ? { details } : { details, code: error.code });
      }
      events.emit('state', picture);
    } else if (isOpened) events.record('info', 'connection.moved', {});
    if (isOpened) events.emit('open', { resumed, attempt });
    if (isNews) events.notify();
    waits.changed(state);
    if (name === 'closing') turn.request();
    if (name === 'closed') void end();
  }

  function decide(context: RetryContext): number | false | undefined {
    try {
      const word = connection.decide?.(context);
      // Anything else is no delay: a timer would take it for none.
      return word === false || (typeof word === 'number' && word >= 0) ? word : undefined;
    } catch (cause) {
      events.report({ code: 'LISTENER_FAILED', message: 'reconnect.decide threw: the default holds', cause });
      return undefined;
    }
  }

  // The end.

  function close(how?: CloseOptions): Promise<void> {
    discards ||= how?.discard === true;
    waits.close(how?.flushMs ?? 0);
    return closed;
  }

  function abort(): void {
    const failure: Failure = { code: 'ABORTED', message: 'the signal was aborted', cause: signal?.reason };
    driver.dispatch({ type: 'user/close', flushMs: 0, failure });
  }

  async function end(): Promise<void> {
    turn.stop();
    sender.stop();
    await keeper.close(discards);
    // Not before: a page that is frozen while it closes gives its locks back.
    observing.abort();
    sender.end();
    events.end(picture.error);
    resolveClosed();
  }

  // What the app sees.

  function getStats(): SocketStats {
    const inFlight = countIn(queue, 'inFlight');
    const queued = countIn(queue, 'unsettled') - inFlight;
    if (rttMs !== stats.rttMs || queued !== stats.queued || inFlight !== stats.inFlight)
      stats = Object.freeze({ rttMs, queued, inFlight });
    return stats;
  }

  environment.observe((fact) => {
    if (fact === 'frozen') keeper.freeze();
    if (fact === 'resumed') keeper.resume();
    driver.dispatch({ type: `page/${fact}` });
  }, observing.signal);
  if (signal?.aborted === true) abort();
  else signal?.addEventListener('abort', abort, { signal: observing.signal });
  if (checked.autoConnect) driver.dispatch({ type: 'user/connect', reason: 'start' });

  const api = {
    send: sender.send,
    whenWritable: sender.whenWritable,
    outbox: sender.outbox,
    messages: (how) => messages<Incoming>(api, how),
    getState: () => picture,
    getStats,
    subscribe: events.subscribe,
    on: events.on,
    connect: () => driver.dispatch({ type: 'user/connect', reason: 'user' }),
    pause: () => driver.dispatch({ type: 'user/pause' }),
    reconnect: () => driver.dispatch({ type: 'user/reconnect' }),
    migrate: waits.migrate,
    whenOpen: waits.whenOpen,
    close,
    // WebKitGTK 2.50 has no Symbol.asyncDispose.
    ...(Symbol.asyncDispose === undefined ? {} : { [Symbol.asyncDispose]: () => close() }),
  } as Socket<Incoming, Outgoing>;
  return Object.freeze(api);
}
