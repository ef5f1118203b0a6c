import type { Environment } from '../environment/ports.ts';
import type { RetryContext } from '../machines/connection-state.ts';
import { fill, type Field } from './fields.ts';

/** How many retries there may be, and in which time. */
export interface RetryBudgetOptions {
  /** Retries at once before any of them waits longer: a whole number from 1. */
  readonly tries: number;
  /** The time in which as many become free again, milliseconds. */
  readonly perMs: number;
  /** The clock; the browser's by default. */
  readonly environment?: Pick<Environment, 'now'>;
}

const OPTIONS = {
  tries: [
    undefined,
    (value) => Number.isInteger(value) && (value as number) > 0,
    'a whole number from 1',
  ] as Field<number>,
  perMs: [
    undefined,
    (value) => typeof value === 'number' && value > 0 && value < Infinity,
    'a number above 0, and no Infinity',
  ] as Field<number>,
  environment: [
    null,
    (value) => typeof (value as RetryBudgetOptions['environment'])?.now === 'function',
    'an Environment',
  ] as Field<Pick<Environment, 'now'> | null>,
};

/**
 * A budget of retries that sockets share: a token bucket. It gives each socket a function of its own for `reconnect.decide`. A
 * retry that finds the bucket empty waits longer, by as long as it takes until there is a token for it, behind those that wait
 * already; what follows from the server, the policies and the limits stays, and an end after which there would be no retry has
 * none. It never stops a retry by itself; `maxElapsedMs` counts the wait like any other. Connections that the app, the browser
 * or the network ask for take no token. A socket that is closed while it waits keeps its place.
 *
 * An app with a `decide` of its own calls it there: `(context) => mine(context) ?? its(context)`, where `its` is from `budget()`.
 *
 * @returns makes the function for one socket
 * @throws HoldfastError INVALID_OPTION
 *
 * @example
 * const budget = retryBudget({ tries: 10, perMs: 10_000 });
 * const sockets = urls.map((url) => createSocket({ url, reconnect: { decide: budget() } }));
 */
export function retryBudget(options: RetryBudgetOptions): () => (context: RetryContext) => number | undefined {
  const { tries, perMs, environment } = fill('retryBudget', options, OPTIONS);
  const tokenMs = perMs / tries;
  let tokens = tries;
  let filledAt: number | null = null;
  return () => {
    /** When this socket's retry is due. */
    let dueAt = -Infinity;
    return ({ delayMs }) => {
      if (delayMs === null) return undefined;
      const now = environment?.now() ?? performance.now();
      tokens = Math.min(tries, tokens + Math.max(0, now - (filledAt ?? now)) / tokenMs);
      filledAt = now;
      // A hint or the app has made it try before its time. Its place is free again: else a hint that comes often would make the
      // line longer than there are sockets in it.
      if (now < dueAt) tokens += 1;
      tokens -= 1;
      const waitMs = Math.max(0, -tokens * tokenMs);
      dueAt = now + delayMs + waitMs;
      return waitMs === 0 ? undefined : delayMs + waitMs;
    };
  };
}
