import type { Bytes, EncodedPayload } from '../lib/bytes.ts';
import type { Failure } from '../lib/errors.ts';
import type { Lost, MessageData } from '../protocol/frames.ts';
import type { HeartbeatOptions } from './heartbeat.ts';
import type { OutboxQueue } from './outbox.ts';
import type { Entry, ProducerLog } from './producer-log.ts';

/** What a conversation needs from the wiring. Every call is made in the turn of the call that led to it. */
export interface ConversationHost {
  readonly queue: OutboxQueue;
  now(): number;
  /** Who the client is, by the time that a socket is open. */
  identity(): SessionIdentity;
  /** The server told its name for the identity. */
  onPeer(peer: string): void;
  /** Writes to the socket of the current connection. */
  write(data: string | Bytes): void;
  /** What was written should be answered soon: silence is a hint that the link is dead. */
  expectAnswer(): void;
  /** Bytes that the socket was given and has not written yet. */
  bufferedAmount(): number;
  /** Asks for a call of `flush` at the end of this turn. */
  requestFlush(): void;
  /** Asks for a call of `flush` within `ms`. */
  requestFlushWithin(ms: number): void;
  /** A message of a log in the queue is to be withdrawn at that time, on the clock of `now`, if it is on no wire. */
  expireAt(at: number): void;
  /** The greeting is over; `heartbeat` is the slowest that the server wants, null where there is nothing to ask it with. */
  welcomed(welcome: { readonly resumed: boolean; readonly heartbeat: HeartbeatOptions | null }): void;
  deliver(payload: MessageData): void;
  lost(lost: Lost): void;
  roundTrip(ms: number): void;
  /** The server asks the client to move to another connection within `withinMs`: this one ends then. */
  drained(withinMs: number): void;
  /** The server asks for a fresh token within `withinMs`; `answer` takes it, on this connection only. */
  renew(withinMs: number, answer: (token: string) => void): void;
  /** Something that the app should know and that ends nothing. */
  report(failure: Failure): void;
  /** The connection can't go on: the server is told `closeCode`. */
  fail(failure: Failure, closeCode: number): void;
}

/** Likewise, for a conversation that sends nothing twice. */
export interface OnceHost extends ConversationHost {
  /** Whether a message that may never be sent twice can be written: storage has no copy. If not, a flush comes when it can. */
  release(log: ProducerLog, entry: Entry): boolean;
  /** What was released and not written is to be stored again. */
  retain(): void;
}

export interface SessionIdentity {
  readonly clientId: string;
  /** The server's name for the identity that the outbox belongs to; null: not known yet. */
  readonly peer: string | null;
}

/** One conversation over a chain of connections: `plain` and `holdfast` each have theirs. */
export interface Conversation {
  /** A socket is open. */
  open(token: string | null): void;
  /** Its messages, as they come. */
  receive(data: unknown): void;
  /** It is gone; `code`: how it ended, undefined where the conversation goes on with another one. */
  end(code?: number): void;
  /** Lets the outbox flow. */
  start(): void;
  /** A message was appended to this log: it is written now, at the end of the turn, or with others of a stream. */
  appended(log: ProducerLog): void;
  /** Writes what is due. */
  flush(): void;
  ping(): void;
  /** The log of this producer is deleted: the server may forget it. */
  finish(producer: string): void;
  /** Why a payload of so many bytes can't be sent, if it is known that it can't; `most` is the app's own limit. */
  refusal(bytes: number, most?: number | null): Failure | null;
  /** How long the server said that the client should wait. */
  readonly retryAfterMs: number | null;
  /** How far the server's clock, which counts from the epoch, is ahead of the environment's `now`, once known. */
  readonly serverAheadMs: number | null;
}

/** What `createSocket` takes as `protocol`: which conversation runs over the WebSocket. */
export interface Protocol {
  readonly name: 'plain' | 'holdfast';
  /** How a plain server's messages are read and written; absent with `holdfast`. */
  readonly codec?: 'json' | 'text' | 'raw';
  /** What a payload counts in windows and limits. */
  readonly bytesOf: (payload: EncodedPayload) => number;
  /** Whether the conversation can ask the server for a sign of life. */
  readonly hasPing: boolean;
  /** Subprotocols offered to the server. */
  readonly subprotocols: readonly string[];
  /** The token goes with the upgrade, as one more of them. */
  readonly isTokenOffered?: boolean;
  createConversation(host: OnceHost): Conversation;
}
