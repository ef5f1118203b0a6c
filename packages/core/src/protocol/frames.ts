import type { Bytes } from '../lib/bytes.ts';
import type { Json } from '../lib/errors.ts';

/** The subprotocol that client and server negotiate. */
export const SUBPROTOCOL = 'holdfast.v1';

/** A client that comes at the time that a server has kept for it offers this and the name of its slot as well. */
export const SLOT_PREFIX = 'holdfast.slot.';

/** A client that was told to give its token with the upgrade offers this and the token, encoded as a URI component. */
export const AUTH_PREFIX = 'holdfast.auth.';

/** The version that `hello` carries. */
export const VERSION = 1;

/** What a message carries: JSON in a frame of text, bytes in a binary one. */
export type MessageData = Json | Bytes;

/** A producer in `hello` or `producers`: `[id, firstUnsettled, nextSeq, maybeSent]`. */
export type ProducerClaim = readonly [id: string, firstUnsettled: number, nextSeq: number, maybeSent: number];

/**
 * What the server has of a claimed producer: the last position taken, the refusals among the last window of seqs, and up
 * to which seq an earlier owner may have run more than it wrote down. Null: forgotten.
 */
export type Taken = readonly [seq: number, refused: readonly Refusal[], doubtUpTo?: number] | null;

/** One refused message: its seq and why. */
export type Refusal = readonly [seq: number, error: WireError];

/** A failure as it travels. */
export interface WireError {
  readonly code: string;
  readonly message: string;
  readonly retryAfterMs?: number;
  readonly details?: { readonly [key: string]: Json };
}

/** Server messages that can't be delivered: offsets `from` to `to`, both included; `to` null: nobody knows how many. */
export interface Lost {
  readonly reason: LostReason;
  readonly from: number;
  readonly to: number | null;
}

/** Why server messages are lost; where several reasons meet, that of the last one. */
export type LostReason = (typeof LOST_REASONS)[number];
export const LOST_REASONS = ['unknown-session', 'buffer-overflow', 'buffer-expired'] as const;

/** What a client says first on a connection. */
export interface Hello {
  readonly v: number;
  /** The install: random, stored with the outbox. */
  readonly client: string;
  /** The session to resume, with the key that the last welcome gave. All four come together. */
  readonly session?: string;
  readonly key?: string;
  readonly epoch?: string;
  readonly received?: number;
  /** Rises with every hello of this page; a lower one than the highest seen never takes a session. */
  readonly n: number;
  readonly producers: readonly ProducerClaim[];
  readonly auth?: string;
}

/** The server's answer to `hello`. */
export interface Welcome {
  readonly session: string;
  readonly key: string;
  readonly epoch: string;
  /** The offset before the first message that follows: the client's `received` from here on. */
  readonly offset: number;
  readonly resumed: boolean;
  readonly lost?: Lost;
  /** One entry for each producer of the hello, in its order. */
  readonly taken: readonly Taken[];
  /** A hash of the identity that the server authenticated. */
  readonly identity: string;
  readonly heartbeat: { readonly intervalMs: number; readonly timeoutMs: number };
  readonly window: { readonly messages: number; readonly bytes: number };
  readonly limits: { readonly messageBytes: number; readonly producers: number; readonly producerTtlMs: number };
  /** The server's clock, milliseconds since the epoch. */
  readonly time: number;
}

/** Longest time in which a server may ask its clients to move to another connection, or to prove who they are. */
export const MOST_DRAIN_MS = 3_600_000;
/** Most refusals that a welcome tells of one producer, and so the most messages that a server's window may have. */
export const MOST_REFUSALS = 10_000;

