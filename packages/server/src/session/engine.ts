import { CLOSE } from '@holdfast/core/protocol';
import type { PositionHook, ProducerStore, UserQueueStore } from '../stores/ports.ts';
import { Admission, type AdmissionLimits } from './admission.ts';
import type { EngineApp, Sendable, Session } from './app.ts';
import { closeReason } from './close-reason.ts';
import { Buckets } from './buckets.ts';
import { Connection } from './connection.ts';
import type { Context, Run } from './context.ts';
import { Deadlines } from './deadlines.ts';
import { Door } from './door.ts';
import { Gate } from './gate.ts';
import type { ConnectionEvents, ConnectionRequest, EngineConnection, EngineEnvironment } from './environment.ts';
import { DEFAULT_HEARTBEAT, DEFAULT_LIMITS, type HeartbeatLimits, type Limits } from './limits.ts';
import { LimitCounts, type LimitName } from './metrics.ts';
import { ProducerRegistry } from './producer-registry.ts';
import type { Realm } from './realm.ts';
import { Reporter } from './reporter.ts';
import { SessionRegistry } from './session-registry.ts';
import { Turns } from './turns.ts';
import { UserQueues, type SendToOptions } from './user-queues.ts';
import type { SendToStatus } from './user-queue.ts';

/** What an aborted handler gets to clean up. */
const ABORT_GRACE_MS = 100;

export interface EngineOptions extends EngineApp {
  /** Where positions are kept. The engine closes it at its own end. */
  readonly store: ProducerStore;
  /** Where messages to users wait. It ends with `store`. */
  readonly userQueues: UserQueueStore;
  readonly positions?: PositionHook<unknown> | undefined;
  readonly limits?: Partial<Limits> | undefined;
  readonly heartbeat?: Partial<HeartbeatLimits> | undefined;
  readonly admission?: AdmissionLimits | undefined;
}

/** A picture of now; `limits`: how often each has stopped somebody since the start. */
export interface EngineMetrics {
  readonly connections: number;
  /** Of these, how many were not welcomed yet. */
  readonly unwelcomed: number;
  /** Connected, and waiting for their client to come back. */
  readonly sessions: number;
  /** Handlers that run. */
  readonly handlers: number;
  readonly limits: { readonly [Name in LimitName]: number };
}

export interface Engine {
  /** A socket is open. The caller tells what happens to it, and is told what to do with it. */
  accept(connection: EngineConnection, request: ConnectionRequest): ConnectionEvents;
  /** All sessions by id, with those that wait for their client to come back. */
  readonly sessions: ReadonlyMap<string, Session>;
  readonly isClosing: boolean;
  /** Sends to all sessions of a user, or keeps it for the next one. */
  sendTo(user: string, data: Sendable, options?: SendToOptions): Promise<SendToStatus>;
  metrics(): EngineMetrics;
  /** Something that stands before the engine has stopped somebody. */
  limited(limit: LimitName): void;
  /**
   * Asks the clients of all connections that there are to move to others. Resolves when they have, or after `withinMs`,
   * when what is left is closed with 1012. Never rejects.
   */
  drain(withinMs: number): Promise<void>;
  /**
   * Takes nothing any more, lets running handlers end within `graceMs`, writes down and tells what they did, closes
   * every connection with 1012, then the store. Never rejects; a second call waits for the first.
   * @param retryAfterMs Each client is told a time of its own in the later half of this; 0, the default: none.
   */
  close(graceMs: number, retryAfterMs?: number): Promise<void>;
}

