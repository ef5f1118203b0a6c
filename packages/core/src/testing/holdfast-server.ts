import { bytesIn, type EncodedPayload } from '../lib/bytes.ts';
import { joinBinary, messageFrame } from '../protocol/binary.ts';
import { CLOSE } from '../protocol/close-codes.ts';
import { decodeClientMessage } from '../protocol/decode-client.ts';
import {
  encode,
  SUBPROTOCOL,
  type ClientFrame,
  type Hello,
  type MessageData,
  type ProducerClaim,
  type Taken,
} from '../protocol/frames.ts';
import type { Payload } from './connection.ts';
import type { ServerScript, TestPeer } from './server.ts';
import { TakenMessages, type Sender } from './taken-messages.ts';

const LIMITS = { messageBytes: 262_144, producers: 256, producerTtlMs: 2_592_000_000 };
const WINDOW = { messages: 2_048, bytes: 1_048_576 };

/** A message as the handler of the test gets it. */
export interface TestMessage<Incoming = MessageData> {
  /** The same as the sender's `receipt.id`. */
  readonly id: string;
  readonly data: Incoming;
}

/** What the server of a test does with messages and tokens. */
export interface HoldfastServerOptions<Incoming = MessageData, Outgoing = MessageData> {
  /**
   * The handler: a message counts as taken when it resolves. Whatever it throws refuses the message for good, with the error's
   * own `code` and `details`: there are no retries here.
   */
  onMessage?(message: TestMessage<Incoming>, session: TestSession<Outgoing>): void | Promise<void>;
  /** Gives the identity that a token stands for; when it throws, the connection is closed with 4401. Default: `user`. */
  authenticate?(token: string | undefined): string | Promise<string>;
  /** How often a client pings, and how long it waits, milliseconds. Default 15,000 and 5,000. */
  readonly heartbeat?: { readonly intervalMs: number; readonly timeoutMs: number };
}

/** One conversation, over all its connections. */
export interface TestSession<Outgoing = MessageData> {
  readonly id: string;
  readonly identity: string;
  /** Its connection now; null: it waits for its client to come back. */
  readonly peer: TestPeer | null;
  /** Reaches its client once, and in order, on this connection or on a later one. */
  send(data: Outgoing): void;
}

interface SessionMessage {
  readonly offset: number;
  readonly payload: EncodedPayload;
}

/** The WebSocket message of one message. */
function dataOf({ offset, payload }: SessionMessage): Payload {
  const frame = messageFrame(payload, offset);
  return typeof frame === 'string' ? frame : joinBinary([frame]);
}

class KeptSession<Outgoing> implements TestSession<Outgoing> {
  readonly id: string;
  readonly identity: string;
  peer: TestPeer | null = null;
  /** Highest `n` of a hello that took it. */
  n = 0;
  /** Offset of the newest message. */
  highest = 0;
  /** What its client has not confirmed. */
  unconfirmed: SessionMessage[] = [];

  constructor(id: string, identity: string) {
    this.id = id;
    this.identity = identity;
  }

  send(data: Outgoing): void {
    this.highest += 1;
    const message = { offset: this.highest, payload: bytesIn(data)?.slice() ?? JSON.stringify(data) };
    this.unconfirmed.push(message);
    this.peer?.send(dataOf(message));
  }
}

/**
 * A server for `holdfast()`, for tests: it keeps the promises of docs/protocol.md about order, once and resuming, forgets
 * nothing, and refuses nothing but what its handler throws. Its limits, its retries and its store are not those of
 * `@holdfast/server`.
 */
export class HoldfastServer<Incoming = MessageData, Outgoing = MessageData> implements ServerScript {
  /** What the handler has taken, from all clients, in order. */
  readonly taken: Incoming[] = [];
  readonly #options: HoldfastServerOptions<Incoming, Outgoing>;
  readonly #sessions = new Map<string, KeptSession<Outgoing>>();
  readonly #producers = new Map<string, TakenMessages>();
  readonly #conversations = new WeakMap<TestPeer, Conversation<Incoming, Outgoing>>();
  #made = 0;

  constructor(options: HoldfastServerOptions<Incoming, Outgoing> = {}) {
    this.#options = options;
  }

  /** Also those that wait for their client. */
  get sessions(): readonly TestSession<Outgoing>[] {
    return [...this.#sessions.values()];
  }

  /** Says something to every session. */
  broadcast(data: Outgoing): void {
    for (const session of this.sessions) session.send(data);
  }

  /** Asks every client to move to another connection within `withinMs`. */
  drain(withinMs: number): void {
    for (const { peer } of this.sessions) peer?.send(encode.drain(withinMs));
  }

  /** As another process would: sessions are unknown from here on, and what was taken is not forgotten. */
  forgetSessions(): void {
    this.#sessions.clear();
  }

  // The script.

  selectProtocol(offered: readonly string[]): string | undefined {
    return offered.includes(SUBPROTOCOL) ? SUBPROTOCOL : undefined;
  }

  onConnection(peer: TestPeer): void {
    this.#conversations.set(peer, new Conversation(this, peer, this.#options));
  }

  onMessage(peer: TestPeer, data: Payload): void {
    this.#conversations.get(peer)?.receive(data);
  }

  onClose(peer: TestPeer, code: number): void {
    for (const session of this.#sessions.values()) {
      if (session.peer !== peer) continue;
      session.peer = null;
      if (code === CLOSE.NORMAL) this.#sessions.delete(session.id);
    }
  }

  // For its conversations.

  producer(identity: string, client: string, id: string): TakenMessages {
    const key = JSON.stringify([identity, client, id]);
    const known = this.#producers.get(key) ?? new TakenMessages();
    this.#producers.set(key, known);
    return known;
  }

  forget(identity: string, client: string, id: string): void {
    this.#producers.delete(JSON.stringify([identity, client, id]));
  }

  /** The session of this id, or a new one. */
  session(id: string | undefined, identity: string): { session: KeptSession<Outgoing>; isKnown: boolean } {
    const known = id === undefined ? undefined : this.#sessions.get(id);
    if (known !== undefined) return { session: known, isKnown: true };
    this.#made += 1;
    const session = new KeptSession<Outgoing>(`session-${this.#made}`, identity);
    this.#sessions.set(session.id, session);
    return { session, isKnown: false };
  }
}

/** A producer as one connection listed it. */
interface Listed {
  readonly id: string;
  readonly producer: TakenMessages;
  readonly sender: Sender;
}

/** The server's end of `holdfast.v1` on one connection. */
class Conversation<Incoming, Outgoing> {
  readonly #server: HoldfastServer<Incoming, Outgoing>;
  readonly #peer: TestPeer;
  readonly #options: HoldfastServerOptions<Incoming, Outgoing>;
  readonly #listed: Listed[] = [];
  #client = '';
  #session: KeptSession<Outgoing> | null = null;

