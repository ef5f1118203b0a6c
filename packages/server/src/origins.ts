import type { IncomingMessage } from 'node:http';
import type { AllowedOrigins } from './types.ts';

/**
 * Whether a page may connect. A browser sends cookies and can reach what its user can reach, whatever page asks it to:
 * without this check any page could speak as the user.
 * @throws what the app's function throws.
 */
export function isOriginAllowed(request: IncomingMessage, allowed: AllowedOrigins | undefined): boolean {
  const { origin, host } = request.headers;
  if (typeof allowed === 'function') return allowed(origin, request) === true; // A promise is no yes.
  // Only browsers send it, and they always do.
  if (allowed === '*' || origin === undefined) return true;
  if (allowed !== undefined) return allowed.includes(origin);
  return URL.canParse(origin) && new URL(origin).host === host?.toLowerCase();
}
