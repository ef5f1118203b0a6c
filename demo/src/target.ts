import type { LaneName } from './messages.ts';

/** Which server the page talks to. */
export interface Target {
  /** Its address as a person would write it; null: the one that the page came from. */
  readonly elsewhere: string | null;
  /** What is wrong with the address that was asked for; the page's own server is taken then. */
  readonly problem: string | null;
  readonly socket: URL;
  readonly live: URL;
  readonly lanes: { readonly [lane in Exclude<LaneName, 'holdfast'>]: URL };
}

/** Reads `?server=wss://…` from the page's address. */
export function readTarget(page: URL): Target {
  const asked = page.searchParams.get('server');
  const base = asked === null ? null : parse(asked);
  const root = base ?? new URL('.', page);
  const at = (path: string): URL => {
    const url = new URL(path, root);
    url.protocol = root.protocol.replace(/^http/, 'ws');
    return url;
  };
  return {
    elsewhere: base?.href ?? null,
    problem: asked !== null && base === null ? 'The server in this page’s address is no ws:// or wss:// URL.' : null,
    socket: at('socket'),
    live: at('live'),
    lanes: { reconnecting: at('lanes/reconnecting'), plain: at('lanes/plain') },
  };
}

function parse(text: string): URL | null {
  if (!URL.canParse(text)) return null;
  const url = new URL(text);
  if (!['ws:', 'wss:', 'http:', 'https:'].includes(url.protocol)) return null;
  // A path is a folder, whether it ends in a slash or not.
  return new URL(url.pathname.endsWith('/') ? '.' : `${url.pathname}/`, url);
}