  constructor(
    server: HoldfastServer<Incoming, Outgoing>,
    peer: TestPeer,
    options: HoldfastServerOptions<Incoming, Outgoing>,
  ) {
    this.#server = server;
    this.#peer = peer;
    this.#options = options;
  }

  receive(data: Payload): void {
    const decoded = decodeClientMessage(data, LIMITS);
    if (!decoded.ok) {
      this.#peer.close(decoded.fault.closeCode, 'see docs/protocol.md');
      return;
    }
    for (const frame of decoded.frames) this.#take(frame);
  }

  #take(frame: ClientFrame): void {
    const session = this.#session;
    if (frame.kind === 'p') this.#peer.send(encode.pong(frame.n));
    if (frame.kind === 'hello') void this.#join(frame.hello);
    if (session === null || session.peer !== this.#peer) return;
    switch (frame.kind) {
      case 'producers':
        void this.#claim(frame.producers, session).then((taken) => this.#peer.send(encode.taken(taken)));
        return;
      case 'm': {
        const { id, producer, sender } = this.#at(frame.producer);
        producer.add(sender, frame.seq, async () => {
          const data = frame.payload as Incoming;
          await this.#options.onMessage?.({ id: `${id}:${frame.seq}`, data }, session);
          this.#server.taken.push(data);
        });
        return;
      }
      case 's': {
        const { producer, sender } = this.#at(frame.producer);
        producer.add(sender, frame.seq);
        return;
      }
      case 'a':
        session.unconfirmed = session.unconfirmed.filter(({ offset }) => offset > frame.offset);
        return;
      case 'fin':
        this.#server.forget(session.identity, this.#client, frame.id);
        return;
      default:
        // Answered above, or only for the records.
        return;
    }
  }

  async #join(hello: Hello): Promise<void> {
    const identity = await this.#identify(hello.auth);
    if (identity === null || !this.#peer.isOpen) return;
    const { session, isKnown } = this.#server.session(hello.session, identity);
    if (hello.n <= session.n) {
      this.#peer.close(CLOSE.TAKEN_OVER, 'a newer connection has the session');
      return;
    }
    const former = session.peer;
    this.#client = hello.client;
    this.#session = session;
    session.n = hello.n;
    // Nothing goes down before the welcome, and what is sent meanwhile follows it.
    session.peer = null;
    former?.close(CLOSE.TAKEN_OVER, 'a newer connection has taken the session over');
    const taken = await this.#claim(hello.producers, session);
    if (session.n !== hello.n || !this.#peer.isOpen) return;
    session.peer = this.#peer;
    const received = isKnown ? (hello.received ?? 0) : 0;
    const isLost = !isKnown && hello.session !== undefined;
    this.#peer.send(
      encode.welcome({
        session: session.id,
        key: `key-of-${session.id}`,
        epoch: `epoch-of-${session.id}`,
        offset: received,
        resumed: isKnown,
        ...(isLost && { lost: { reason: 'unknown-session', from: (hello.received ?? 0) + 1, to: null } }),
        taken,
        identity: `hash-of-${identity}`.slice(0, 64),
        heartbeat: this.#options.heartbeat ?? { intervalMs: 15_000, timeoutMs: 5_000 },
        window: WINDOW,
        limits: LIMITS,
        time: this.#peer.time,
      }),
    );
    for (const { offset, payload } of session.unconfirmed) {
      if (offset > received) this.#peer.send(dataOf({ offset, payload }));
    }
  }

  async #identify(token: string | undefined): Promise<string | null> {
    try {
      return (await this.#options.authenticate?.(token)) ?? 'user';
    } catch {
      this.#peer.close(CLOSE.UNAUTHORIZED, 'unauthorized');
      return null;
    }
  }

  #claim(claims: readonly ProducerClaim[], { identity }: KeptSession<Outgoing>): Promise<Taken[]> {
    return Promise.all(
      claims.map((claim) => {
        const index = this.#listed.length;
        const sender: Sender = {
          acknowledge: (seq) => this.#peer.send(encode.acknowledge(index, seq)),
          refuse: (seq, error) => this.#peer.send(encode.refuse(index, seq, error)),
        };
        const producer = this.#server.producer(identity, this.#client, claim[0]);
        this.#listed.push({ id: claim[0], producer, sender });
        return producer.claim(claim, sender);
      }),
    );
  }

  #at(index: number): Listed {
    const listed = this.#listed[index];
    if (listed === undefined) throw new Error(`the client sent for producer ${index}, which it has not listed`);
    return listed;
  }
}
