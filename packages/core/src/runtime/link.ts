import type { ConnectionEnvironment, WebSocketLike } from '../environment/ports.ts';
import type { Failure } from '../lib/errors.ts';
import type { Event } from '../machines/connection-state.ts';
import { GOING_AWAY, NORMAL } from '../protocol/close-codes.ts';
import { readCloseReason } from '../protocol/close-reason.ts';
import { SLOT_PREFIX } from '../protocol/frames.ts';
import { letGo, listen, silence } from '../transport/websocket.ts';
import type { Order } from './driver.ts';

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
  token: string | null;
  socket: WebSocketLike | null;
}

/** The sockets of a conversation: the one in use, a rival that may replace it, and one that was replaced. */
export interface Link {
  /** The socket in use. */
  readonly socket: WebSocketLike | null;
  /** The token that it was opened with. */
  readonly token: string | null;
  /** Runs those of the machine's orders that concern sockets. */
  run(order: Order): void;
}

export function createLink(options: LinkOptions): Link {
  const { environment, dispatch } = options;
  let current: Attempt | null = null;
  let rival: Attempt | null = null;
  /** Deaf, and open until the connection after it is welcomed: make before break. */
  let former: WebSocketLike | null = null;
  /** The place in the server's queue that the next attempt may take. */
  let slot: string | null = null;

  function release(code: number): void {
    letGo(former, code, 'replaced');
    former = null;
  }

  function abandon(): void {
    letGo(rival?.socket, NORMAL, 'not needed');
    rival = null;
  }

  function open(attempt: Attempt, target: Target | { readonly failure: Failure }): void {
    // What was still on its way, a URL or a token, may come for an attempt that was given up.
    if (attempt !== current && attempt !== rival) return;
    const { connectionId } = attempt;
    const fail = (failure: Failure): void =>
      dispatch({ type: 'link/failed', connectionId, failure, closeCode: GOING_AWAY });
    if ('failure' in target) {
      fail(target.failure);
      return;
    }
    const { url, protocols } = target;
    const offered = slot === null ? protocols : [...protocols, `${SLOT_PREFIX}${slot}`];
    slot = null;
    attempt.token = target.token ?? null;
    let socket: WebSocketLike;
    try {
      socket = attempt.socket = environment.openWebSocket(url, offered);
    } catch (cause) {
      fail({
        code: 'URL_FAILED',
        message: 'no WebSocket (Node before 22 has none): see the cause',
        cause,
      });
      return;
    }
    const startedAt = environment.now();
    listen(
      socket,
      () => dispatch({ type: 'link/opened', connectionId, ms: environment.now() - startedAt }),
      // A rival has nothing to say before it is in use.
      (event) => {
        if (attempt === current) options.onMessage(event);
      },
      ({ code, reason, wasClean }) => {
        attempt.socket = null;
        const told = readCloseReason(reason);
        slot = told.slot ?? slot;
        const retryAfterMs = told.retryAfterMs ?? options.retryAfterMs?.() ?? null;
        const hasSlot = told.slot !== null;
        dispatch({ type: 'link/closed', connectionId, code, reason, wasClean, retryAfterMs, hasSlot });
      },
    );
  }

  return {
    get socket() {
      return current?.socket ?? null;
    },
    get token() {
      return current?.token ?? null;
    },
    run(order) {
      switch (order.type) {
        case 'link/connect': {
          const attempt: Attempt = { connectionId: order.connectionId, token: null, socket: null };
          // Beside a connection that is in use, it is the rival.
          if (current === null) current = attempt;
          else rival = attempt;
          const target = options.target();
          if (target instanceof Promise) void target.then((found) => open(attempt, found));
          else open(attempt, target);
          return;
        }
        case 'link/promote':
          release(GOING_AWAY);
          former = current?.socket ?? null;
          if (former !== null) silence(former);
          current = rival;
          rival = null;
          return;
        case 'link/prepare':
          // It is welcomed: what it replaced is closed.
          release(NORMAL);
          return;
        case 'link/abandon':
          abandon();
          return;
        case 'link/detach':
          abandon();
          // Not with 1000: overtaking the hello of the connection after it, that would end the session.
          release(GOING_AWAY);
          letGo(current?.socket, order.code, order.reason);
          current = null;
          return;
        default: // The conversation's.
      }
    },
  };
}
