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

export interface HeartbeatState {
  /** Parts of the deadline that have passed in silence; null: nothing is asked. */
  readonly misses: number | null;
  /** Length of one part. */
  readonly partMs: number;
  /** Whether a first part in silence is told as `late`. */
  readonly tellsLate: boolean;
  readonly pauseMs: number;
  readonly roundTrip: RoundTrip | null;
}

interface RoundTrip {
  readonly smoothedMs: number;
  readonly variationMs: number;
  /** Only the handshake's time is known yet. */
  readonly isGuess: boolean;
}

export type HeartbeatEvent =
  /** The timer fired. `heard`: whether anything came from the peer since it was set. */
  | { readonly type: 'timer'; readonly heard: boolean }
  /** A hint that the link may be gone (wake-up, offline, online, no answer): ask at once. */
  | { readonly type: 'hint'; readonly tellsLate: boolean }
  /** The newest ping was answered after `ms`. */
  | { readonly type: 'answered'; readonly ms: number };

export type HeartbeatEffect =
  | { readonly type: 'ping' }
  | { readonly type: 'timer'; readonly ms: number }
  /** The peer is silent for longer than a round trip takes. */
  | { readonly type: 'late' }
  | { readonly type: 'alive' }
  | { readonly type: 'dead' };

export type HeartbeatStep = readonly [HeartbeatState, readonly HeartbeatEffect[]];

/** Pings that go unanswered before the peer counts as dead. */
const MISSES = 4;
/** Shortest part of a deadline: asked by the clock nobody is in a hurry. */
const PART_MS = 500;
export const HINTED_PART_MS = 250;
/** Long enough for a page that has just woken to be given what came meanwhile. */
const LAST_HEARING_MS = 100;

export const heartbeat = {
  /**
   * Null: there is no ping, and nothing is ever asked. `openMs` is how long the connection took to open, if that is
   * known: no less than two round trips, so that the first question on a slow link has the time that it needs.
   */
  start(options: HeartbeatOptions | null, openMs = 0): HeartbeatStep {
    const roundTrip = openMs > 0 ? estimate(null, openMs / 2, true) : null;
    const state = { misses: null, partMs: 0, tellsLate: false, pauseMs: 0, roundTrip };
    return options === null ? [state, []] : quiet(state, options.intervalMs / 4);
  },

  transition(state: HeartbeatState, event: HeartbeatEvent, options: HeartbeatOptions): HeartbeatStep {
    const { misses, partMs, pauseMs } = state;
    if (event.type === 'answered') return [{ ...state, roundTrip: estimate(state.roundTrip, event.ms) }, []];
    if (event.type === 'hint') {
      const asked = ask(state, HINTED_PART_MS, 1, event.tellsLate, options);
      // A question never extends one that runs, of which this much is left at least.
      const leftMs = misses === null ? Number.POSITIVE_INFINITY : partMs * (MISSES - 1 - misses);
      return leftMs < asked[0].partMs * MISSES ? [state, []] : asked;
    }
    if (misses === null) return ask(state, PART_MS, 2, false, options);
    if (event.heard) {
      const [next, effects] = quiet(
        state,
        misses > 0 ? options.intervalMs / 4 : Math.min(pauseMs * 2, options.intervalMs),
      );
      return [next, [...effects, { type: 'alive' }]];
    }
    if (misses === MISSES) return [state, [{ type: 'dead' }]];
    const effects: HeartbeatEffect[] =
      misses + 1 === MISSES
        ? [{ type: 'timer', ms: LAST_HEARING_MS }]
        : [{ type: 'ping' }, { type: 'timer', ms: partMs }];
    if (misses === 0 && state.tellsLate) effects.push({ type: 'late' });
    return [{ ...state, misses: misses + 1 }, effects];
  },
} as const;

/**
 * How long an answer may take, by the retransmission timer of RFC 6298 section 2: the smoothed round trip and four times
 * its variation. Null: nothing was measured yet.
 */
export function answerWithinMs({ roundTrip }: HeartbeatState): number | null {
  return roundTrip === null ? null : roundTrip.smoothedMs + 4 * roundTrip.variationMs;
}

function estimate(known: RoundTrip | null, ms: number, isGuess = false): RoundTrip {
  if (known === null || known.isGuess) return { smoothedMs: ms, variationMs: ms / 2, isGuess };
  return {
    smoothedMs: known.smoothedMs + (ms - known.smoothedMs) / 8,
    variationMs: known.variationMs + (Math.abs(known.smoothedMs - ms) - known.variationMs) / 4,
    isGuess,
  };
}

function quiet(state: HeartbeatState, pauseMs: number): HeartbeatStep {
  return [{ ...state, misses: null, pauseMs }, [{ type: 'timer', ms: pauseMs }]];
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
  return [{ ...state, misses: 0, partMs, tellsLate }, [{ type: 'ping' }, { type: 'timer', ms: partMs }]];
}
