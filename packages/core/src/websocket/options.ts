import type { ConnectionEnvironment } from '../environment/ports.ts';
import { fullJitter } from '../machines/backoff.ts';
import type { ConnectionOptions } from '../machines/connection-state.ts';
import type { Ping } from '../machines/ping.ts';

type Answer<T> = T | (() => T | Promise<T>);

/**
 * Where to connect; a function is called at every attempt, and may be async. It is given the number of tries that have failed
 * since a connection last proved stable: 0 at first, and 1 after each loss.
 */
export type UrlSource = string | URL | ((tries: { readonly attempt: number }) => string | URL | Promise<string | URL>);
/** Subprotocols to offer; a function is called at every attempt, and may be async. */
export type ProtocolsSource = Answer<string | readonly string[] | null | undefined>;

/** Durations are milliseconds. */
export interface HoldfastWebSocketOptions {
  /**
   * Whether a lost connection is opened again. Default true. With false it behaves as the browser's own class, but for a
   * dead link, which `ping` finds: for libraries that reconnect by themselves.
   */
  readonly reconnect?: boolean;
  /**
   * The server's own ping, from `@holdfast/core/pings` or yours: only with it can a silent dead link be noticed, within
   * 20 s, and within 3 s of a hint. It costs a message every 4 to 15 s. Default: none.
   */
  readonly ping?: Ping;
  /** Failed attempts in a row after which it is CLOSED, until `reconnect()`. Default Infinity. */
  readonly maxRetries?: number;
  /** Longest delay before the first retry: each delay is drawn between 0 and its limit. At least 1 is taken. Default 300. */
  readonly minReconnectionDelay?: number;
  /** Most that the limit grows to. Default 6,000. */
  readonly maxReconnectionDelay?: number;
  /** Factor from one limit to the next; at least 1 is taken. Default 1.25. */
  readonly reconnectionDelayGrowFactor?: number;
  /** Longest time for an attempt: the url function and the handshake. Default 10,000. */
  readonly connectionTimeout?: number;
  /** How long a connection must live until the attempts are counted from 0 again. Default 5,000. */
  readonly minUptime?: number;
  /** Most messages that wait for a connection; one more throws QuotaExceededError. Default 10,000. */
  readonly maxEnqueuedMessages?: number;
  /** Most bytes that wait for a connection; more throw QuotaExceededError. Default 16 MiB. */
  readonly maxEnqueuedBytes?: number;
  /** Waits for `reconnect()` before it opens anything. Default false. */
  readonly startClosed?: boolean;
  /** The outside world, for tests and other hosts. Its functions are called without `this`. */
  readonly environment?: ConnectionEnvironment;
}

type NumberName =
  | 'maxRetries'
  | 'minReconnectionDelay'
  | 'maxReconnectionDelay'
  | 'reconnectionDelayGrowFactor'
  | 'connectionTimeout'
  | 'minUptime'
  | 'maxEnqueuedMessages'
  | 'maxEnqueuedBytes';

export type Numbers = { [Name in NumberName]: number };

const NUMBERS: Numbers = {
  maxRetries: Infinity,
  minReconnectionDelay: 300,
  maxReconnectionDelay: 6_000,
  reconnectionDelayGrowFactor: 1.25,
  connectionTimeout: 10_000,
  minUptime: 5_000,
  maxEnqueuedMessages: 10_000,
  maxEnqueuedBytes: 16_777_216,
};

/**
 * Every option that is a number, with its default.
 * @throws TypeError naming the option
 */
export function numbersOf(options: HoldfastWebSocketOptions): Numbers {
  const numbers = { ...NUMBERS };
  for (const name of Object.keys(NUMBERS) as NumberName[]) {
    const given: unknown = options[name] ?? NUMBERS[name];
    numbers[name] = given as number;
    if (typeof given !== 'number' || !(given >= 0)) throw new TypeError(`option ${name} must be a number from 0 up`);
  }
  return numbers;
}

/** What the connection machine is told. */
export function connectionOptions(numbers: Numbers, reconnect: boolean): ConnectionOptions {
  return {
    // No delay at all would be a loop.
    initialDelayMs: Math.max(1, numbers.minReconnectionDelay),
    maxDelayMs: Math.max(1, numbers.maxReconnectionDelay),
    factor: numbers.reconnectionDelayGrowFactor,
    backoff: fullJitter,
    stableAfterMs: numbers.minUptime,
    connectTimeoutMs: numbers.connectionTimeout,
    maxAttempts: reconnect ? numbers.maxRetries : 0,
    maxElapsedMs: Infinity,
    // The end of the retries is the app's matter: nothing tries again behind its back.
    coolDownMs: Infinity,
    // A plain server that closes with 1000 may mean 'idle for too long': who comes from other classes knows it so.
    policies: { SERVER_CLOSED: {} },
    canRace: reconnect,
    proofMs: 0,
  };
}
