import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { EngineEnvironment } from './session/environment.ts';

/** The engine's outside, as Node has it. @param holds Whether a timer is a reason for the process to stay. Default true. */
export function nodeEnvironment(holds = true): EngineEnvironment {
  return {
    now: () => performance.now(),
    wallClock: () => Date.now(),
    randomId: () => randomBytes(16).toString('base64url'),
    setTimer(ms, run) {
      const timer = setTimeout(run, ms);
      if (!holds) timer.unref();
      return () => clearTimeout(timer);
    },
    // After the I/O of this turn and all that its promises led to: frames share a message, and nothing waits for long.
    defer: (run) => void setImmediate(run),
    hashIdentity: (identity) => createHash('sha256').update(identity).digest('base64url'),
    equalSecrets: (left, right) => timingSafeEqual(hash(left), hash(right)),
    createAbort: () => new AbortController(),
  };
}

/** Of equal length, whatever the texts are. */
function hash(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
