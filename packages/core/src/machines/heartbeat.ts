/**
 * Is the peer alive? Both ends ask it: a ping goes out, and anything heard before the deadline answers.
 *
 * The deadline is waited out in parts, each a timer of its own that counts once however late it fires, with a ping each,
 * and then in a last short one. A page that was frozen or throttled, or a device that slept, gets one late timer and at
 * least one more, so that it hears the mail that waited before it judges; a clock that jumps changes nothing, since no
 * clock is read.
 */
export interface HeartbeatOptions {
  /** Longest pause between two pings. It is a quarter of that at first and after trouble, and doubles with every answer. */
  readonly intervalMs: number;
  /** Longest deadline; what was measured of the link makes it shorter. */
  readonly timeoutMs: number;
  /** An answer may take so long on any link. */
  readonly answerMs?: number | undefined;
}

/** What a client runs: the shorter of its own numbers and those that the server told; null: no heartbeat. */
export function agreed(own: HeartbeatOptions | null, told: HeartbeatOptions | null): HeartbeatOptions | null {
  return own === null || told === null
    ? null
    : {
        intervalMs: Math.min(own.intervalMs, told.intervalMs),
        timeoutMs: Math.min(own.timeoutMs, told.timeoutMs),
        answerMs: told.answerMs,
      };
}

/** What a heartbeat knows: plain data, replaced with every step. Durations are milliseconds. */
export interface HeartbeatState {
  /** Parts of the deadline that have passed in silence; null: nothing is asked. */
  readonly misses: number | null;
  /** Length of one part. */
  readonly partMs: number;
  /** Whether a first part in silence is told as `late`. */
  readonly tellsLate: boolean;
  readonly pauseMs: number;
  /** Of the round trip; null: not known. */
  readonly smoothedMs: number | null;
  readonly variationMs: number;
  /** Whether nothing was measured yet: what is known comes from the handshake. */
  readonly isGuess: boolean;
}

/** What a heartbeat is told. */
export type HeartbeatEvent =
  /** The timer fired. `heard`: whether anything came from the peer since it was set. */
  | { readonly type: 'timer'; readonly heard: boolean }
  /** A hint that the link may be gone (wake-up, offline, online, no answer): ask at once. */
  | { readonly type: 'hint'; readonly tellsLate: boolean }
  /** The newest ping was answered after `ms`. */
  | { readonly type: 'answered'; readonly ms: number };

/**
 * What is to be said: a `ping`; `late`: a ping, since the peer is silent for longer than a round trip takes; the peer is
 * `alive`; it is `dead`.
 */
export type HeartbeatWord = 'ping' | 'late' | 'alive' | 'dead';

/** The next state; the timer to set, milliseconds, 0: none; what is to be said. */
export type HeartbeatStep = readonly [state: HeartbeatState, timerMs: number, word: HeartbeatWord | null];

/** Pings that go unanswered before the peer counts as dead. */
const MISSES = 4;
/** Shortest part of a deadline: asked by the clock nobody is in a hurry. */
const PART_MS = 500;
export const HINTED_PART_MS = 250;
/** Long enough for a page that has just woken to be given what came meanwhile. */
const LAST_HEARING_MS = 100;

/**
 * Whether the peer is alive: a machine without a clock, which both ends run. Its steps say which timer to set and what
 * to send.
 */
export const heartbeat = {
  /**
   * `openMs` is how long the connection took to open, if that is known: no less than two round trips, so that the first
   * question on a slow link has the time that it needs.
   */
  start({ intervalMs }: HeartbeatOptions, openMs = 0): HeartbeatStep {
    const pauseMs = intervalMs / 4;
    const smoothedMs = openMs > 0 ? openMs / 2 : null;
    return [
      { misses: null, partMs: 0, tellsLate: false, pauseMs, smoothedMs, variationMs: openMs / 4, isGuess: true },
      pauseMs,
      null,
    ];
  },

  transition(state: HeartbeatState, event: HeartbeatEvent, options: HeartbeatOptions): HeartbeatStep {
    const { misses, partMs } = state;
    if (event.type === 'answered') return [measured(state, event.ms), 0, null];
    if (event.type === 'hint') {
      const asked = ask(state, HINTED_PART_MS, 1, event.tellsLate, options);
      // A question never extends one that runs, of which this much is left at least.
      const leftMs = misses === null ? Infinity : partMs * (MISSES - 1 - misses);
      return leftMs < asked[1] * MISSES ? [state, 0, null] : asked;
    }
    if (misses === null) return ask(state, PART_MS, 2, false, options);
    if (event.heard) {
      const pauseMs = misses > 0 ? options.intervalMs / 4 : Math.min(state.pauseMs * 2, options.intervalMs);
      return [{ ...state, misses: null, pauseMs }, pauseMs, 'alive'];
    }
    if (misses === MISSES) return [state, 0, 'dead'];
    const next = { ...state, misses: misses + 1 };
    if (next.misses === MISSES) return [next, LAST_HEARING_MS, null];
    return [next, partMs, misses === 0 && state.tellsLate ? 'late' : 'ping'];
  },
} as const;

/**
 * How long an answer may take, by the retransmission timer of RFC 6298 section 2: the smoothed round trip and four times
 * its variation. Null: nothing is known yet.
 */
export function answerWithinMs({ smoothedMs, variationMs }: HeartbeatState): number | null {
  return smoothedMs === null ? null : smoothedMs + 4 * variationMs;
}

function measured(state: HeartbeatState, ms: number): HeartbeatState {
  const { smoothedMs, variationMs } = state;
  // What is measured replaces a guess.
  if (state.isGuess || smoothedMs === null) return { ...state, smoothedMs: ms, variationMs: ms / 2, isGuess: false };
  return {
    ...state,
    smoothedMs: smoothedMs + (ms - smoothedMs) / 8,
    variationMs: variationMs + (Math.abs(smoothedMs - ms) - variationMs) / 4,
  };
}

/** `leastMs` and `roundTrips`: how long one part is at least. */
function ask(
  state: HeartbeatState,
  leastMs: number,
  roundTrips: number,
  tellsLate: boolean,
  { timeoutMs, answerMs = 0 }: HeartbeatOptions,
): HeartbeatStep {
  // By the clock nobody is in a hurry: what was not measured gets all the time there is.
  const withinMs = answerWithinMs(state) ?? (leastMs === PART_MS ? timeoutMs : 0);
  const partMs = Math.max(answerMs / MISSES, Math.min(timeoutMs / MISSES, Math.max(leastMs, roundTrips * withinMs)));
  return [{ ...state, misses: 0, partMs, tellsLate }, partMs, 'ping'];
}
