import { CLOSE } from '@holdfast/core/protocol';
import type { SessionEnd } from './app.ts';
import { ownerOf, type Context } from './context.ts';
import { watchRejection } from './reporter.ts';
import { ServerSession, type SessionLink } from './server-session.ts';

/** All sessions: those with a socket, and those that wait for their client to come back. */
export class SessionRegistry {
  readonly all: Map<string, ServerSession> = new Map();
  /** By who shares the bounds of an identity, the oldest in front. */
  readonly #byOwner = new Map<string, Set<ServerSession>>();
  readonly #context: Context;
  /** Sessions without a socket, the one that lost it first in front, and what stops their expiry. */
  readonly #waiting = new Map<ServerSession, () => void>();

  constructor(context: Context) {
    this.#context = context;
  }

  /** A new session; or the limit that forbids it: there are as many as may be, and all are connected. */
  create(options: {
    identity: string;
    client: string;
    n: number;
    link: SessionLink;
  }): ServerSession | 'sessions' | 'sessionsPerIdentity' {
    const { limits, limited } = this.#context;
    const own = this.#byOwner.get(this.#ownerOf(options)) ?? [];
    for (const [limit, count, oldest] of [
      ['sessionsPerIdentity', 'size' in own ? own.size : 0, firstOf(own, ({ link }) => link === null)],
      ['sessions', this.all.size, firstOf(this.#waiting.keys())],
    ] as const) {
      if (count < limits[limit]) continue;
      limited.reached(limit);
      if (oldest === undefined) return limit;
      this.end(oldest, 'evicted');
      // One that made room for the identity has made room for all.
      break;
    }
    const session = new ServerSession({
      context: this.#context,
      ...options,
      onClose: (closed, code, reason) => this.#close(closed, code, reason),
    });
    this.all.set(session.id, session);
    const owner = this.#ownerOf(session);
    const owned = this.#byOwner.get(owner) ?? new Set();
    owned.add(session);
    this.#byOwner.set(owner, owned);
    return session;
  }

  /** A hello takes the session over; its older socket is closed and touches it no more. */
  take(session: ServerSession, link: SessionLink, n: number, key: string): void {
    const older = session.link;
    this.#stopWaiting(session);
    session.take(link, n, key);
    older?.end(CLOSE.TAKEN_OVER, 'a newer connection has taken the session over');
  }

  /** The socket is gone; the session waits for another. */
  detach(session: ServerSession, link: SessionLink): void {
    // Fenced: another socket carries it by now.
    if (session.link !== link) return;
    session.link = null;
    if (!session.isKnownToClient) {
      this.end(session, 'never-welcomed');
      return;
    }
    const { environment, limits } = this.#context;
    this.#waiting.set(
      session,
      environment.setTimer(limits.sessionTtlMs, () => this.end(session, 'expired')),
    );
  }

  /** Ends a session; a socket that still carries it is closed as taken over. */
  end(session: ServerSession, why: SessionEnd): void {
    if (this.all.get(session.id) !== session) return;
    const { link } = session;
    this.#stopWaiting(session);
    this.all.delete(session.id);
    const owner = this.#ownerOf(session);
    const owned = this.#byOwner.get(owner);
    owned?.delete(session);
    if (owned?.size === 0) this.#byOwner.delete(owner);
    session.ended();
    link?.end(CLOSE.TAKEN_OVER, 'the session has ended');
    const { app, reporter } = this.#context;
    reporter.report('info', 'session.ended', why, { session: session.id });
    // The app never knew it.
    if (why === 'never-welcomed' || !session.isKnownToClient) return;
    const onFault = (fault: unknown): void => reporter.fault('listener.failed', fault, { session: session.id });
    try {
      watchRejection(app.onSessionEnd?.(session, why), onFault);
    } catch (fault) {
      onFault(fault);
    }
  }

  #ownerOf({ identity, client }: { readonly identity: string; readonly client: string }): string {
    return ownerOf(this.#context, identity, client);
  }

  /** Ends all of them, with no word to their sockets. */
  clear(): void {
    for (const session of [...this.all.values()]) {
      session.link = null;
      this.end(session, 'shutdown');
    }
  }

  /** The app ends it. */
  #close(session: ServerSession, code: number, reason: string): void {
    session.link?.end(code, reason, { discard: true });
    this.end(session, 'closed');
    for (const run of this.#context.runs) {
      if (run.session === session) run.abort.abort(new Error('the session was closed'));
    }
  }

  #stopWaiting(session: ServerSession): void {
    this.#waiting.get(session)?.();
    this.#waiting.delete(session);
  }
}

function firstOf<T>(items: Iterable<T>, isIt: (item: T) => boolean = () => true): T | undefined {
  for (const item of items) if (isIt(item)) return item;
  return undefined;
}