/** A frame that goes up. `producer` is the index in the order in which this connection listed its producers. */
export type ClientFrame =
  | { readonly kind: 'hello'; readonly hello: Hello }
  | { readonly kind: 'producers'; readonly producers: readonly ProducerClaim[] }
  | {
      readonly kind: 'm';
      readonly producer: number;
      readonly seq: number;
      readonly payload: MessageData;
      readonly bytes: number;
    }
  | { readonly kind: 's'; readonly producer: number; readonly seq: number }
  | { readonly kind: 'a'; readonly offset: number }
  | { readonly kind: 'fin'; readonly id: string }
  | { readonly kind: 'auth'; readonly token: string }
  | CommonFrame;

/** A frame that comes down. */
export type ServerFrame =
  | { readonly kind: 'welcome'; readonly welcome: Welcome }
  | { readonly kind: 'taken'; readonly taken: readonly Taken[] }
  | { readonly kind: 'm'; readonly offset: number; readonly payload: MessageData }
  | { readonly kind: 'a'; readonly producer: number; readonly seq: number }
  | { readonly kind: 'r'; readonly producer: number; readonly seq: number; readonly error: WireError }
  | { readonly kind: 'drain' | 'reauth'; readonly withinMs: number }
  | CommonFrame;

/** A frame that goes both ways. */
export type CommonFrame =
  | { readonly kind: 'p'; readonly n: number }
  | { readonly kind: 'q'; readonly n: number }
  | { readonly kind: 'error'; readonly error: WireError };

// Encoding of text; `binary.ts` has what carries bytes. A payload is given as the JSON text that it already is, so that it
// is encoded once in its life. A client imports what it sends, one by one; `encode` has all frames of both ends.

export const encodeHello = (hello: Hello): string => JSON.stringify(['hello', hello]);
export const encodeProducers = (claims: readonly ProducerClaim[]): string => JSON.stringify(['producers', claims]);
export const encodeMessage = (producer: number, seq: number, payload: string): string =>
  `["m",${producer},${seq},${payload}]`;
export const encodeSkip = (producer: number, seq: number): string => `["s",${producer},${seq}]`;
export const encodeReceived = (offset: number): string => `["a",${offset}]`;
export const encodeFin = (id: string): string => JSON.stringify(['fin', id]);
export const encodeAuth = (token: string): string => JSON.stringify(['auth', token]);
export const encodePing = (n: number): string => `["p",${n}]`;
export const encodePong = (n: number): string => `["q",${n}]`;

interface Encode {
  readonly hello: typeof encodeHello;
  readonly producers: typeof encodeProducers;
  readonly message: typeof encodeMessage;
  readonly skip: typeof encodeSkip;
  readonly received: typeof encodeReceived;
  readonly fin: typeof encodeFin;
  readonly auth: typeof encodeAuth;
  readonly ping: typeof encodePing;
  readonly pong: typeof encodePong;
  error(error: WireError): string;
  welcome(welcome: Welcome): string;
  taken(taken: readonly Taken[]): string;
  serverMessage(offset: number, payload: string): string;
  acknowledge(producer: number, seq: number): string;
  refuse(producer: number, seq: number, error: WireError): string;
  drain(withinMs: number): string;
  reauth(withinMs: number): string;
}

/** Frames as the text that goes on the wire, one function for each kind. */
export const encode: Encode = {
  hello: encodeHello,
  producers: encodeProducers,
  message: encodeMessage,
  skip: encodeSkip,
  received: encodeReceived,
  fin: encodeFin,
  auth: encodeAuth,
  ping: encodePing,
  pong: encodePong,
  error: (error) => JSON.stringify(['error', error]),
  welcome: (welcome) => JSON.stringify(['welcome', welcome]),
  taken: (taken) => JSON.stringify(['taken', taken]),
  serverMessage: (offset, payload) => `["m",${offset},${payload}]`,
  acknowledge: (producer, seq) => `["a",${producer},${seq}]`,
  refuse: (producer, seq, error) => JSON.stringify(['r', producer, seq, error]),
  drain: (withinMs) => `["drain",{"within":${withinMs}}]`,
  reauth: (withinMs) => `["reauth",{"within":${withinMs}}]`,
};