/** The server without a network: sockets, time and chance come from outside. */
export function createEngine(options: EngineOptions, environment: EngineEnvironment): Engine {
  const reporter = new Reporter(options, environment);
  const limits = withDefaults(DEFAULT_LIMITS, options.limits);
  const runs = new Set<Run>();
  const context: Context = {
    app: options,
    environment,
    reporter,
    limits,
    heartbeat: withDefaults(DEFAULT_HEARTBEAT, options.heartbeat),
    store: options.store,
    positions: options.positions,
    limited: new LimitCounts(environment, reporter),
    authentications: new Gate(limits.authentications),
    turns: new Turns(limits.concurrentHandlers, options.authenticate !== undefined),
    runs,
    deadlines: new Deadlines({
      environment,
      limitMs: limits.handlerTimeoutMs,
      runs,
      onLate: ({ session }) => context.limited.reached('handlerTimeoutMs', { session: session.id }),
    }),
    isClosing: false,
    isClosed: false,
  };
  const sessions = new SessionRegistry(context);
  const producers = new ProducerRegistry(context);
  const users = new UserQueues(context, options.userQueues);
  const admission = options.admission === undefined ? null : new Admission(options.admission, environment);
  const door = new Door(context);
  const { perClient } = limits.connectsPerMinute;
  let order = 0;
  let closing: Promise<void> | null = null;
  let onAllGone = (): void => {};
  const realm: Realm = {
    context,
    sessions,
    door,
    connects: new Buckets(perClient / 60, perClient, environment),
    producers,
    users,
    nextOrder() {
      order += 1;
      return order;
    },
  };

  function accept(port: EngineConnection, request: ConnectionRequest): ConnectionEvents {
    const connection = new Connection(realm, port, request, () => {
      door.left(connection);
      if (door.all.size === 0) onAllGone();
    });
    door.enter(connection, request.remoteAddress);
    if (context.isClosing) {
      connection.end(CLOSE.RESTART, 'the server is closing');
      return connection;
    }
    const delay = connection.isEnded ? null : (admission?.ask(request.slot) ?? null);
    if (delay !== null) {
      context.limited.reached('admission');
      reporter.report('debug', 'connection.refused', 'busy', { retryAfterMs: Math.ceil(delay.retryAfterMs) });
      connection.end(CLOSE.OVERLOADED, closeReason('busy', delay));
    }
    return connection;
  }

  /** Resolves with `promise`, or after `ms`. */
  function within(ms: number, promise: Promise<unknown>): Promise<void> {
    return new Promise<void>((resolve) => {
      const cancel = environment.setTimer(ms, resolve);
      void promise.then(() => {
        cancel();
        resolve();
      });
    });
  }

  async function drain(withinMs: number): Promise<void> {
    const leaving = [...door.all];
    reporter.report('info', 'server.draining', undefined, { withinMs });
    await within(withinMs, Promise.all(leaving.map((connection) => connection.drain(withinMs))));
    for (const connection of leaving) connection.end(CLOSE.RESTART, 'the server restarts');
    reporter.report('info', 'server.drained');
  }

  async function shutDown(graceMs: number, retryAfterMs: number): Promise<void> {
    const { closeTimeoutMs } = context.limits;
    context.isClosing = true;
    producers.stop();
    users.stop();
    await within(graceMs, producers.whenAtRest());
    for (const { abort } of context.runs) abort.abort(new Error('the server is closing'));
    // A handler that heeds its signal ends at once, and is told as what it is: not taken.
    await within(context.runs.size === 0 ? closeTimeoutMs : ABORT_GRACE_MS, producers.whenAtRest());
    // Their acknowledgements leave with the close.
    const leaving = [...door.all];
    for (const [index, connection] of leaving.entries()) {
      const share = (1 + (index + 1) / leaving.length) / 2;
      connection.end(CLOSE.RESTART, closeReason('the server restarts', { retryAfterMs: retryAfterMs * share }));
    }
    await within(closeTimeoutMs, producers.whenReleased());
    await within(
      closeTimeoutMs * 2,
      new Promise<void>((resolve) => {
        onAllGone = resolve;
        if (door.all.size === 0) resolve();
      }),
    );
    context.isClosed = true;
    context.deadlines.stop();
    sessions.clear();
    await within(closeTimeoutMs, users.rest());
    try {
      await context.store.close();
    } catch (fault) {
      reporter.fault('store.failed', fault, { during: 'close' });
    }
  }

  return {
    accept,
    sessions: sessions.all,
    sendTo: (user, data, sendOptions) => users.sendTo(user, data, sendOptions),
    metrics: () => ({
      connections: door.all.size,
      unwelcomed: door.unwelcomed,
      sessions: sessions.all.size,
      handlers: context.runs.size,
      limits: context.limited.all(),
    }),
    limited: (limit) => context.limited.reached(limit),
    get isClosing() {
      return context.isClosing;
    },
    drain,
    close(graceMs, retryAfterMs = 0) {
      closing ??= shutDown(graceMs, retryAfterMs);
      return closing;
    },
  };
}

/** Fields that are there but undefined count as left out. */
function withDefaults<T extends object>(defaults: T, given: Partial<T> | undefined): T {
  const set = Object.entries(given ?? {}).filter(([, value]) => value !== undefined);
  return { ...defaults, ...Object.fromEntries(set) };
}
