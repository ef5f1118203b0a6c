import type { ConnectionState, EnvironmentFact, ErrorCode, Phase, Socket } from '@holdfast/core';

/** The part of a socket that is shown. Every `Socket` has it, whatever its messages are. */
export type InspectableSocket = Pick<
  Socket,
  'getState' | 'getStats' | 'subscribe' | 'outbox' | 'connect' | 'pause' | 'reconnect' | 'migrate'
>;

export type Direction = 'up' | 'down';

/** The connection began to be like this. */
export interface StateRecord {
  /** Milliseconds since the epoch, as all times here. */
  readonly at: number;
  readonly phase: Phase;
  readonly reason: ConnectionState['reason'];
  readonly attempt: number;
  readonly retryAt: number | null;
  readonly code: ErrorCode | null;
}

/** What a frame says, and nothing of what the app says in it. */
export interface DescribedFrame {
  /** A word for its kind: `hello`, `message`, `ack`, `text` and so on. */
  readonly kind: string;
  readonly text: string;
  readonly bytes: number;
  /** Null: hidden, or there is none. */
  readonly payload: string | null;
}

export interface FrameRecord extends DescribedFrame {
  /** Counts from 1. */
  readonly id: number;
  readonly at: number;
  /** Counts the WebSockets of this inspector from 1. */
  readonly connection: number;
  readonly direction: Direction;
}

/** One WebSocket, from its opening to its end. */
export interface ConnectionRecord {
  readonly id: number;
  /** Without query, fragment and user information. */
  readonly url: string;
  readonly startedAt: number;
  readonly openedAt: number | null;
  readonly endedAt: number | null;
  /** Who ended it; null: it lives. */
  readonly endedBy: 'page' | 'server or network' | 'fault' | null;
  readonly closeCode: number | null;
  readonly closeReason: string;
  /** The subprotocol that the server chose. */
  readonly protocol: string;
  readonly messagesUp: number;
  readonly messagesDown: number;
  readonly bytesUp: number;
  readonly bytesDown: number;
}

/** What a server's welcome said. */
export interface SessionRecord {
  readonly at: number;
  readonly connection: number;
  /** The first characters of its id. */
  readonly session: string;
  readonly resumed: boolean;
  readonly epoch: string;
  /** Offset of the last server message before this connection. */
  readonly offset: number;
  readonly window: { readonly messages: number; readonly bytes: number };
  readonly messageBytes: number;
  readonly heartbeat: { readonly intervalMs: number; readonly timeoutMs: number };
  /** How far the server's clock is ahead of this one, milliseconds, with the way of the welcome in it. */
  readonly clockAheadMs: number;
  readonly lost: string | null;
}

/** What the wire has shown of one log of messages. */
export interface ProducerRecord {
  readonly id: string;
  readonly nextSeq: number;
  /** Highest seq written to a connection; 0: none. */
  readonly sent: number;
  /** Highest seq that the server has settled; 0: none. */
  readonly settled: number;
  readonly refused: number;
  readonly isFinished: boolean;
}

export interface SignalRecord {
  readonly at: number;
  readonly fact: EnvironmentFact;
  /** Whether a fault button made it. */
  readonly isFault: boolean;
}

export interface RoundTrip {
  readonly at: number;
  readonly ms: number;
}

/** What went over the wire in one second. */
export interface SecondRecord {
  /** Seconds since the epoch. */
  readonly second: number;
  messagesUp: number;
  messagesDown: number;
  bytesUp: number;
  bytesDown: number;
}
