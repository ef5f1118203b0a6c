import { openedControl, readControl, SUBPROTOCOL, type Control } from '@holdfast/core/protocol';
import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { WebSocket as Socket } from 'ws';
import { nodeEnvironment } from '../node-environment.ts';
import type { EngineMessage, Session } from '../session/app.ts';
import { createEngine, type Engine } from '../session/engine.ts';
import type { EngineEnvironment } from '../session/environment.ts';
import { DEFAULT_HEARTBEAT, DEFAULT_LIMITS } from '../session/limits.ts';
import { memoryStore } from '../stores/memory-store.ts';
import { memoryUserQueues } from '../stores/memory-user-queues.ts';
import type { ProducerStore } from '../stores/ports.ts';
import { carry, offered } from '../ws-adapter.ts';
import { aloud } from './aloud.ts';
import { SessionWebSocket, type SessionEars } from './session-web-socket.ts';
import type { Upgraded, WebSocket, WebSocketServerOptions } from './types.ts';

/** The upgrade with which a connection came. */
interface Arrival {
  readonly request: IncomingMessage;
  readonly done: Upgraded;
}

interface Conversation {
  readonly arrival: Arrival;
  /** Null until the client's library has said what it wants. */
  ears: SessionEars | null;
  /** Where the store remembers its producer. */
  producer: string | null;
}

export interface SessionsOptions extends WebSocketServerOptions {
  readonly maxPayload: number;
  /** A session began: its connection is about to be told to the app. */
  readonly opened: (webSocket: WebSocket) => void;
  readonly environment?: EngineEnvironment;
}

/** Whether a client asks for a session. */
export function asksForSession(request: IncomingMessage): boolean {
  return offered(request).includes(SUBPROTOCOL);
}

/** The sessions of a server: what comes over any socket of a session becomes events of one connection. */
export class Sessions {
  readonly #options: SessionsOptions;
  readonly #environment: EngineEnvironment;
  readonly #store: ProducerStore;
  readonly #engine: Engine;
  readonly #conversations = new Map<Session, Conversation>();
  readonly #ttlMs: number;
  readonly #goneAfterMs: number;
  /** Sockets that carry no session yet. */
  readonly #strangers = new Set<Socket>();
  #isClosing = false;

