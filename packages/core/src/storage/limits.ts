/** What an outbox holds at most: of this page's messages, those that wait and those that are in flight. */
export interface OutboxBounds {
  /** Most messages, from 1. Each one also costs its size in memory. Default 10,000. */
  readonly maxMessages?: number;
  /** Most bytes of their payloads, JSON counted in UTF-8. Default 16,777,216. */
  readonly maxBytes?: number;
  /**
   * Most bytes of one message; above it `send` fails with MESSAGE_TOO_LARGE. Default with `holdfast()`: what the server
   * says, and 262,144 (its own default) before it has said anything; a lower limit of the server counts in any case.
   * Default with `plain()`: none.
   */
  readonly maxMessageBytes?: number;
  /**
   * Longest time that a message waits, milliseconds; a shorter `ttlMs` of its own counts. Past it, it fails with EXPIRED,
   * as far as it was on no wire. Default: none in memory; 2,160,000,000 (25 days) where messages are stored, less than a
   * server remembers what it took (`limits.producerTtlMs`, 30 days).
   */
  readonly maxAgeMs?: number;
  /**
   * What happens to a message that finds no room. `reject` (the default): it fails with QUEUE_FULL. `drop-oldest`,
   * `drop-newest`: of those that wait and were on no wire, the oldest, or the newest, fail with it and make room; where
   * they can't make enough, the new one fails. `socket.whenWritable()` waits for room instead.
   */
  readonly overflow?: Overflow;
}

/** The bounds of an outbox, as it tells them; null as what is left out. */
export interface OutboxLimits extends Omit<OutboxBounds, 'maxMessages' | 'maxMessageBytes'> {
  readonly maxMessages: number;
  readonly maxMessageBytes?: number | null;
}

export type Overflow = (typeof OVERFLOWS)[number];

export const OVERFLOWS = ['reject', 'drop-oldest', 'drop-newest'] as const;

/** What an outbox holds where nothing else is said. */
export const MAX_MESSAGES = 10_000;
export const MAX_BYTES = 16_777_216;
/** Below the 30 days for which a server remembers a producer by default. */
export const STORED_AGE_MS = 2_160_000_000;
