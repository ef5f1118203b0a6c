import { describe } from '@holdfast/core/protocol';
import { LONGEST_TIMER_MS } from '../session/limits.ts';
import type { WebSocketServerOptions } from './types.ts';

const NUMBERS = ['maxPayload', 'sessionTtlMs', 'maxBufferedBytes', 'maxSessions'] as const;
const FUNCTIONS = ['verifyClient', 'handleProtocols', 'authenticate', 'onEvent'] as const;

/**
 * Checks the options of `WebSocketServer`, once. What `ws` takes and has no meaning here is let through.
 * @throws TypeError that names the option
 */
export function checkServerOptions(options: WebSocketServerOptions): void {
  const { port, server, noServer } = options;
  const places = [typeof port === 'number', Boolean(server), noServer === true];
  if (places.filter(Boolean).length !== 1) {
    throw new TypeError('One and only one of the "port", "server", or "noServer" options must be specified');
  }
  for (const name of NUMBERS) {
    const value: unknown = options[name];
    const least = name === 'maxPayload' ? 0 : 1;
    const most = name === 'sessionTtlMs' ? LONGEST_TIMER_MS : Number.MAX_SAFE_INTEGER;
    const isLawful = Number.isSafeInteger(value) && (value as number) >= least && (value as number) <= most;
    if (value !== undefined && !isLawful)
      throw new TypeError(`option ${name} must be a whole number from ${least} to ${most}, not ${describe(value)}`);
  }
  for (const [name, value] of Object.entries(options.heartbeat ?? {})) {
    if (value !== undefined && !(Number.isSafeInteger(value) && value > 0 && value <= LONGEST_TIMER_MS))
      throw new TypeError(`option heartbeat.${name} must be a whole number of milliseconds, not ${describe(value)}`);
  }
  for (const name of FUNCTIONS) {
    const value: unknown = options[name];
    if (value !== undefined && value !== null && typeof value !== 'function')
      throw new TypeError(`option ${name} must be a function, not ${describe(value)}`);
  }
}