  constructor(options: SessionsOptions) {
    const { sessionTtlMs = DEFAULT_LIMITS.sessionTtlMs, maxSessions = DEFAULT_LIMITS.sessions } = options;
    this.#options = options;
    // The sockets are what keeps the process: a session whose client is away does not.
    this.#environment = options.environment ?? nodeEnvironment(false);
    this.#store = storeOf(() => this.#environment.now());
    this.#ttlMs = sessionTtlMs;
    const heartbeat = { ...DEFAULT_HEARTBEAT, ...options.heartbeat };
    // The server may learn of a dead link later than the client by as much as its heartbeat takes.
    this.#goneAfterMs = sessionTtlMs + heartbeat.intervalMs + heartbeat.timeoutMs;
    const never = Number.POSITIVE_INFINITY;
    this.#engine = createEngine(
      {
        onMessage: (message, session) => this.#receive(message, session),
        onSessionEnd: (session) => this.#ended(session),
        authenticate: async ({ upgrade, token, client, origin, remoteAddress }) => {
          const { request } = upgrade as Arrival;
          const who = await options.authenticate?.({ token, client, origin, remoteAddress, request });
          return identityOf(who, request);
        },
        onEvent: options.onEvent,
        store: this.#store,
        userQueues: memoryUserQueues({ now: () => this.#environment.now() }),
        heartbeat,
        limits: {
          messageBytes: options.maxPayload === 0 ? Number.MAX_SAFE_INTEGER : options.maxPayload,
          // What is kept is bounded by each connection, which fails past its bound: nothing is dropped.
          replay: { messages: never, bytes: never, ageMs: never },
          bufferedBytes: never,
          sessions: maxSessions,
          sessionTtlMs,
          // A client has one log for each session. Those of a session that is over are forgotten with it.
          producers: 1,
          producersPerIdentity: never,
          producersTotal: never,
          // Without `authenticate` all are one; `maxSessions` bounds them.
          sessionsPerIdentity: never,
          producerTtlMs: this.#goneAfterMs,
        },
      },
      this.#environment,
    );
  }

  /** A socket is open that was upgraded for a session: a new one, or one that comes back. */
  accept(socket: Socket, request: IncomingMessage, done: Upgraded): void {
    const arrival: Arrival = { request, done };
    this.#strangers.add(socket);
    let ears: SessionEars | null = null;
    let conversation: Conversation | undefined;
    carry(socket, request, this.#engine, {
      upgrade: arrival,
      welcomed: (session) => {
        this.#strangers.delete(socket);
        conversation = this.#conversations.get(session) ?? { arrival, ears: null, producer: null };
        this.#conversations.set(session, conversation);
      },
      written: (offset) => {
        ears ??= conversation?.ears ?? null;
        ears?.written(offset);
      },
      closed: () => {
        this.#strangers.delete(socket);
        if (this.#isClosing) this.#endAbsent();
      },
    });
  }

  /** Takes nobody any more: what has no socket ends, since its client can't come back, and so does what loses its own. */
  close(): void {
    this.#isClosing = true;
    this.#endAbsent();
  }

  /** Nobody is left. Resolves when all timers are gone; never rejects. */
  end(): Promise<void> {
    return this.#engine.close(0);
  }

  /** Ends what nobody can come back to, or has not begun. */
  #endAbsent(): void {
    for (const [session, { ears }] of [...this.#conversations])
      if (!session.isConnected || ears === null) session.close();
    for (const socket of this.#strangers) socket.terminate();
  }

  #receive(message: EngineMessage, session: Session): void {
    const conversation = this.#conversations.get(session);
    if (conversation === undefined) return;
    conversation.producer = message.producer;
    const { data } = message;
    const { ears } = conversation;
    // One that may have been heard before: to go on would be a lie.
    if (message.redelivered) session.close();
    else if (ears !== null && (typeof data === 'string' || data instanceof Uint8Array)) ears.message(data);
    else {
      const control = data instanceof Uint8Array ? null : readControl(data);
      if (control?.kind === 'open' && ears === null) this.#open(session, conversation, control);
      else if (control?.kind === 'close' && ears !== null) ears.close(control);
      // Only an end that is not ours speaks so.
      else session.close(1008, 'no message of a library');
    }
  }

  #open(session: Session, conversation: Conversation, { protocols }: Control & { readonly kind: 'open' }): void {
    const { request, done } = conversation.arrival;
    const { handleProtocols, maxBufferedBytes = 16_777_216, opened } = this.#options;
    let protocol = protocols[0] ?? '';
    if (protocol !== '' && handleProtocols) {
      protocol = '';
      aloud(() => {
        protocol = handleProtocols(new Set(protocols), request) || '';
      });
    }
    session.send(openedControl(protocol, this.#goneAfterMs));
    const webSocket = new SessionWebSocket(
      {
        session,
        protocol,
        closeTimeoutMs: this.#ttlMs,
        maxBufferedBytes,
        setTimer: (ms, run) => this.#environment.setTimer(ms, run),
      },
      (ears) => {
        conversation.ears = ears;
      },
    );
    opened(webSocket);
    aloud(() => done(webSocket, request));
  }

  #ended(session: Session): void {
    const conversation = this.#conversations.get(session);
    if (conversation === undefined) return;
    this.#conversations.delete(session);
    if (conversation.producer !== null) void this.#store.forget(conversation.producer);
    conversation.ears?.ended();
  }
}

/** Lives as long as the sessions: of what it has never heard, nothing was taken, and no message can come twice. */
function storeOf(now: () => number): ProducerStore {
  const store = memoryStore({ now });
  return {
    ...store,
    async claim(key, identity) {
      const claimed = await store.claim(key, identity);
      return claimed.taken === null ? { ...claimed, taken: 0, isDirty: false } : claimed;
    },
  };
}

/** A session belongs to whom the app says, on the path where it began. */
function identityOf(who: unknown, request: IncomingMessage): string {
  if (who !== undefined && (typeof who !== 'string' || who === '' || who.length > 256)) {
    throw new TypeError('authenticate must give a string of 1 to 256 characters');
  }
  const path = (request.url ?? '/').split(/[?#]/, 1)[0] as string;
  return createHash('sha256')
    .update(JSON.stringify([path, who]))
    .digest('base64url');
}
