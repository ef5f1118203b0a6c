import type { ConnectionEnvironment, WebSocketLike } from '../environment/ports.ts';
import type { Failure } from '../lib/errors.ts';
import type { Event } from '../machines/connection-state.ts';
import { CLOSE } from '../protocol/close-codes.ts';
import { readCloseReason } from '../protocol/close-reason.ts';
import { SLOT_PREFIX } from '../protocol/frames.ts';
import { letGo, listen, silence } from '../transport/websocket.ts';

/** What a connection is made with. */
export interface Target {
  readonly url: string;
  readonly protocols: readonly string[];
  /** What the conversation opens with, if it needs a token. */
  readonly token?: string | null;
}

export interface LinkOptions {
  readonly environment: ConnectionEnvironment;
  /** Asked at every attempt; may give an answer at once. Never throws or rejects. */
  readonly target: () => Target | { readonly failure: Failure } | Promise<Target | { readonly failure: Failure }>;
  readonly dispatch: (event: Event) => void;
  /** What the server said in a frame, before it closed, about when to come back. */
  readonly retryAfterMs?: () => number | null;
  readonly onMessage: (event: { readonly data: unknown }) => void;
}

interface Attempt {
  readonly connectionId: number;
  target: Target | null;
  socket: WebSocketLike | null;
}

/** The sockets of a conversation: the one in use, a rival that may replace it, and one that was replaced. */
export class Link {
  readonly #options: LinkOptions;
  #current: Attempt | null = null;
  #rival: Attempt | null = null;
  /** Deaf, and open until the connection after it is welcomed: make before break. */
  #former: WebSocketLike | null = null;
  /** The place in the server's queue that the next attempt may take. */
  #slot: string | null = null;

  constructor(options: LinkOptions) {
    this.#options = options;
  }

  /** The socket in use. */
  get socket(): WebSocketLike | null {
    return this.#current?.socket ?? null;
  }

  get token(): string | null {
    return this.#current?.target?.token ?? null;
  }

  /** Opens the connection; beside one that is in use, its rival. */
  connect(connectionId: number): void {
    const attempt: Attempt = { connectionId, target: null, socket: null };
    if (this.#current === null) this.#current = attempt;
    else this.#rival = attempt;
    const target = this.#options.target();
    if (target instanceof Promise) void target.then((found) => this.#open(attempt, found));
    else this.#open(attempt, target);
  }

  /** The rival is in use from here on. */
  promote(): void {
    this.#release(CLOSE.GOING_AWAY);
    this.#former = this.socket;
    if (this.#former !== null) silence(this.#former);
    this.#current = this.#rival;
    this.#rival = null;
  }

  /** The connection in use is welcomed: what it replaced is closed. */
  settle(): void {
    this.#release(CLOSE.NORMAL);
  }

  abandon(): void {
    const rival = this.#rival;
    this.#rival = null;
    letGo(rival?.socket ?? null, CLOSE.NORMAL, 'not needed');
  }

  detach(code: number, reason: string): void {
    this.abandon();
    // Not with 1000: overtaking the hello of the connection after it, that would end the session.
    this.#release(CLOSE.GOING_AWAY);
    const current = this.#current;
    this.#current = null;
    letGo(current?.socket ?? null, code, reason);
  }

  #release(code: number): void {
    letGo(this.#former, code, 'replaced');
    this.#former = null;
  }

  #open(attempt: Attempt, target: Target | { readonly failure: Failure }): void {
    // What was still on its way, a URL or a token, may come for an attempt that was given up.
    const isWanted = (): boolean => attempt === this.#current || attempt === this.#rival;
    if (!isWanted()) return;
    const { connectionId } = attempt;
    const { dispatch, environment } = this.#options;
    if ('failure' in target) {
      dispatch({ type: 'link/failed', connectionId, failure: target.failure, closeCode: CLOSE.GOING_AWAY });
      return;
    }
    const slot = this.#slot;
    this.#slot = null;
    attempt.target = target;
    try {
      attempt.socket = environment.openWebSocket(
        target.url,
        slot === null ? target.protocols : [...target.protocols, `${SLOT_PREFIX}${slot}`],
      );
    } catch (cause) {
      const failure: Failure = { code: 'URL_FAILED', message: 'no WebSocket could be opened: see the cause', cause };
      dispatch({ type: 'link/failed', connectionId, failure, closeCode: CLOSE.GOING_AWAY });
      return;
    }
    const startedAt = environment.now();
    listen(attempt.socket, {
      opened: () => dispatch({ type: 'link/opened', connectionId, ms: environment.now() - startedAt }),
      // A rival has nothing to say before it is in use.
      message: (event) => {
        if (attempt === this.#current) this.#options.onMessage(event);
      },
      closed: ({ code, reason, wasClean }) => {
        const told = readCloseReason(reason);
        this.#slot = told.slot ?? this.#slot;
        const retryAfterMs = told.retryAfterMs ?? this.#options.retryAfterMs?.() ?? null;
        attempt.socket = null;
        dispatch({
          type: 'link/closed',
          connectionId,
          code,
          reason,
          wasClean,
          retryAfterMs,
          hasSlot: told.slot !== null,
        });
      },
    });
  }
}
