import type { Failure } from '../lib/errors.ts';
import { AUTH_PREFIX } from '../protocol/frames.ts';
import type { Target } from '../runtime/link.ts';

/**
 * Asks the app where to connect, and with which token, both at the same time. `isOffered`: the token is a subprotocol, for
 * who has to know it before the upgrade. Never rejects.
 */
export async function findTarget(
  url: () => string | URL | Promise<string | URL>,
  auth: (() => string | Promise<string>) | null,
  protocols: readonly string[],
  isOffered = false,
): Promise<Target | { readonly failure: Failure }> {
  const [where, token] = await Promise.all([
    ask('URL_FAILED', 'url', async () => webSocketUrl(await url())),
    auth === null ? { answer: null } : askToken(auth, isOffered ? offer : undefined),
  ]);
  if ('failure' in where) return where;
  if ('failure' in token) return token;
  const [hello, offered] =
    isOffered && token.answer !== null ? [null, [...protocols, token.answer]] : [token.answer, protocols];
  return { url: where.answer, token: hello, protocols: offered };
}

/** Asks the app for a token. Never rejects. */
export function askToken(
  auth: () => string | Promise<string>,
  shape: (token: string) => string = (token) => token,
): Promise<{ readonly answer: string } | { readonly failure: Failure }> {
  return ask('TOKEN_FAILED', 'auth', async () => {
    const token: unknown = await auth();
    if (typeof token !== 'string') throw new TypeError(`auth must give a string, not ${typeof token}`);
    return shape(token);
  });
}

/** What a header can carry of any token: a URI component, whose parentheses a subprotocol can't have. */
function offer(token: string): string {
  return AUTH_PREFIX + encodeURIComponent(token).replace(/[()]/g, (mark) => (mark === '(' ? '%28' : '%29'));
}

async function ask<T>(
  code: 'URL_FAILED' | 'TOKEN_FAILED',
  option: string,
  run: () => Promise<T>,
): Promise<{ readonly answer: T } | { readonly failure: Failure }> {
  try {
    return { answer: await run() };
  } catch (cause) {
    // The cause may quote a URL or a token: it is passed on, never put into words that are logged.
    return { failure: { code, message: `the option ${option} failed: see the cause`, cause } };
  }
}

/** Whether it may be one. A relative URL is judged against any base: the page's own may be missing on a server. */
export function isUrl(given: unknown): boolean {
  if (typeof given !== 'string' && !(given instanceof URL)) return false;
  try {
    return ['ws:', 'wss:', 'http:', 'https:'].includes(new URL(given, 'http://localhost').protocol);
  } catch {
    return false;
  }
}

/** A WebSocket URL as text; `http:` and `https:` stand for `ws:` and `wss:`, as in the WHATWG standard. */
export function webSocketUrl(given: string | URL): string {
  const url = new URL(given, globalThis.location?.href);
  if (url.protocol === 'http:') url.protocol = 'ws:';
  if (url.protocol === 'https:') url.protocol = 'wss:';
  if (url.protocol !== 'ws:' && url.protocol !== 'wss:') {
    throw new TypeError(`url must start with ws: or wss:, not ${url.protocol}`);
  }
  url.hash = '';
  return url.href;
}
