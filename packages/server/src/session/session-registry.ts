import { CLOSE } from '@holdfast/core/protocol';
import type { Context } from './context.ts';
import { ServerSession, type SessionLink } from './server-session.ts';

/** Why a session ended, for the records. */
export type SessionEnd = 'closed' | 'expired' | 'evicted' | 'replaced' | 'never-welcomed' | 'shutdown';

/** All sessions: those with a socket, and those that wait for their client to come back. */
export class SessionRegistry {
  readonly all: Map<string, ServerSession> = new Map();
  readonly #context: Context;
  /** Sessions without a socket, the one that lost it first in front, and what stops their expiry. */
  readonly #waiting = new Map<ServerSession, () => void>();

  constructor(context: Context) {
    this.#context = context;
  }

  /** A new session; null when there are as many as may be, and all are connected. */
  create(options: { identity: string; client: string; n: number; link: SessionLink }): ServerSession | null {
    if (this.all.size >= this.#context.limits.sessions) {
      const [oldest] = this.#waiting.keys();
      if (oldest === undefined) return null;
      this.end(oldest, 'evicted');
    }
    const session = new ServerSession({
      context: this.#context,
      ...options,
      onClose: (closed, code, reason) => this.#close(closed, code, reason),
    });
    this.all.set(session.id, session);
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
    session.ended();
    link?.end(CLOSE.TAKEN_OVER, 'the session has ended');
    const { app, reporter } = this.#context;
    reporter.report('info', 'session.ended', why, { session: session.id });
    try {
      app.onSessionEnd?.(session);
    } catch (fault) {
      reporter.fault('listener.failed', fault, { session: session.id });
    }
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
