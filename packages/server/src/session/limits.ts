/** Bounds of the engine. Everything that a client can make the server keep has one. */
export interface Limits {
  /** Bytes of one payload, of JSON in UTF-8. Default 262,144. Above it the connection is closed with 1009. */
  readonly messageBytes: number;
  /**
   * What one connection may have unacknowledged, over all its producers; each producer may always have one message in
   * flight. Default 256 messages, 1,048,576 bytes. The refusals kept for a producer are bounded by `messages`, too.
   */
  readonly window: { readonly messages: number; readonly bytes: number };
  /**
   * Server messages kept for a session until its client has them, and for how long; past it the oldest are dropped, and
   * the client is told which and why. Default 1,000 messages, 1,048,576 bytes, a character of JSON counted as the two
   * bytes that it costs at most, and an `ageMs` of 3,600,000: a session without a socket ends long before, by `sessionTtlMs`.
   */
  readonly replay: { readonly messages: number; readonly bytes: number; readonly ageMs: number };
  /**
   * Handlers that run at once: on this server, and for one identity (where there is `authenticate`: without it everybody
   * is one). Who comes later waits; turns go round, one message a turn, so that a producer with many messages delays
   * nobody by more than one of them. A message between two tries of its handler keeps its turn, and so does a handler that never settles. Default 1,000 and 250.
   */
  readonly concurrentHandlers: { readonly total: number; readonly perIdentity: number };
  /**
   * What `sendTo` keeps for a user until a session has acknowledged it: messages, bytes (a character counted as two),
   * bytes of all users together, and how long at most. What comes when there is no room is dropped and told as such. As
   * many ids as messages are remembered. Default 1,000, 1,048,576, 268,435,456 and 604,800,000 (7 days).
   */
  readonly userQueue: {
    readonly messages: number;
    readonly bytes: number;
    readonly totalBytes: number;
    readonly ttlMs: number;
  };
  /** Producers listed by one connection and not finished. Default 256. Above it the connection is closed with 1008. */
  readonly producers: number;
  /** Producers remembered for one identity; past it the one idle for longest is forgotten. Default 1,000. */
  readonly producersPerIdentity: number;
  /** An idle producer is remembered for at least this long, while the server runs. Default 2,592,000,000 (30 days). */
  readonly producerTtlMs: number;
  /** Sessions, connected or not; past it the one without a socket for longest ends, or the hello gets 1013. Default 10,000. */
  readonly sessions: number;
  /** How long a session outlives its socket. Default 120,000. */
  readonly sessionTtlMs: number;
  /** How long a socket may live without a hello; then 4408. Default 5,000. */
  readonly helloTimeoutMs: number;
  /** How long authentication and a running handler may keep a hello from its welcome; then 1013. Default 8,000: below the client's 10,000. */
  readonly welcomeTimeoutMs: number;
  /** How long the closing handshake may take before the socket is dropped. Default 2,000. */
  readonly closeTimeoutMs: number;
  /** How often a handler that throws gets the message again before it is refused with HANDLER_FAILED. Default 2. */
  readonly handlerRetries: number;
  /** Wait before the first of these, doubled for each next one. Default 100. */
  readonly handlerRetryDelayMs: number;
  /** Bytes that a slow client may leave in its socket's buffer before the socket is dropped. Default 4,194,304. */
  readonly bufferedBytes: number;
}

export const DEFAULT_LIMITS: Limits = {
  messageBytes: 262_144,
  window: { messages: 256, bytes: 1_048_576 },
  replay: { messages: 1_000, bytes: 1_048_576, ageMs: 3_600_000 },
  concurrentHandlers: { total: 1_000, perIdentity: 250 },
  userQueue: { messages: 1_000, bytes: 1_048_576, totalBytes: 268_435_456, ttlMs: 604_800_000 },
  producers: 256,
  producersPerIdentity: 1_000,
  producerTtlMs: 2_592_000_000,
  sessions: 10_000,
  sessionTtlMs: 120_000,
  helloTimeoutMs: 5_000,
  welcomeTimeoutMs: 8_000,
  closeTimeoutMs: 2_000,
  handlerRetries: 2,
  handlerRetryDelayMs: 100,
  bufferedBytes: 4_194_304,
};

/** A ping goes out every `intervalMs` (default 15,000); silence for `timeoutMs` after it (default 5,000) closes with 4408. */
export interface HeartbeatLimits {
  readonly intervalMs: number;
  readonly timeoutMs: number;
}

export const DEFAULT_HEARTBEAT: HeartbeatLimits = { intervalMs: 15_000, timeoutMs: 5_000 };
