import type { SessionEnvironment } from '../environment/ports.ts';
import { describe } from '../lib/describe.ts';
import { fullJitter } from '../machines/backoff.ts';
import type { ConnectionOptions } from '../machines/connection-state.ts';
import type { HeartbeatOptions } from '../machines/heartbeat.ts';

/** Durations are milliseconds. */
export interface ResumableWebSocketOptions {
  /**
   * Gives the token for the server's `authenticate`, asked at every connection, the first one included. Where it throws,
   * the attempt has failed. Default: none.
   */
  readonly auth?: () => string | Promise<string>;
  /** How a connection is made again, as in `createSocket`. */
  readonly reconnect?: {
    /** Longest delay before the first try: each delay is drawn between 0 and its limit. Default 300. */
    readonly initialDelayMs?: number;
    /** From one limit to the next. Default 1.25. */
    readonly factor?: number;
    /** Most that the limit grows to. Default 6,000. */
    readonly maxDelayMs?: number;
    /** How long each step of a connect may take. Default 10,000. */
    readonly connectTimeoutMs?: number;
    /** After so long a connection counts as stable, and the delays begin anew. Default 5,000. */
    readonly stableAfterMs?: number;
  };
  /** How the link is watched. The shorter of these and the server's own numbers hold. */
  readonly heartbeat?: {
    /** Longest pause between two pings. Default 15,000. */
    readonly intervalMs?: number;
    /** Longest wait for an answer. Default 5,000. */
    readonly timeoutMs?: number;
  };
  /**
   * Most bytes that are kept until the server has them, whether they have left this page or not. Past it the session
   * fails: `error`, and `close` with 1006. Watch `bufferedAmount` to stay below. Default 16 MiB.
   */
  readonly maxBufferedBytes?: number;
  /** The outside world, for tests and other hosts. Its functions are called without `this`. */
  readonly environment?: SessionEnvironment;
}

export interface CheckedOptions {
  readonly auth: (() => string | Promise<string>) | null;
  readonly connection: Omit<ConnectionOptions, 'decide'>;
  readonly heartbeat: HeartbeatOptions;
  readonly maxBufferedBytes: number;
}

const RECONNECT = {
  initialDelayMs: 300,
  factor: 1.25,
  maxDelayMs: 6_000,
  connectTimeoutMs: 10_000,
  stableAfterMs: 5_000,
};
const HEARTBEAT = { intervalMs: 15_000, timeoutMs: 5_000 };
const SIZES = { maxBufferedBytes: 16_777_216 };
const NAMES = ['auth', 'reconnect', 'heartbeat', 'maxBufferedBytes', 'environment'];
/** A server that turns a connection away closes it with the handshake, or a packet later. */
const PROOF_MS = 100;

/**
 * Every option checked, with its default.
 * @throws TypeError naming the option
 */
export function checkOptions(options: ResumableWebSocketOptions): CheckedOptions {
  const { auth, reconnect, heartbeat, maxBufferedBytes } = options;
  for (const name of Object.keys(options)) if (!NAMES.includes(name)) throw wrong(name, 'left out: it is no option');
  if (auth !== undefined && typeof auth !== 'function') throw wrong('auth', 'a function', auth);
  return {
    auth: auth ?? null,
    connection: {
      ...numbers('reconnect.', reconnect, RECONNECT),
      backoff: fullJitter,
      maxAttempts: Infinity,
      maxElapsedMs: Infinity,
      coolDownMs: Infinity,
      policies: {},
      hiddenPauses: 2,
      proofMs: PROOF_MS,
      canRace: true,
    },
    heartbeat: numbers('heartbeat.', heartbeat, HEARTBEAT),
    ...numbers('', { maxBufferedBytes }, SIZES),
  };
}

function numbers<Shape extends { readonly [name: string]: number }>(
  prefix: string,
  given: { readonly [Name in keyof Shape]?: number | undefined } = {},
  defaults: Shape,
): Shape {
  if (Object(given) !== given) throw wrong(prefix.slice(0, -1), 'an object', given);
  const checked: { [name: string]: number } = { ...defaults };
  for (const [name, value] of Object.entries(given as { readonly [name: string]: unknown })) {
    if (!Object.hasOwn(defaults, name)) throw wrong(prefix + name, 'left out: it is no option');
    if (value === undefined) continue;
    if (typeof value !== 'number' || !(value > 0)) throw wrong(prefix + name, 'a number above 0', value);
    checked[name] = value;
  }
  return checked as Shape;
}

function wrong(option: string, shape: string, ...given: readonly unknown[]): TypeError {
  const what = given.length === 0 ? '' : `, not ${describe(given[0])}`;
  return new TypeError(`option ${option} must be ${shape}${what}`);
}
