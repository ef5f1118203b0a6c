/** The longest delay of a timer, milliseconds: a 32-bit number holds no more, and above it a timer fires at once. */
export const LONGEST_TIMER_MS = 2_147_483_647;

/** Bounds of the engine. Everything that a client can make the server keep has one. */
export interface Limits {
  /** Bytes of one payload, of JSON in UTF-8. Default 262,144. Above it the connection is closed with 1009. */
  readonly messageBytes: number;
  /**
   * What one connection may have unacknowledged, over all its producers; each producer may always have one message in
   * flight. Default 2,048 messages (at most 10,000), 1,048,576 bytes. The refusals kept for a producer are bounded by
   * `messages`, too.
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
  /**
   * Messages a second that run for one session, with a burst of a second's worth. Those beyond wait their turn here, and so
   * does their sender, whose window is full: nothing is closed or lost. Default 250,000: no limit to speak of.
   */
  readonly messagesPerSecond: number;
  /**
   * All other frames a second of one connection (pings, acknowledgements, claims, tokens), with a burst of five seconds'
   * worth; above it the connection is closed with 4429. Default 2,000.
   */
  readonly framesPerSecond: number;
  /**
   * Connections at once: on this server; from one address (an IPv6 /64 counts as one); and before their welcome, where
   * the one that has been silent for longest makes room. Others are closed with 1013, or 4429 for the address, and
   * told when to come again. Behind a proxy all have its address, unless `clientAddress` says otherwise. Default
   * 100,000, 100,000 and 10,000.
   */
  readonly connections: { readonly total: number; readonly perAddress: number; readonly unwelcomed: number };
  /**
   * How often one client (of one identity) and one address may connect within a minute, with a burst of as many; above it
   * 4429, with the time at which there is room. Default 600 and 60,000.
   */
  readonly connectsPerMinute: { readonly perClient: number; readonly perAddress: number };
  /** Calls of `authenticate` at once; others wait, as long as `welcomeTimeoutMs` lets them. Default 1,000. */
  readonly authentications: number;
  /** How long one of them may take; then its `signal` aborts, and the connection is closed with 1013. Default 6,000. */
  readonly authenticateTimeoutMs: number;
  /** Producers listed by one connection and not finished. Default 256. Above it the connection is closed with 1008. */
  readonly producers: number;
  /**
   * Producers remembered for one identity, or for one client where there is no `authenticate`; past it the one idle for
   * longest is forgotten. Default 1,000.
   */
  readonly producersPerIdentity: number;
  /** And for all together, likewise. Default 1,000,000. */
  readonly producersTotal: number;
  /** An idle producer is remembered for at least this long, while the server runs. Default 2,592,000,000 (30 days). */
  readonly producerTtlMs: number;
  /** Sessions, connected or not; past it the one without a socket for longest ends, or the hello gets 1013. Default 10,000. */
  readonly sessions: number;
  /**
   * And of one identity, or of one client where there is no `authenticate`; past it the oldest without a socket ends, or
   * the hello gets 4429. Default 1,000.
   */
  readonly sessionsPerIdentity: number;
  /** How long a session outlives its socket. Default 120,000. */
  readonly sessionTtlMs: number;
  /** How long a socket may live without a hello; then 4408. Default 5,000. */
  readonly helloTimeoutMs: number;
  /** How long authentication and a running handler may keep a hello from its welcome; then 1013. Default 8,000: below the client's 10,000. */
  readonly welcomeTimeoutMs: number;
  /**
   * How long before its token ends a client is asked for a fresh one; of a shorter life the second half. At most
   * 3,600,000. Default 30,000.
   */
  readonly reauthMs: number;
  /** How long the closing handshake may take before the socket is dropped. Default 2,000. */
  readonly closeTimeoutMs: number;
  /**
   * How long a handler may take for one message. Then its `signal` aborts; a message whose handler does not end within a
   * second from there is refused with HANDLER_FAILED and the next one runs, though the handler may still go on by
   * itself: let it heed its signal. With `positions` it can't commit any more. Default 300,000.
   */
  readonly handlerTimeoutMs: number;
  /** How often a handler that throws gets the message again before it is refused with HANDLER_FAILED. Default 2. */
  readonly handlerRetries: number;
  /** Wait before the first of these, doubled for each next one. Default 100. */
  readonly handlerRetryDelayMs: number;
  /** Bytes that a slow client may leave in its socket's buffer before the socket is dropped. Default 4,194,304. */
  readonly bufferedBytes: number;
}

export const DEFAULT_LIMITS: Limits = {
  messageBytes: 262_144,
  window: { messages: 2_048, bytes: 1_048_576 },
  replay: { messages: 1_000, bytes: 1_048_576, ageMs: 3_600_000 },
  concurrentHandlers: { total: 1_000, perIdentity: 250 },
  userQueue: { messages: 1_000, bytes: 1_048_576, totalBytes: 268_435_456, ttlMs: 604_800_000 },
  messagesPerSecond: 250_000,
  framesPerSecond: 2_000,
  connections: { total: 100_000, perAddress: 100_000, unwelcomed: 10_000 },
  connectsPerMinute: { perClient: 600, perAddress: 60_000 },
  authentications: 1_000,
  authenticateTimeoutMs: 6_000,
  producers: 256,
  producersPerIdentity: 1_000,
  producersTotal: 1_000_000,
  producerTtlMs: 2_592_000_000,
  sessions: 10_000,
  sessionsPerIdentity: 1_000,
  sessionTtlMs: 120_000,
  helloTimeoutMs: 5_000,
  welcomeTimeoutMs: 8_000,
  reauthMs: 30_000,
  closeTimeoutMs: 2_000,
  handlerTimeoutMs: 300_000,
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
