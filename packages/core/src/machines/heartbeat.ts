/**
 * Is the peer alive? Both ends ask it: after `intervalMs` a ping goes out, and anything heard within `timeoutMs` answers.
 *
 * The deadline is waited out in four quarters, each a timer of its own that counts once however late it fires, and then
 * in a last short one. A page that was frozen or throttled, or a device that slept, gets one late timer and at least
 * one more, so that it hears the mail that waited before it judges; a clock that jumps changes nothing, since no clock
 * is read.
 */
export interface HeartbeatOptions {
  readonly intervalMs: number;
  readonly timeoutMs: number;
}

export type HeartbeatState =
  | { readonly name: 'quiet' }
  /** A ping is out; `quarters` of the deadline `timeoutMs` have passed in silence. */
  | { readonly name: 'probing'; readonly quarters: number; readonly timeoutMs: number };

export type HeartbeatEvent =
  /** The timer fired. `heard`: whether anything came from the peer since it was set. */
  | { readonly type: 'timer'; readonly heard: boolean }
  /** A hint that the link may be gone (wake-up, offline, online): ask at once, with a deadline of its own. */
  | { readonly type: 'hint'; readonly timeoutMs: number };

export type HeartbeatEffect =
  | { readonly type: 'ping' }
  | { readonly type: 'timer'; readonly ms: number }
  | { readonly type: 'dead' };

const QUARTERS = 4;
/** Long enough for a page that has just woken to be given what came meanwhile. */
const LAST_HEARING_MS = 100;

export const heartbeat = {
  start(options: HeartbeatOptions): readonly [HeartbeatState, readonly HeartbeatEffect[]] {
    return quiet(options);
  },

  transition(
    state: HeartbeatState,
    event: HeartbeatEvent,
    options: HeartbeatOptions,
  ): readonly [HeartbeatState, readonly HeartbeatEffect[]] {
    if (event.type === 'hint') {
      // A question with a deadline of its own never extends the one that runs, of which this much is left at least.
      const left = state.name === 'probing' ? (state.timeoutMs / QUARTERS) * (QUARTERS - 1 - state.quarters) : null;
      return left !== null && left < event.timeoutMs ? [state, []] : probe(event.timeoutMs);
    }
    if (state.name === 'quiet') return probe(options.timeoutMs);
    if (event.heard) return quiet(options);
    if (state.quarters === QUARTERS) return [{ name: 'quiet' }, [{ type: 'dead' }]];
    const quarters = state.quarters + 1;
    const ms = quarters === QUARTERS ? LAST_HEARING_MS : state.timeoutMs / QUARTERS;
    return [{ ...state, quarters }, [{ type: 'timer', ms }]];
  },
} as const;

function quiet(options: HeartbeatOptions): readonly [HeartbeatState, readonly HeartbeatEffect[]] {
  return [{ name: 'quiet' }, [{ type: 'timer', ms: options.intervalMs }]];
}

function probe(timeoutMs: number): readonly [HeartbeatState, readonly HeartbeatEffect[]] {
  return [{ name: 'probing', quarters: 0, timeoutMs }, [{ type: 'ping' }, { type: 'timer', ms: timeoutMs / QUARTERS }]];
}
