/**
 * Is the peer alive? Both ends ask it: after `intervalMs` a ping goes out, and anything heard within `timeoutMs` answers.
 *
 * The deadline is waited out in four quarters, each a timer of its own that counts once however late it fires. A page
 * that was frozen or throttled, or a device that slept, gets one late timer, so that it hears the mail that waited
 * before it judges; a clock that jumps changes nothing, since no clock is read.
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
      // A shorter question does not extend a deadline that is already running.
      return state.name === 'probing' && state.timeoutMs <= event.timeoutMs ? [state, []] : probe(event.timeoutMs);
    }
    if (state.name === 'quiet') return probe(options.timeoutMs);
    if (event.heard) return quiet(options);
    const quarters = state.quarters + 1;
    if (quarters === QUARTERS) return [{ name: 'quiet' }, [{ type: 'dead' }]];
    return [{ ...state, quarters }, [{ type: 'timer', ms: state.timeoutMs / QUARTERS }]];
  },
} as const;

function quiet(options: HeartbeatOptions): readonly [HeartbeatState, readonly HeartbeatEffect[]] {
  return [{ name: 'quiet' }, [{ type: 'timer', ms: options.intervalMs }]];
}

function probe(timeoutMs: number): readonly [HeartbeatState, readonly HeartbeatEffect[]] {
  return [{ name: 'probing', quarters: 0, timeoutMs }, [{ type: 'ping' }, { type: 'timer', ms: timeoutMs / QUARTERS }]];
}
