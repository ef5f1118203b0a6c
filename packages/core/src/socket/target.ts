import type { Failure } from '../lib/errors.ts';
import type { Target } from '../runtime/link.ts';

/** Asks the app where to connect, and with which token, both at the same time. Never rejects. */
export async function findTarget(
  url: () => string | URL | Promise<string | URL>,
  auth: (() => string | Promise<string>) | null,
  protocols: readonly string[],
): Promise<Target | { readonly failure: Failure }> {
  const [where, token] = await Promise.all([
    ask('URL_FAILED', 'url', async () => webSocketUrl(await url())),
    ask('TOKEN_FAILED', 'auth', async () => (auth === null ? null : checkToken(await auth()))),
  ]);
  if ('failure' in where) return where;
  return 'failure' in token ? token : { url: where.answer, token: token.answer, protocols };
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
    return { failure: { code, message: `the ${option} function failed`, cause } };
  }
}

/** A WebSocket URL as text; `http:` and `https:` stand for `ws:` and `wss:`, as in the WHATWG standard. */
export function webSocketUrl(given: string | URL): string {
  const url = new URL(given, typeof location === 'undefined' ? undefined : location.href);
  if (url.protocol === 'http:') url.protocol = 'ws:';
  if (url.protocol === 'https:') url.protocol = 'wss:';
  if (url.protocol !== 'ws:' && url.protocol !== 'wss:') {
    throw new TypeError(`a WebSocket URL starts with ws: or wss:, not ${url.protocol}`);
  }
  url.hash = '';
  return url.href;
}

function checkToken(given: unknown): string {
  if (typeof given !== 'string') throw new TypeError(`a token is a string, not ${typeof given}`);
  return given;
}
