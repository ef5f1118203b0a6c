import type { Failure, Json } from '../lib/errors.ts';
import type { Lost } from '../protocol/frames.ts';
import type { HeartbeatOptions } from './heartbeat.ts';
import type { OutboxQueue } from './outbox.ts';
import type { ProducerLog } from './producer-log.ts';

/** What a conversation needs from the wiring. Every call is made in the turn of the call that led to it. */
export interface ConversationHost {
  readonly queue: OutboxQueue;
  now(): number;
  /** Who the client is, by the time that a socket is open. */
  identity(): SessionIdentity;
  /** The server told its name for the identity. */
  onPeer(peer: string): void;
  /** Writes to the socket of the current connection. */
  write(text: string): void;
  /** Bytes that the socket was given and has not written yet. */
  bufferedAmount(): number;
  /** Asks for a call of `flush` at the end of this turn. */
  requestFlush(): void;
  /** Asks for a call of `flush` within `ms`. */
  requestFlushWithin(ms: number): void;
  /** The greeting is over; `heartbeat` is what the server asks for, null where it has none. */
  welcomed(welcome: { readonly resumed: boolean; readonly heartbeat: HeartbeatOptions | null }): void;
  deliver(payload: Json): void;
  lost(lost: Lost): void;
  roundTrip(ms: number): void;
  /** Something that the app should know and that ends nothing. */
  report(failure: Failure): void;
  /** The connection can't go on: the server is told `closeCode`. */
  fail(failure: Failure, closeCode: number): void;
}

export interface SessionIdentity {
  readonly clientId: string;
  /** The server's name for the identity that the outbox belongs to; null: not known yet. */
  readonly peer: string | null;
}

/** One conversation over a chain of connections: `plain` and `holdfast` each have theirs. */
export interface Conversation {
  /** A socket is open. `direct` is the log of what `onConnect` sends, which goes before everything else. */
  open(token: string | null, direct: ProducerLog | null): void;
  /** Its messages, as they come. */
  receive(data: unknown): void;
  /** It is gone. */
  end(): void;
  /** Lets the outbox flow. */
  start(): void;
  /** Writes what is due. */
  flush(): void;
  ping(): void;
  /** The log of this producer is deleted: the server may forget it. */
  finish(producer: string): void;
  /** Why a payload of so many bytes can't be sent, if it is known that it can't. */
  refusal(bytes: number): Failure | null;
  /** How long the server said that the client should wait. */
  readonly retryAfterMs: number | null;
  /** The server's clock, once known. */
  readonly serverNow: number | null;
}

/** What `createSocket` takes as `protocol`: which conversation runs over the WebSocket. */
export interface Protocol {
  readonly name: 'plain' | 'holdfast';
  /** How a plain server's messages are read and written; absent with `holdfast`. */
  readonly codec?: 'json' | 'text';
  /** Subprotocols offered to the server. */
  readonly subprotocols: readonly string[];
  createConversation(host: ConversationHost): Conversation;
}
